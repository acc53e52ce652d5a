from __future__ import annotations

import pytest
import torch
from scipy.cluster.vq import kmeans2

from paragone import k_means as module
from paragone.k_means import find, k_means, nearest


def blobs(count: int, size: int, spread: float = 0.05) -> tuple[torch.Tensor, torch.Tensor]:
    """Points round the corners of a cube, and which corner."""
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)[:count]
    which = torch.arange(count).repeat_interleave(size)
    return corners[which] + spread * torch.randn(count * size, 3, generator=torch.Generator().manual_seed(1)), which


def inertia(points: torch.Tensor, centres: torch.Tensor) -> float:
    return float(torch.cdist(points.double(), centres.double()).amin(1).square().sum())


def test_blobs_that_lie_apart_are_found() -> None:
    points, which = blobs(8, 30)
    near = nearest(points, k_means(points, 8, seed=0))
    assert len({(a, b) for a, b in zip(near.tolist(), which.tolist(), strict=True)}) == 8


def test_k_means_is_as_good_as_scipys() -> None:
    points = torch.randn(600, 5, generator=torch.Generator().manual_seed(0))
    theirs = min(inertia(points, torch.from_numpy(kmeans2(points.numpy(), 12, 30, minit="++", seed=seed)[0])) for seed in range(4))
    assert inertia(points, k_means(points, 12, seed=0)) < 1.03 * theirs


def test_k_means_makes_no_more_centres_than_points_differ() -> None:
    assert len(k_means(torch.tensor([[0.0], [0.0], [1.0]]), 3, seed=0)) == 2
    assert len(k_means(torch.zeros(5, 2), 3, seed=0)) == 1


def test_a_sample_is_in_the_nearest_cluster_of_its_own_label(monkeypatch: pytest.MonkeyPatch) -> None:
    points, numbers = torch.tensor([[0.0], [0.9], [1.0]]), torch.tensor([0, 0, 1])
    centres, labels = torch.tensor([[0.0], [3.0], [1.0]]), torch.tensor([0, 0, 1])
    assert nearest(points, centres, numbers, labels).tolist() == [0, 0, 2]
    monkeypatch.setattr(module, "BLOCK", 2)
    assert nearest(points, centres, numbers, labels).tolist() == [0, 0, 2]


def test_clusters_belong_to_labels_and_none_is_small() -> None:
    points, which = blobs(8, 60)
    points = torch.cat([points, torch.full((3, 3), 9.0)])  # three samples like no others
    numbers = torch.cat([which % 2, torch.tensor([0, 0, 0])])
    centres, labels = find(points, numbers, most=12, size=24, seed=0)
    assert labels.tolist() == sorted(labels.tolist())
    sizes = torch.bincount(nearest(points, centres, numbers, labels))
    assert int(sizes.min()) >= 8
    assert len(centres) <= 12
    assert int(sizes.sum()) == len(points)


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_clusters_are_told_apart_however_near_they_are_and_far_from_zero(offset: float) -> None:
    points, which = blobs(8, 30)
    centres, labels = find(points * 1e-2 + offset, None, most=8, size=12, seed=0)
    near = nearest(points * 1e-2 + offset, centres, torch.zeros(240, dtype=torch.int64), labels)
    assert len({(a, b) for a, b in zip(near.tolist(), which.tolist(), strict=True)}) == 8


def test_there_are_fewer_clusters_where_there_are_few_samples() -> None:
    points, _ = blobs(8, 9)  # 72 samples: three clusters of 24
    assert len(find(points, None, most=50, size=24, seed=0)[0]) <= 3
    assert len(find(points, None, most=50, size=9, seed=0)[0]) == 8
    assert len(find(points[:20], None, most=50, size=24, seed=0)[0]) == 1


@pytest.mark.parametrize(("sizes", "most"), [([50, 50], 7), ([10] * 40, 60), ([1000, 3, 3], 5), ([90, 10], 10), ([5] * 8, 4)])
def test_there_are_no_more_clusters_than_were_asked_for_but_one_a_label(sizes: list[int], most: int) -> None:
    counts = module._shares(torch.tensor(sizes), most, size=1)
    assert min(counts) >= 1
    assert sum(counts) <= max(most, len(sizes))
    if min(sizes) * most >= sum(sizes):
        assert all(abs(count - most * own / sum(sizes)) <= 1 for count, own in zip(counts, sizes, strict=True))
