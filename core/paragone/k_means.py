"""k-means, label by label: where the clusters of a dataset are."""

from __future__ import annotations

import torch

from .randomness import derive, generator_for

ROUNDS, TRIES = 30, 4
"""Of Lloyd's algorithm, and how often it begins anew."""

FITTED = 16_384
"""Samples of a label that k-means looks at, at most; all are then put into the nearest cluster."""

BLOCK = 4096
"""Points whose distances are found at a time."""


def find(points: torch.Tensor, numbers: torch.Tensor | None, most: int, size: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Split each label into clusters by k-means.

    Args:
        points: ``(N, D)`` float32.
        numbers: ``(N,)`` int64 labels, or ``None``.
        most: clusters in all, if every label has samples enough for its share of them; a label has one at least.
        size: samples that a cluster has on average, at least, and three times what the smallest has: from
            fewer nothing is learned but these.
        seed: of where k-means begins.

    Returns:
        Centres ``(K, D)`` float32 and their labels ``(K,)`` int64, in order of the labels.
    """
    numbers = torch.zeros(len(points), dtype=torch.int64) if numbers is None else numbers
    centres, labels = [], []
    counts = _shares(torch.bincount(numbers), most, size)
    for label in torch.unique(numbers).tolist():
        mine = points[numbers == label]
        some = mine[torch.arange(FITTED) * len(mine) // FITTED] if len(mine) > FITTED else mine
        centres.append(_without_small(mine, k_means(some, counts[label], derive(seed, "clusters", label)), size / 3))
        labels += [label] * len(centres[-1])
    return torch.cat(centres), torch.tensor(labels)


def _shares(sizes: torch.Tensor, most: int, size: int) -> list[int]:
    """How many clusters each label gets, in proportion to its samples: ``most`` at most in all, but one at least each."""
    wanted = [most * int(own) / int(sizes.sum()) for own in sizes]
    counts = [max(1, min(round(share), round(int(own) / size))) for own, share in zip(sizes, wanted, strict=True)]
    while sum(counts) > max(most, len(counts)):  # rounded up too often
        over = [count - share if count > 1 else -1.0 for count, share in zip(counts, wanted, strict=True)]
        counts[over.index(max(over))] -= 1
    return counts


def _without_small(points: torch.Tensor, centres: torch.Tensor, least: float) -> torch.Tensor:
    """``centres`` without those that fewer than ``least`` points are nearest to, the smallest first; one stays."""
    near = nearest(points, centres)
    while len(centres) > 1:
        sizes = torch.bincount(near, minlength=len(centres))
        smallest = int(sizes.argmin())
        if int(sizes[smallest]) >= least:
            break
        centres = centres[torch.arange(len(centres)) != smallest]
        orphans = near == smallest
        near = near - (near > smallest).long()
        near[orphans] = nearest(points[orphans], centres)
    return centres


def nearest(
    points: torch.Tensor, centres: torch.Tensor, numbers: torch.Tensor | None = None, labels: torch.Tensor | None = None
) -> torch.Tensor:
    """``(N,)`` int64: of each point the nearest centre of its own label.

    Args:
        points: as for :func:`find`.
        centres: what it returned.
        numbers, labels: of the points and of the centres; without either, any centre will do.
    """
    found, centres = [], centres.double()  # as differences of large products, which is how they are found, small distances need it
    for block in torch.split(torch.arange(len(points)), BLOCK):
        distances = torch.cdist(points[block].double(), centres)
        if numbers is not None and labels is not None:
            distances[numbers[block, None] != labels] = torch.inf
        found.append(distances.argmin(1))
    return torch.cat(found)


def k_means(points: torch.Tensor, count: int, seed: int) -> torch.Tensor:
    """Centres by Lloyd's algorithm from k-means++ (Arthur and Vassilvitskii 2007), the best of :data:`TRIES`.

    Args:
        points: ``(N, D)`` float32.
        count: of centres; where fewer points differ, there are fewer centres.
        seed: of where they begin.

    Returns:
        ``(K, D)``.
    """
    best, least = points[:1], torch.inf
    for attempt in range(TRIES):
        centres = _spread(points, count, generator_for(seed, attempt))
        for _ in range(ROUNDS):
            near = nearest(points, centres)
            sizes = torch.bincount(near, minlength=len(centres))
            sums = torch.zeros_like(centres).index_add_(0, near, points)
            moved = (sums / sizes[:, None])[sizes > 0]
            if len(moved) == len(centres) and torch.equal(moved, centres):
                break
            centres = moved
        loss = float((points - centres[nearest(points, centres)]).square().sum(dtype=torch.float64))
        if loss < least:
            best, least = centres, loss
    return best


def _spread(points: torch.Tensor, count: int, numbers: torch.Generator) -> torch.Tensor:
    """``(≤ count, D)`` of the points: each next one drawn with the square of its distance from those before."""
    chosen = [points[int(torch.randint(len(points), (), generator=numbers))]]
    distance = (points - chosen[0]).square().sum(1, dtype=torch.float64)
    while len(chosen) < count and float(distance.max()) > 0:
        ends = distance.cumsum(0)
        drawn = torch.rand((), dtype=torch.float64, generator=numbers) * ends[-1]
        chosen.append(points[int(torch.searchsorted(ends, drawn, right=True).clamp_max(len(points) - 1))])
        distance = torch.minimum(distance, (points - chosen[-1]).square().sum(1, dtype=torch.float64))
    return torch.stack(chosen)
