"""Labels in the proportions of the data."""

from __future__ import annotations

import torch

from paragone.evaluation.evidence import Evidence
from paragone.evaluation.examiner import labels_like


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
