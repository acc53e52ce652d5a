"""Generated samples, labels in the proportions of the data, and metrics that fail."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from paragone.errors import PluginError
from paragone.evaluation import examiner
from paragone.evaluation.evidence import Evidence, Score
from paragone.evaluation.examiner import Examiner, ask, labels_like
from paragone.modality import Metric
from paragone.sampler import Sampler


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


@pytest.mark.parametrize(("kept", "calls"), [(10**6, 3), (0, 4)])
def test_generated_samples_are_kept_if_few_and_made_again_if_not(
    points_run: Path, monkeypatch: pytest.MonkeyPatch, kept: int, calls: int
) -> None:
    sampler = Sampler.load(points_run, "cpu")
    made: list[torch.Tensor] = []
    monkeypatch.setattr(examiner, "KEPT", kept)
    monkeypatch.setattr(examiner, "CHUNK", 4)  # of what the extractor is shown
    monkeypatch.setattr(examiner, "best_count", lambda *of: 8)
    generate = examiner.generate
    monkeypatch.setattr(examiner, "generate", lambda *of: made.append(generate(*of)) or made[-1])
    looking = Examiner(sampler.modality, sampler.spec, sampler.execution)
    numbers = torch.zeros(20, dtype=torch.int64) if sampler.labels else None
    found = looking.generated(sampler.generator, range(5, 25), numbers)
    wanted = torch.tensor([17, 3])
    torch.testing.assert_close(found.read(wanted), torch.cat(made[:3])[wanted])
    assert len(made) == calls
