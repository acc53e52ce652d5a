"""Which parts of a sound are learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .onsets import FADED, Outline, onsets


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
