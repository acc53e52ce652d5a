"""Instances: the players are told of one training sample that theirs is to be like, where a cluster would say too little.

*Humanoid in a robe* is still many things. Told of an instance, the generator learns what its
neighbourhood looks like (Casanova et al. 2021, arXiv 2109.05070, equation 1: p(x) ≈ 1/M Σ p(x | hₘ), where
what is real for hₘ is drawn from its k nearest neighbours). An instance has no row of its own in the networks: they
read the row of its cluster, and a few numbers that describe it; see :class:`paragone.layers.LabelEmbedding`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

MOST = 4096
"""Instances of a run, at most, but for rounding: each one's place is kept with the run."""

CODES = 32
"""Numbers that describe an instance, at most."""

BLOCK = 1024
"""Samples whose distances are found at a time."""


@dataclass(frozen=True)
class Instances:
    """What networks have to know of K instances.

    Attributes:
        groups: ``(K,)`` int64, the cluster of each.
        codes: ``(K, C)`` float32, what describes each.
    """

    groups: torch.Tensor
    codes: torch.Tensor

    def tell(self, network: nn.Module) -> bool:
        """Tell the layers of ``network`` that can be told (by ``describe_instances(groups, codes)``); whether there are any."""
        layers = [layer for layer in network.modules() if callable(getattr(layer, "describe_instances", None))]
        for layer in layers:
            layer.describe_instances(self.groups.clone(), self.codes.clone())  # type: ignore[operator]  # nn.Module hides it
        return bool(layers)


def chosen(groups: torch.Tensor, most: int) -> torch.Tensor:
    """Indices of the samples that become instances, in order of their clusters: all, or evenly some of each cluster.

    Args:
        groups: ``(N,)`` int64, the cluster of each sample.
        most: how many to choose; more by one a cluster at most.
    """
    found = []
    for group in torch.unique(groups):
        mine = (groups == group).nonzero()[:, 0]
        count = len(mine) if len(groups) <= most else max(1, round(most * len(mine) / len(groups)))
        found.append(mine[torch.arange(count) * len(mine) // count])
    return torch.cat(found)


def neighbours(
    points: torch.Tensor, centres: torch.Tensor, groups: torch.Tensor, count: int, numbers: torch.Tensor | None, labels: torch.Tensor
) -> torch.Tensor:
    """``(N, count)`` int64: the instances nearest to each point, those of one cluster; where it has fewer, the nearest again.

    Args:
        points: ``(N, D)`` float32.
        centres: ``(K, D)``, where the instances are.
        groups: ``(K,)`` int64, their clusters.
        count: how many, 1 or more.
        numbers, labels: of points and instances: a point's neighbours are of its own label.
    """
    found = []
    centres = centres.double()  # as differences of large products, which is how they are found, small distances need it
    for block in torch.split(torch.arange(len(points)), BLOCK):
        distances = torch.cdist(points[block].double(), centres)
        if numbers is not None:
            distances[numbers[block, None] != labels] = torch.inf
        nearest = distances.argmin(1, keepdim=True)
        distances[groups[nearest] != groups] = torch.inf
        distances.scatter_(1, nearest, -1.0)  # rounding must not bring another one before it
        near = distances.topk(min(count, len(centres)), largest=False)
        found.append(torch.where(near.values.isfinite(), near.indices, nearest))
    rows = torch.cat(found)
    return torch.cat([rows, rows[:, :1].expand(-1, count - rows.shape[1])], 1)


def described(centres: torch.Tensor) -> torch.Tensor:
    """``(K, D)`` → ``(K, ≤ 32)`` float32: coordinates along the directions in which instances differ most.

    The square roots of the principal components' spreads take the place of these, so that the first do not drown the
    rest; the mean square of all numbers is 1.
    """
    spread = centres.double() - centres.double().mean(0)
    left, values, _ = torch.linalg.svd(spread, full_matrices=False)
    codes = left[:, :CODES] * values[:CODES].sqrt()
    return (codes / codes.square().mean().sqrt().clamp_min(1e-12)).float()
