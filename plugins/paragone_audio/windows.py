"""Which parts of a sound are learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .onsets import BEFORE, FADED, Outline, onsets
from .shaping import SILENT

_STEADY = 3
"""Decibels: what falls less in a quarter of a second or more is no tail."""

_FALLS = 12
"""Decibels from the first third of a sound to its last: one that falls as much and begins once is one sound that dies away."""


@dataclass(frozen=True)
class Window:
    """A part of a sound.

    Attributes:
        start: hop of the outline.
        onset: whether something begins in that hop.
    """

    start: int
    onset: bool


def whole(outline: Outline) -> list[Window]:
    """The sound from where it begins."""
    return [Window(int(outline.louder(FADED)[0]), True)]


def one_after_another(outline: Outline, seconds: float) -> list[Window]:
    """Windows that do not overlap, each from an onset on where there is one; what is 40 dB below the peak begins none."""
    size = max(1, round(seconds * outline.rate / outline.hop))
    starts, heard = onsets(outline.levels), outline.louder(FADED)
    found: list[Window] = []
    place = 0
    while (sound := int(np.searchsorted(heard, place))) < len(heard):
        place = max(place, int(heard[sound]))
        rising = int(np.searchsorted(starts, place))
        at_onset = rising < len(starts) and int(starts[rising]) < place + size
        found.append(Window(int(starts[rising]) if at_onset else place, at_onset))
        place = found[-1].start + size
    return found


def dies_away(outline: Outline) -> bool:
    """Whether it is one sound: nothing begins after its beginning, and it becomes much quieter. Rain does not."""
    heard = outline.louder(FADED)
    levels = outline.levels[heard[0] : heard[-1] + 1]
    third = -(-len(levels) // 3)
    return len(onsets(levels)) == 1 and float(np.median(levels[-third:]) - np.median(levels[:third])) >= 2 * _FALLS


def unheard(outline: Outline, windows: list[Window], seconds: float) -> bool:
    """Whether more than a tail lies outside all windows: what begins there, quieter than any of them but not silent, or goes on as loud."""
    beginnings = onsets(outline.levels, 20 * np.log10(outline.peak / SILENT))
    beginnings = beginnings[beginnings >= BEFORE]  # a file's own beginning is none
    size = max(1, round(seconds * outline.rate / outline.hop))
    starts = np.array([window.start for window in windows])
    begins = (np.searchsorted(starts, beginnings, "right") != np.searchsorted(starts + size, beginnings, "right") + 1).any()
    gaps = zip(starts[:-1] + size, starts[1:], strict=True)
    return bool(begins) or any(_goes_on(outline.levels[left:right]) for left, right in gaps)


def _goes_on(levels: NDArray[np.uint8]) -> bool:
    """Whether a sound is heard in most of these hops and becomes no quieter: it is no tail."""
    third = len(levels) // 3
    if third < 2 or (levels <= 2 * FADED).mean() < 0.5:
        return False
    return float(np.median(levels[-third:]) - np.median(levels[:third])) < 2 * _STEADY
