"""The Fréchet distance, against scipy's matrix square root, torch-fidelity and a closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from paragone.evaluation.evidence import Evidence
from paragone.evaluation.frechet import fid, frechet_distance

Cloud = Callable[..., torch.Tensor]


def by_scipy(x: torch.Tensor, y: torch.Tensor) -> float:
    """Heusel et al. 2017, equation 6, to the letter."""
    a, b = x.numpy(), y.numpy()
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root))


@pytest.mark.parametrize(("rows_x", "rows_y"), [(500, 400), (200, 1000)])
def test_agrees_with_the_matrix_square_root(cloud: Cloud, rows_x: int, rows_y: int) -> None:
    x, y = cloud(rows_x, 24, "x"), cloud(rows_y, 24, "y", 0.3)
    assert frechet_distance(x, y) == pytest.approx(by_scipy(x, y), rel=1e-6)


def test_agrees_with_torch_fidelity(cloud: Cloud) -> None:
    x, y = cloud(300, 16, "x"), cloud(350, 16, "y", 0.2)
    theirs = fid_statistics_to_metric(fid_features_to_statistics(x), fid_features_to_statistics(y), verbose=False)
    assert frechet_distance(x, y) == pytest.approx(theirs["frechet_inception_distance"], rel=1e-6)


def test_fewer_samples_than_features(cloud: Cloud) -> None:
    """Covariances of low rank: their root is found among the eigenvalues of Σ₁ Σ₂, which are real and not negative."""
    x, y = cloud(30, 60, "x"), cloud(20, 60, "y")
    product = np.cov(x.numpy(), rowvar=False) @ np.cov(y.numpy(), rowvar=False)
    trace = np.sqrt(np.clip(np.linalg.eigvals(product).real, 0, None)).sum()
    means = float((x.mean(0) - y.mean(0)).square().sum())
    exact = means + float(x.var(0).sum() + y.var(0).sum()) - 2 * trace
    assert frechet_distance(x, y) == pytest.approx(exact, rel=1e-5)


def test_a_shift_is_its_squared_length(cloud: Cloud) -> None:
    x = cloud(100, 8, "x")
    assert frechet_distance(x, x + 2.0) == pytest.approx(8 * 4.0)
    assert frechet_distance(x, x) == pytest.approx(0.0, abs=1e-9)


def test_says_when_it_cannot_be_trusted(cloud: Cloud, evidence: Callable[..., Evidence]) -> None:
    few, many = evidence(cloud(10, 16, "x")), evidence(cloud(100, 16, "y"))
    assert "wants at least 100" in fid(few, many).doubt
    assert not fid(many, many).doubt
    wide = evidence(cloud(120, 120, "w"))
    assert "wants at least 121" in fid(wide, wide).doubt
    nothing = fid(evidence(cloud(1, 16, "z")), many)
    assert nothing.value is None
    assert nothing.doubt
