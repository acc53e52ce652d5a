"""Labels in the proportions of the data."""

from __future__ import annotations

import pytest
import torch

from paragone.errors import PluginError
from paragone.evaluation.evidence import Evidence, Score
from paragone.evaluation.examiner import ask, labels_like
from paragone.modality import Metric


def reference(numbers: list[int]) -> Evidence:
    features = torch.zeros(len(numbers), 1)
    return Evidence(features, torch.tensor(numbers), lambda wanted: features[wanted])


def test_proportions_are_met_as_exactly_as_can_be() -> None:
    numbers = labels_like(reference([2] * 60 + [0] * 30 + [1] * 10), 50, seed=1)
    assert numbers is not None
    assert torch.bincount(numbers).tolist() == [15, 5, 30]
    assert numbers.tolist() != sorted(numbers.tolist())
    assert not torch.equal(numbers, labels_like(reference([2] * 60 + [0] * 30 + [1] * 10), 50, seed=2))


def test_more_than_the_data_and_none() -> None:
    assert torch.bincount(labels_like(reference([0, 1, 1]), 300, seed=0)).tolist() == [100, 200]
    assert labels_like(Evidence(torch.zeros(3, 1), None, lambda wanted: wanted), 5, 0) is None


def failing(candidate: Evidence, reference: Evidence, seed: int) -> Score:
    raise ZeroDivisionError("of nothing")


def infinite(candidate: Evidence, reference: Evidence, seed: int) -> Score:
    return Score(float("inf"), 1.0)


def metric(name: str, monkeypatch: pytest.MonkeyPatch) -> Metric:
    monkeypatch.setattr("paragone.evaluation.variety.variety", globals()[name])
    return Metric(name, "", "paragone.evaluation.variety:variety", "lower")


def test_a_metric_that_fails_is_its_plugin_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PluginError, match="metric failing: fails: ZeroDivisionError: of nothing"):
        ask([metric("failing", monkeypatch)], reference([0]), reference([0]), 0)


def test_a_value_that_is_not_finite_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask([metric("infinite", monkeypatch)], reference([0]), reference([0]), 0) == {"infinite": Score(None, doubt="it is not finite")}
