"""Is there one sample, over and over? The plainest test of mode collapse."""

from __future__ import annotations

from .evidence import Evidence, Score
from .neighbours import neighbourhood

TRUSTED = 20


def variety(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Mean distance between two candidates over that between two references: 1 is as varied as the data, 0 is one sample only."""
    if min(len(candidate), len(reference)) < 2:
        return Score(None, doubt="a distance needs at least 2 samples")
    real = reference.once(neighbourhood).spread
    if real == 0:
        return Score(None, doubt="the references are all alike")
    fewer = min(len(candidate), len(reference))
    return Score(candidate.once(neighbourhood).spread / real, doubt=f"{fewer} samples" if fewer < TRUSTED else "")
