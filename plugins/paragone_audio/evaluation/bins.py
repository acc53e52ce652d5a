"""Is each kind of sound made as often as it is real? Bins of real features, and how full they are.

Richardson and Weiss 2018, "On GANs and GMMs": the references are divided into K bins by
k-means, candidates fall into the bin of the nearest centre, and a bin counts as different when a
two-proportion z-test at the level 0.05 says so. NDB/K is the share of such bins: 1 for a
generator that has every share wrong; for real sounds 0.05 and more, for the bins were fitted to the
references that are counted in them.
"""

from __future__ import annotations

import torch

from paragone.evaluation.distances import jensen_shannon
from paragone.evaluation.evidence import Evidence, Score, too_few
from paragone.evaluation.neighbours import nearest
from paragone.randomness import generator_for

LEAST, MOST, PER_BIN = 3, 50, 20
"""K is at most 50, and at most one for every 20 references; of fewer than three bins every generator would fill each as it should."""
CRITICAL = 1.959964
"""|z| that chance exceeds in 0.05 of all cases."""
TRUSTED = 100
"""Sounds under which there are too few bins, or too few sounds in them."""
STARTS, STEPS = 5, 100

_NO_BINS = f"bins need sounds on both sides, {LEAST * PER_BIN} real ones at least, and {LEAST} different ones"


def cluster(points: torch.Tensor, bins: int, seed: int = 0) -> torch.Tensor:
    """Centres by k-means (Lloyd 1982), begun as k-means++ (Arthur and Vassilvitskii 2007); the best of 5 starts.

    Args:
        points: ``(N, D)`` float64, N of at least ``bins``.
        bins: how many centres, 1 or more.
        seed: of the starts.

    Returns:
        ``(bins, D)`` float64.
    """
    numbers = generator_for(seed, "bins")
    tries = [_lloyd(points, _start(points, bins, numbers)) for _ in range(STARTS)]
    return min(tries, key=lambda centres: float(nearest(points, centres)[0].square().sum()))


def _start(points: torch.Tensor, bins: int, numbers: torch.Generator) -> torch.Tensor:
    """A random point, then again and again one drawn with a chance as its squared distance to those drawn before."""
    chosen = [int(torch.randint(len(points), (), generator=numbers))]
    while len(chosen) < bins:
        square = nearest(points, points[chosen])[0].square()
        chosen.append(int(torch.multinomial(square, 1, generator=numbers)) if float(square.sum()) else chosen[0])
    return points[chosen]


def _lloyd(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    before = None
    for _ in range(STEPS):
        belongs = nearest(points, centres)[1]
        if before is not None and torch.equal(belongs, before):
            break
        before = belongs
        counts = torch.bincount(belongs, minlength=len(centres))
        sums = torch.zeros_like(centres).index_add_(0, belongs, points)
        # a bin that has lost all of its points stays where it is
        centres = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp_min(1), centres)
    return centres


def different(made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Which shares of two sets of counts differ by the two-proportion z-test at 0.05.

    Args:
        made, real: ``(K,)`` int64, sounds in each bin.

    Returns:
        ``(K,)`` truth values.
    """
    n, m = int(made.sum()), int(real.sum())
    pooled = (made + real).double() / (n + m)
    error = (pooled * (1 - pooled) * (1 / n + 1 / m)).sqrt()
    return (made.double() / n - real.double() / m).abs() > CRITICAL * error


def ndb(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """NDB/K of the module: the share of bins that are filled differently, 0 to 1."""
    counts = _counts(candidate, reference)
    if counts is None:
        return Score(None, doubt=_NO_BINS)
    return Score(float(different(*counts).double().mean()), doubt=too_few(candidate, reference, TRUSTED, "a table of bins"))


def jsd(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Jensen-Shannon divergence of the same bins, in bits. Biased upwards for few sounds, real ones too."""
    counts = _counts(candidate, reference)
    if counts is None:
        return Score(None, doubt=_NO_BINS)
    made, real = ({bin: count for bin, count in enumerate(each.tolist()) if count} for each in counts)
    return Score(jensen_shannon(made, real), doubt=too_few(candidate, reference, TRUSTED, "a table of bins"))


def _counts(candidate: Evidence, reference: Evidence) -> tuple[torch.Tensor, torch.Tensor] | None:
    if not len(candidate) or len(reference) < LEAST * PER_BIN:
        return None
    centres = reference.once(_centres)
    if len(centres) < LEAST:
        return None
    made, real = (torch.bincount(nearest(each.features, centres)[1], minlength=len(centres)) for each in (candidate, reference))
    return made, real


def _centres(reference: Evidence) -> torch.Tensor:
    # of fewer different references than bins some centres are the same, and only one of these can ever be filled
    return torch.unique(cluster(reference.features, min(MOST, len(reference) // PER_BIN)), dim=0)
