"""Precision, recall, density and coverage, against a double loop over scipy's distances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch_fidelity.metric_prc import prc_features_to_metric

from paragone.evaluation.evidence import Evidence
from paragone.evaluation.neighbours import coverage, density, distances, nearest, precision, recall

Cloud = Callable[..., torch.Tensor]
Make = Callable[..., Evidence]


def balls(points: torch.Tensor, centres: torch.Tensor, k: int) -> np.ndarray:
    """Whether point i is in the ball of centre j, loop by loop."""
    own = np.sort(cdist(centres, centres), axis=1)
    return np.array([[np.linalg.norm(point - centre) <= own[j, k] for j, centre in enumerate(centres.numpy())] for point in points.numpy()])


def test_against_loops(cloud: Cloud, evidence: Make) -> None:
    made, real = cloud(40, 5, "x", 0.2), cloud(60, 5, "y")
    candidate, reference = evidence(made), evidence(real)
    assert precision(candidate, reference).value == pytest.approx(balls(made, real, 3).any(1).mean())
    assert recall(candidate, reference).value == pytest.approx(balls(real, made, 3).any(1).mean())
    assert density(candidate, reference).value == pytest.approx(balls(made, real, 5).sum() / (5 * len(made)))
    assert coverage(candidate, reference).value == pytest.approx(balls(made, real, 5).any(0).mean())


def test_agrees_with_torch_fidelity(cloud: Cloud, evidence: Make) -> None:
    made, real = cloud(200, 8, "x", 0.2).float(), cloud(200, 8, "y").float()
    theirs = prc_features_to_metric(real, made, prc_neighborhood=3, verbose=False)
    ours = sorted([precision(evidence(made), evidence(real)).value, recall(evidence(made), evidence(real)).value])
    assert ours == pytest.approx(sorted([theirs["precision"], theirs["recall"]]), abs=1e-6)


def test_what_they_are_for(evidence: Make) -> None:
    """Two modes. Samples of one only are precise and cover half; far ones cover nothing."""
    numbers = torch.Generator().manual_seed(0)
    one, other = torch.randn(200, 3, generator=numbers), torch.randn(200, 3, generator=numbers) + 50
    real, half, far = evidence(torch.cat([one, other])), evidence(torch.randn(400, 3, generator=numbers)), evidence(one - 900)
    assert precision(half, real).value == pytest.approx(1.0, abs=0.1)
    assert recall(half, real).value == pytest.approx(0.5, abs=0.05)
    assert coverage(half, real).value == pytest.approx(0.5, abs=0.05)
    assert coverage(far, real).value == density(far, real).value == precision(far, real).value == 0.0


def test_distances_of_many_rows(cloud: Cloud) -> None:
    x, y = cloud(2100, 4, "x"), cloud(30, 4, "y")
    assert np.allclose(torch.cat(list(distances(x, y))).numpy(), cdist(x, y), atol=1e-9)
    assert nearest(x, y)[1].tolist() == cdist(x, y).argmin(1).tolist()


@pytest.mark.parametrize("metric", [precision, recall, density, coverage])
def test_too_few(metric: Callable[..., object], evidence: Make) -> None:
    points = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    score = metric(evidence(points[:3]), evidence(points))
    assert score.value is None
    assert "neighbour" in score.doubt
    assert "wants at least 100" in metric(evidence(points), evidence(points)).doubt
