"""Fidelity and variety from nearest neighbours in feature space.

Kynkäänniemi et al. 2019, equation 1: the manifold of a set is the union of balls
round its members, each as wide as the distance to the k-th nearest other member.
*Precision* is the share of candidates on the reference's manifold, *recall* the
share of references on the candidates'.

Naeem et al. 2020, equations 3 and 4, k = 5: *density* counts how many reference
balls a candidate lies in, over k; *coverage* is the share of reference balls that
hold a candidate at all. A few outliers cannot inflate these two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from .evidence import Evidence, Score, too_few

MANIFOLD_K = 3
COVERAGE_K = 5
TRUSTED = 100
"""Samples under which these shares say little."""

_ROWS = 1024


def distances(x: torch.Tensor, y: torch.Tensor) -> Iterator[torch.Tensor]:
    """Euclidean distances of ``(N, D)`` and ``(M, D)`` in float64, some rows of the ``(N, M)`` at a time.

    They come from |x|² + |y|² − 2·x·y, which rounds: what is nearer than that can tell is the same, and 0.
    """
    others = y.double()
    least = 1e-7 * float(others.norm(dim=1).max()) if len(y) else 0.0
    for rows in torch.split(x.double(), _ROWS):
        apart = torch.cdist(rows, others)
        yield apart.masked_fill_(apart <= least, 0.0)


def nearest(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For each of ``(N, D)`` the distance to the nearest of ``(M, D)``, ``(N,)`` float64, and which it is, ``(N,)`` int64."""
    found = [rows.min(1) for rows in distances(x, y)]
    return torch.cat([rows.values for rows in found]), torch.cat([rows.indices for rows in found])


def radii(x: torch.Tensor, k: int) -> torch.Tensor:
    """``(N,)`` distance of each row to its ``k``-th nearest other row; needs k < N."""
    return torch.cat([rows.kthvalue(k + 1, dim=1).values for rows in distances(x, x)])  # the nearest is the row itself


def inside(points: torch.Tensor, centres: torch.Tensor, k: int) -> torch.Tensor:
    """``(N, M)`` truth values: whether point i lies in the ball of centre j."""
    reach = radii(centres, k)
    return torch.cat([rows <= reach for rows in distances(points, centres)])


def precision(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of candidates on the reference's manifold, 0 to 1."""
    return _share(candidate, reference, MANIFOLD_K, lambda c, r, k: inside(c, r, k).any(1).double().mean())


def recall(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of references on the candidates' manifold, 0 to 1."""
    return _share(candidate, reference, MANIFOLD_K, lambda c, r, k: inside(r, c, k).any(1).double().mean())


def density(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Mean number of reference balls round a candidate, over k; 1 for real against real, may be more."""
    return _share(candidate, reference, COVERAGE_K, lambda c, r, k: inside(c, r, k).sum(1).double().mean() / k)


def coverage(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of reference balls that hold a candidate, 0 to 1."""
    return _share(candidate, reference, COVERAGE_K, lambda c, r, k: inside(c, r, k).any(0).double().mean())


def _share(candidate: Evidence, reference: Evidence, k: int, compute: Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]) -> Score:
    if min(len(candidate), len(reference)) <= k:
        return Score(None, doubt=f"neighbour number {k} needs more than {k} samples")
    value = float(compute(candidate.features, reference.features, k))
    return Score(value, doubt=too_few(candidate, reference, TRUSTED, "a share of neighbours"))
