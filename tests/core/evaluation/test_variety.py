"""Variety: 1 for the same cloud, its scale otherwise, 0 for one sample over and over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from scipy.spatial.distance import pdist

from paragone.evaluation.evidence import Evidence
from paragone.evaluation.neighbours import neighbourhood
from paragone.evaluation.variety import variety


def test_spread_is_the_mean_pairwise_distance(cloud: Callable[..., torch.Tensor], evidence: Callable[..., Evidence]) -> None:
    x = cloud(50, 4, "x")
    assert neighbourhood(evidence(x)).spread == pytest.approx(pdist(x).mean())


def test_scales(cloud: Callable[..., torch.Tensor], evidence: Callable[..., Evidence]) -> None:
    x = cloud(50, 4, "x")
    assert variety(evidence(x / 4), evidence(x)).value == pytest.approx(0.25)
    assert variety(evidence(x[:1].repeat(50, 1)), evidence(x)).value == pytest.approx(0.0, abs=1e-6)


def test_too_few(cloud: Callable[..., torch.Tensor], evidence: Callable[..., Evidence]) -> None:
    x = evidence(cloud(50, 4, "x"))
    assert variety(evidence(cloud(1, 4, "y")), x).value is None
    for alike in (torch.ones(9, 4), cloud(1, 40, "z").repeat(64, 1)):  # of many, distances are worked out in another way
        assert variety(evidence(cloud(50, alike.shape[1], "x")), evidence(alike)).doubt == "the references are all alike"
    assert variety(evidence(cloud(5, 4, "y")), x).doubt == "5 samples"
