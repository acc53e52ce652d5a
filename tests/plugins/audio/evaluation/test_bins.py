"""k-means, the z-test and the divergence, against SciPy and closed forms."""

from __future__ import annotations

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from scipy.stats import chi2_contingency

from paragone.evaluation.evidence import Evidence
from paragone_audio.evaluation.bins import cluster, different, jsd, ndb


def points(counts: list[int], seed: int = 0) -> torch.Tensor:
    """Groups of points round 10 · e_k, with a deviation of 1."""
    numbers = torch.Generator().manual_seed(seed)
    groups = [10 * torch.eye(8, dtype=torch.float64)[k] + torch.randn(n, 8, generator=numbers).double() for k, n in enumerate(counts)]
    return torch.cat(groups)


def evidence_of(features: torch.Tensor) -> Evidence:
    return Evidence(features, None, lambda wanted: features[wanted])


def cost(features: torch.Tensor, centres: torch.Tensor) -> float:
    return float(torch.cdist(features, centres).min(1).values.square().sum())


def test_clusters_are_the_groups_and_as_tight_as_scipys() -> None:
    features = points([40, 30, 20, 10])
    centres = cluster(features, 4)
    means = torch.stack([group.mean(0) for group in torch.split(features, [40, 30, 20, 10])])
    torch.testing.assert_close(centres[centres[:, :4].argmax(1).argsort()], means)
    spread = torch.randn(300, 5, generator=torch.Generator().manual_seed(1)).double()
    ours = cost(spread, cluster(spread, 10))
    theirs = [cost(spread, torch.from_numpy(kmeans2(spread.numpy(), 10, minit="++", seed=seed, iter=100)[0])) for seed in range(5)]
    assert ours <= 1.02 * min(theirs)
    assert torch.equal(cluster(spread, 10), cluster(spread, 10))


def test_of_equal_references_there_are_no_bins() -> None:
    made = evidence_of(points([20] * 4))
    for different_ones in (1, 2):
        assert ndb(made, evidence_of(torch.eye(8, dtype=torch.float64)[:different_ones].repeat(60, 1))).value is None
    assert ndb(made, evidence_of(torch.eye(8, dtype=torch.float64)[:4].repeat(60, 1))).value is not None


def test_equal_points_can_be_clustered() -> None:
    assert torch.equal(cluster(torch.ones(9, 2, dtype=torch.float64), 3), torch.ones(3, 2, dtype=torch.float64))


def test_the_z_test_is_the_chi_squared_test_of_a_table_of_four() -> None:
    numbers = np.random.default_rng(0)
    for _ in range(30):
        made, real = (torch.from_numpy(numbers.multinomial(count, [0.1, 0.2, 0.3, 0.4])) for count in (200, 150))
        expected = [chi2_contingency([[a, 200 - a], [b, 150 - b]], correction=False)[1] < 0.05 for a, b in zip(made, real, strict=True)]
        assert different(made, real).tolist() == expected
    assert different(torch.tensor([0, 5]), torch.tensor([0, 7])).tolist() == [False, False]


def test_real_points_fill_the_bins_as_the_references_do_and_a_lost_group_shows() -> None:
    shares = [80, 80, 60, 60, 40, 40, 20, 20]
    reference, real, lost = evidence_of(points(shares)), evidence_of(points(shares, 1)), evidence_of(points([200, 200, *[0] * 6], 2))
    assert ndb(real, reference).value <= 0.2
    assert ndb(lost, reference).value > 0.8
    assert jsd(real, reference).value < 0.03
    assert jsd(lost, reference).value > 0.3
    assert not ndb(real, reference).doubt


def test_few_are_doubted_and_none_have_no_score() -> None:
    few = evidence_of(points([20, 20, 20]))
    assert "60 samples" in ndb(few, few).doubt
    assert ndb(few, few).value == 0
    assert jsd(few.part(torch.arange(0)), few).value is None
    assert ndb(few, few.part(torch.arange(0))).value is None


def test_what_one_or_two_bins_would_call_perfect_has_no_score() -> None:
    few, elsewhere = evidence_of(points([39])), evidence_of(points([1000]) + 50)
    for score in (ndb(elsewhere, few), jsd(elsewhere, few)):
        assert score.value is None
        assert "60 real ones" in score.doubt
    many = evidence_of(points([60]))
    assert ndb(elsewhere, many).value == 1
