"""What a sample of sound is, read from and written into its description."""

from __future__ import annotations

from typing import Literal

from paragone.spec import Axis, SampleSpec

Level = Literal["peak", "keep"]

MULTIPLE = 1024
"""A sound's length is a multiple of this many samples: networks grow it by factors of 4."""

PEAK = 10 ** (-1 / 20)
"""-1 dBFS: how loud the loudest sample is, where sounds are brought to one level."""

ONSET_SECONDS = 0.004
"""Where in a sound its onset lies; what is before is kept, so that an attack is not cut."""


def spec_of(length: int, rate: int, loop: bool = False, level: Level = "peak") -> SampleSpec:
    """The description of mono sounds: ``(1, length)`` float32 in [-1, 1].

    Args:
        length: samples, a multiple of :data:`MULTIPLE`.
        rate: samples a second.
        loop: whether the end runs into the beginning.
        level: ``"peak"`` where every sound's loudest sample is at :data:`PEAK`.
    """
    axes = (Axis("channels", 1, "channels"), Axis("time", length, "samples", rate_hz=float(rate)))
    return SampleSpec(axes, traits={"loop": "true" if loop else "false", "level": level})


def rate_of(spec: SampleSpec) -> int:
    """Samples a second.

    Raises:
        ValueError: if ``spec`` is not that of a sound.
    """
    if len(spec.shape) != 2 or spec.shape[0] != 1 or not spec.axes[1].rate_hz:
        raise ValueError(f"expected the spec of a sound (1 channel, samples at a rate), got {spec}")
    return round(spec.axes[1].rate_hz)


def is_loop(spec: SampleSpec) -> bool:
    """Whether the end of a sample runs into its beginning."""
    return spec.traits.get("loop") == "true"


def is_levelled(spec: SampleSpec) -> bool:
    """Whether the loudest sample of every sound is at :data:`PEAK`."""
    return spec.traits.get("level") == "peak"
