"""The kernel distance, against torch-fidelity, a double loop, and what unbiased means."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch_fidelity.metric_kid import kid_features_to_metric

from paragone.evaluation.evidence import Evidence
from paragone.evaluation.kernel import kernel_deviation, kernel_distance, kid

Cloud = Callable[..., torch.Tensor]


def by_loops(x: torch.Tensor, y: torch.Tensor) -> float:
    """Bińkowski et al. 2018, the unbiased estimator, pair by pair."""

    def k(a: torch.Tensor, b: torch.Tensor) -> float:
        return (float(a @ b) / len(a) + 1) ** 3

    n, m = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within_x + within_y - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def test_agrees_with_the_definition(cloud: Cloud) -> None:
    x, y = cloud(20, 6, "x"), cloud(15, 6, "y", 0.3)
    assert kernel_distance(x, y) == pytest.approx(by_loops(x, y), rel=1e-9)


def test_agrees_with_torch_fidelity(cloud: Cloud) -> None:
    """On subsets of everything theirs is the estimate over the whole sets."""
    x, y = cloud(200, 12, "x"), cloud(200, 12, "y", 0.3)
    theirs = kid_features_to_metric(x, y, kid_subsets=1, kid_subset_size=200, verbose=False)
    assert kernel_distance(x, y) == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-6)


def test_deviation_agrees_with_torch_fidelity(cloud: Cloud) -> None:
    """Both draw at random, so only the size of the spread can be compared."""
    x, y = cloud(400, 12, "x"), cloud(400, 12, "y", 0.3)
    theirs = kid_features_to_metric(x, y, kid_subsets=400, kid_subset_size=100, verbose=False)
    assert kernel_deviation(x, y, subsets=400, size=100) == pytest.approx(theirs["kernel_inception_distance_std"], rel=0.15)


def test_is_unbiased() -> None:
    """Over many pairs of sets from one cloud the mean is 0 within its error; a biased estimate would be far off."""
    numbers = torch.Generator().manual_seed(0)
    estimates = torch.tensor(
        [kernel_distance(torch.randn(20, 4, generator=numbers), torch.randn(20, 4, generator=numbers)) for _ in range(400)]
    )
    assert abs(float(estimates.mean())) < 4 * float(estimates.std()) / 400**0.5
    assert float((estimates < 0).double().mean()) > 0.3


def test_score_is_times_a_thousand_and_knows_its_limits(cloud: Cloud, evidence: Callable[..., Evidence]) -> None:
    x, y = evidence(cloud(200, 8, "x")), evidence(cloud(150, 8, "y", 0.5))
    score = kid(x, y, seed=3)
    assert score.value == pytest.approx(1000 * by_loops(x.features, y.features))
    assert score.deviation == pytest.approx(1000 * kernel_deviation(x.features, y.features, 3))
    assert not score.doubt
    assert "50 samples" in kid(evidence(cloud(50, 8, "z")), y).doubt
    assert kid(evidence(cloud(1, 8, "z")), y).value is None
