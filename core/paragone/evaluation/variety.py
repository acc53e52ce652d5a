"""Is there one sample, over and over? The plainest test of mode collapse."""

from __future__ import annotations

import math

import torch

from .evidence import Evidence, Score
from .neighbours import distances

TRUSTED = 20


def spread(features: torch.Tensor) -> float:
    """Mean distance between two different rows of ``(N, D)``; needs 2 rows."""
    total = math.fsum(float(rows.sum()) for rows in distances(features, features))
    return total / (len(features) * (len(features) - 1))


def variety(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """:func:`spread` of the candidates over that of the references: 1 is as varied as the data, 0 is one sample only."""
    if min(len(candidate), len(reference)) < 2:
        return Score(None, doubt="a distance needs at least 2 samples")
    real = spread(reference.features)
    if real == 0:
        return Score(None, doubt="the references are all alike")
    fewer = min(len(candidate), len(reference))
    return Score(spread(candidate.features) / real, doubt=f"{fewer} samples" if fewer < TRUSTED else "")
