"""The classifier, against the sums written out, and what it says of hits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paragone_audio.evaluation.labels import SHRINKAGE, Classifier, label_accuracy

from .conftest import Make, hits


def by_definition(learned: np.ndarray, numbers: np.ndarray, x: np.ndarray) -> int:
    labels = sorted(set(numbers.tolist()))
    means = {label: learned[numbers == label].mean(0) for label in labels}
    inside = np.stack([row - means[number] for row, number in zip(learned, numbers.tolist(), strict=True)])
    covariance = inside.T @ inside / (len(learned) - len(labels))
    size = len(covariance)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    return min(labels, key=lambda label: float((x - means[label]) @ np.linalg.solve(shrunk, x - means[label])))


def test_agrees_with_the_definition() -> None:
    random = np.random.default_rng(0)
    numbers = random.choice([1, 4, 6], 25)
    learned = random.normal(size=(25, 40)) + numbers[:, None] * 0.1  # fewer sounds than features
    judged = random.normal(size=(60, 40)) + random.choice([1, 4, 6], 60)[:, None] * 0.1
    classify = Classifier.learn(torch.from_numpy(learned), torch.from_numpy(numbers))
    found = classify(torch.from_numpy(judged)).tolist()
    assert found == [by_definition(learned, numbers, x) for x in judged]
    assert set(found) == {1, 4, 6}


def test_hits_are_told_apart_and_a_wrong_label_shows(evidence: Make) -> None:
    (waves, labels), (others, numbers) = hits(90), hits(60, 1)
    reference = evidence(waves, labels)
    right = label_accuracy(evidence(others, numbers), reference)
    assert right.value == pytest.approx(1, abs=0.02)
    assert not right.doubt
    assert label_accuracy(evidence(others, (numbers + 1) % 3), reference).value == pytest.approx(0, abs=0.02)
    one = label_accuracy(evidence(others[:1].repeat(60, 1), numbers), reference)
    assert one.value == pytest.approx(1 / 3)
    assert one.deviation == pytest.approx((41 / 62 * 21 / 62 / 63) ** 0.5)


def test_without_two_labels_there_is_no_accuracy(evidence: Make) -> None:
    waves, labels = hits(30)
    assert label_accuracy(evidence(waves), evidence(waves, labels)).value is None
    assert label_accuracy(evidence(waves, labels), evidence(waves)).value is None
    assert "one label" in label_accuracy(evidence(waves, labels), evidence(waves, labels * 0)).doubt


def test_few_references_of_a_label_are_doubted_and_equal_ones_do_no_harm(evidence: Make) -> None:
    waves, labels = hits(30)
    labels[:29] %= 2
    labels[29] = 2
    assert "1 references" in label_accuracy(evidence(waves, labels), evidence(waves, labels)).doubt
    same = evidence(waves[:2].repeat(15, 1), torch.arange(30) % 2)
    assert label_accuracy(same, same).value == 1
