"""``spectral``: the level of each octave in a few stretches of time. Tiny and quick, without torchaudio; for tests."""

from __future__ import annotations

from itertools import pairwise

import torch

from paragone.execution import Execution
from paragone.spec import SampleSpec

from ..sound import rate_of
from .waves import waves_of

OCTAVES, STRETCHES = 6, 4
FLOOR_DB = -80.0
MIDDLE_DB, SCALE_DB = -50.0, 20.0
"""Subtracted and divided by, so that features are near 0 and their variance is near 1."""


class Octaves:
    """Satisfies :class:`paragone.evaluation.features.FeatureExtractor`.

    The power of each of the six highest octaves up to half the rate, the lowest with all that is
    below it, in the first 1/8 of a sound, the next 1/8, the next 1/4 and the rest; in decibels.

    Args:
        spec: of a sound.

    Raises:
        ValueError: if ``spec`` is not that of a sound.
    """

    identity = "spectral/1"
    size = OCTAVES * STRETCHES

    def __init__(self, spec: SampleSpec) -> None:
        rate_of(spec)
        self._spec = spec

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, 1, L)`` in [-1, 1] → ``(B, 24)`` float32 on the CPU.

        Raises:
            ValueError: if the shape is wrong.
        """
        waves = waves_of(samples, self._spec)
        length = waves.shape[1]
        features = torch.empty(len(waves), self.size)
        if not len(waves):
            return features  # transforms of nothing are refused
        edges = [length * eighths // 8 for eighths in (0, 1, 2, 4, 8)]
        for place, (start, end) in enumerate(pairwise(edges)):
            power = torch.fft.rfft(waves[:, start:end]).abs().square() * (2 / (end - start) ** 2)  # sums up to the mean square
            octaves = [0, *(power.shape[1] * 2**octave // 2**OCTAVES for octave in range(1, OCTAVES + 1))]
            for octave, (low, high) in enumerate(pairwise(octaves)):
                level = 10 * power[:, low:high].sum(1).clamp_min(10 ** (FLOOR_DB / 10)).log10()
                features[:, place * OCTAVES + octave] = (level - MIDDLE_DB) / SCALE_DB
        return features


def build(spec: SampleSpec, execution: Execution) -> Octaves:
    """See :class:`Octaves`; ``execution`` is not needed."""
    return Octaves(spec)
