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

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Neighbourhood:
    """What the distances between the members of a set say; they are many, so they are looked at once.

    Attributes:
        radii: k → :func:`radii`, for each k of this module that is less than N.
        spread: mean distance between two different members; NaN for fewer than two.
    """

    radii: Mapping[int, torch.Tensor]
    spread: float


def neighbourhood(evidence: Evidence) -> Neighbourhood:
    """That of the features of a set."""
    features, ks = evidence.features, [k for k in (MANIFOLD_K, COVERAGE_K) if k < len(evidence)]
    found: dict[int, list[torch.Tensor]] = {k: [] for k in ks}
    sums: list[float] = []
    for rows in distances(features, features):
        sums.append(float(rows.sum()))
        for k in ks:
            found[k].append(rows.kthvalue(k + 1, dim=1).values)
    pairs = len(features) * (len(features) - 1)
    return Neighbourhood({k: torch.cat(parts) for k, parts in found.items()}, math.fsum(sums) / pairs if pairs else math.nan)


def inside(points: Evidence, centres: Evidence, k: int) -> torch.Tensor:
    """``(N, M)`` truth values: whether point i lies in the ball of centre j, as wide as the distance to its ``k``-th nearest other."""
    reach = centres.once(neighbourhood).radii[k]
    return torch.cat([rows <= reach for rows in distances(points.features, centres.features)])


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


def _share(candidate: Evidence, reference: Evidence, k: int, compute: Callable[[Evidence, Evidence, int], torch.Tensor]) -> Score:
    if min(len(candidate), len(reference)) <= k:
        return Score(None, doubt=f"neighbour number {k} needs more than {k} samples")
    value = float(compute(candidate, reference, k))
    return Score(value, doubt=too_few(candidate, reference, TRUSTED, "a share of neighbours"))
