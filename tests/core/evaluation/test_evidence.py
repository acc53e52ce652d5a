"""Evidence: what its parts keep, and what is worked out once only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from scipy.stats import beta

from paragone.evaluation.evaluate import evaluate
from paragone.evaluation.evidence import Evidence, share_of

Make = Callable[..., Evidence]


def test_a_part_reads_its_own_samples_and_keeps_what_is_true_of_the_whole(cloud: Callable[..., torch.Tensor]) -> None:
    points = cloud(10, 2, "x")
    numbers = torch.tensor([0, 1] * 5)
    whole = Evidence(points, numbers, lambda wanted: points[wanted], trained_on=True)
    part = whole.of_label(1).part(torch.tensor([2, 0]))
    assert torch.equal(part.features, points[[5, 1]])
    assert torch.equal(part.read(torch.tensor([1])), points[[1]])
    assert part.numbers is not None
    assert part.numbers.tolist() == [1, 1]
    assert part.trained_on


def test_a_work_is_done_once_for_each_set(evidence: Make) -> None:
    asked: list[Evidence] = []

    def work(one: Evidence) -> int:
        asked.append(one)
        return len(one)

    whole = evidence(torch.zeros(6, 1))
    part = whole.part(torch.arange(2))
    assert [whole.once(work), part.once(work), whole.once(work), part.once(work)] == [6, 2, 6, 2]
    assert len(asked) == 2
    assert whole.once(len) == 6


def test_labels_are_needed_to_ask_for_one(evidence: Make) -> None:
    with pytest.raises(ValueError, match="no labels"):
        evidence(torch.zeros(3, 1)).of_label(0)


def test_metrics_are_given_the_whole_training_set(points_run: Path) -> None:
    outcome = evaluate(points_run, count=32)
    assert outcome.training is not None
    assert outcome.training.training is outcome.generated.training is not None
    assert outcome.training.trained_on
    assert not outcome.generated.trained_on


def test_a_share_and_how_well_it_is_known() -> None:
    """Of none and of all too."""
    for count, of in ((0, 20), (20, 20), (3, 10), (700, 1000)):
        score = share_of(count, of, "why")
        assert (score.value, score.doubt) == (count / of, "why")
        assert score.deviation == pytest.approx(beta(count + 1, of - count + 1).std())
