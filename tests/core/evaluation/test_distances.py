"""Distances of numbers and of counts, against SciPy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from paragone.evaluation.distances import jensen_shannon, wasserstein


def test_the_divergence_agrees_with_scipy() -> None:
    numbers = np.random.default_rng(0)
    for _ in range(20):
        p, q = numbers.integers(0, 5, 12), numbers.integers(0, 50, 12)
        ours = jensen_shannon(*({event: int(count) for event, count in enumerate(row) if count} for row in (p, q)))
        assert ours == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)


def test_closed_forms_and_symmetry_of_the_divergence() -> None:
    assert jensen_shannon({"a": 3, "b": 1}, {"a": 30, "b": 10}) == 0
    assert jensen_shannon({"a": 1}, {"b": 7, "c": 2}) == pytest.approx(1)
    # P = (1, 0), Q = (½, ½): H(¾, ¼) − ½ H(Q) = 2 − ¾ log₂ 3 − ½
    assert jensen_shannon({"a": 1}, {"a": 1, "b": 1}) == pytest.approx(1.5 - 0.75 * np.log2(3))
    assert jensen_shannon({"a": 1, "b": 1}, {"a": 1}) == jensen_shannon({"a": 1}, {"a": 1, "b": 1})


def test_the_distance_of_whole_numbers_agrees_with_scipy() -> None:
    numbers = torch.Generator().manual_seed(0)
    for first, second in ((40, 40), (7, 200), (1, 3)):
        x = torch.randint(0, 30, (first,), generator=numbers)
        y = torch.randint(0, 50, (second,), generator=numbers)
        assert wasserstein(x, y) == pytest.approx(wasserstein_distance(x.numpy(), y.numpy()), abs=1e-12)
        assert wasserstein(x, y) == pytest.approx(wasserstein(y, x), abs=1e-12)


def test_closed_forms_of_the_distance() -> None:
    x = torch.tensor([3, 1, 2])
    assert wasserstein(x, x) == 0
    assert wasserstein(x, x + 5) == pytest.approx(5)
    assert wasserstein(torch.tensor([0, 0, 0, 4]), torch.tensor([0])) == pytest.approx(1)


def test_the_distance_of_real_numbers_agrees_with_scipy() -> None:
    numbers = torch.Generator().manual_seed(0)
    for first, second in ((40, 40), (7, 200), (1, 3)):
        x, y = torch.randn(first, generator=numbers).double(), 2 * torch.randn(second, generator=numbers).double() + 1
        assert wasserstein(x, y) == pytest.approx(wasserstein_distance(x.numpy(), y.numpy()), abs=1e-12)
        assert wasserstein(x, y) == pytest.approx(wasserstein(y, x), abs=1e-12)
    assert wasserstein(x, x + 5) == pytest.approx(5)
