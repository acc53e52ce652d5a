"""Settings of sounds: how they are read, and how they are written. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paragone.errors import UsageError
from paragone.options import setting

LEAST_RATE = 1000
"""Hertz; what has a lower sample rate is no sound: nothing but infrasound would be left of it."""


@dataclass(frozen=True)
class AudioData:
    """``[data]``: from files to waveforms.

    Raises:
        UsageError: if ``rate`` is too low for sound.
    """

    rate: int = setting(0, "Sample rate in Hz; 0: that of most of the files, at most 48000.", minimum=0, maximum=192_000, metavar="HZ")
    seconds: float = setting(
        0.0,
        "Length of every sound; 0: nine in ten fade out within it (loops: that of most files), 0.3 to 4 s; a single file: pieces of 1 s.",
        minimum=0.0,
        maximum=60.0,
    )
    loop: bool = setting(False, "Learn loops: the end of each runs into its beginning, without a click.")
    longer: Literal["auto", "cut", "windows"] = setting(
        "auto",
        "What becomes of a longer file; cut: its beginning is kept; windows: it becomes several; auto: windows from twice the length on.",
    )
    level: Literal["peak", "keep"] = setting("peak", "peak: each sound is normalised to -1 dBFS; keep: it stays as loud as it is.")
    max_bad: float = setting(
        0.1, "Share of unreadable files that is still tolerated; they are skipped, and the first of them named.", minimum=0.0, maximum=1.0
    )

    def __post_init__(self) -> None:
        if 0 < self.rate < LEAST_RATE:
            raise UsageError(f"{self.rate} Hz is no sample rate of sounds", where="data.rate", fix=f"Give {LEAST_RATE:,} to 192,000, or 0.")


@dataclass(frozen=True)
class AudioSample:
    """How sounds are written."""

    format: Literal["wav", "flac", "ogg"] = setting("wav", "Kind of file: wav and flac have 24 bits, ogg is smaller.")
    kit: str = setting(
        "",
        "Make a kit for samplers: FILE.sfz, and beside it a Hydrogen kit and the sounds; --count is then of each label, 4 if not given.",
        metavar="FILE",
    )
