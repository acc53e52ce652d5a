"""Kernel distance of two sets of features, KID when they are Inception's.

Bińkowski et al. 2018, section 4: the squared maximum mean discrepancy with the
kernel k(x, y) = (x·y / D + 1)³, by the unbiased estimator

    1/(n(n−1)) Σ_{i≠j} k(xᵢ, xⱼ) + 1/(m(m−1)) Σ_{i≠j} k(yᵢ, yⱼ) − 2/(nm) Σᵢⱼ k(xᵢ, yⱼ)

Unbiased means that two sets of one origin score 0 on average: a little below it as
often as above.
"""

from __future__ import annotations

import math

import torch

from ..randomness import generator_for
from .evidence import Evidence, Score, too_few

SUBSETS = 100
SUBSET_SIZE = 1000
TRUSTED = 100
"""Samples under which the estimate says little."""
SCALE = 1000
"""KID is usually given times a thousand."""

_ROWS = 2048
"""Rows of the kernel matrix in memory at once."""
_WIDEST = 4096
"""Samples of a set that subsets are drawn from: the kernel matrix of these is kept."""


def kernel_distance(x: torch.Tensor, y: torch.Tensor) -> float:
    """The unbiased estimate over all of both sets.

    Args:
        x, y: ``(N, D)`` and ``(M, D)`` features, each of 2 rows or more.
    """
    return _within(x.double()) + _within(y.double()) - _between(x.double(), y.double())


def kernel_deviation(x: torch.Tensor, y: torch.Tensor, seed: int = 0, subsets: int = SUBSETS, size: int | None = None) -> float:
    """Standard deviation of the estimates of random subsets, as papers give it beside KID.

    Args:
        x, y: as for :func:`kernel_distance`.
        seed: of the draws.
        subsets: how many.
        size: of each; by default 1000, or half of the smaller set if that is less,
            for subsets of the whole set would all be the same.
    """
    size = size or max(2, min(SUBSET_SIZE, min(len(x), len(y)) // 2))
    numbers = generator_for(seed, "subsets")
    x, y = x[:_WIDEST].double(), y[:_WIDEST].double()
    xx, yy, xy = (_kernel(left @ right.T, x.shape[1]) for left, right in ((x, x), (y, y), (x, y)))
    xx.fill_diagonal_(0), yy.fill_diagonal_(0)
    estimates = []
    for _ in range(subsets):
        i, j = (torch.randperm(len(z), generator=numbers)[:size] for z in (x, y))
        within = (xx[i[:, None], i].sum() + yy[j[:, None], j].sum()) / (size * (size - 1))
        estimates.append(float(within - 2 * xy[i[:, None], j].sum() / size**2))
    return float(torch.tensor(estimates, dtype=torch.float64).std(correction=0))


def kid(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """1000 · :func:`kernel_distance`, with 1000 · :func:`kernel_deviation`."""
    if min(len(candidate), len(reference)) < 2:
        return Score(None, doubt="the unbiased estimate needs at least 2 samples")
    within = candidate.once(_within_set) + reference.once(_within_set)
    return Score(
        SCALE * (within - _between(candidate.features.double(), reference.features.double())),
        SCALE * kernel_deviation(candidate.features, reference.features, seed),
        too_few(candidate, reference, TRUSTED, "a kernel estimate"),
    )


def _within_set(evidence: Evidence) -> float:
    return _within(evidence.features.double())


def _within(x: torch.Tensor) -> float:
    """The first sum of the module's formula."""
    return (_sum(x, x) - float(_kernel((x * x).sum(1), x.shape[1]).sum())) / (len(x) * (len(x) - 1))


def _between(x: torch.Tensor, y: torch.Tensor) -> float:
    """Its last."""
    return 2 * _sum(x, y) / (len(x) * len(y))


def _kernel(products: torch.Tensor, dimension: int) -> torch.Tensor:
    return (products / dimension + 1) ** 3


def _sum(x: torch.Tensor, y: torch.Tensor) -> float:
    """Σᵢⱼ k(xᵢ, yⱼ)."""
    return math.fsum(float(_kernel(rows @ y.T, x.shape[1]).sum()) for rows in torch.split(x, _ROWS))
