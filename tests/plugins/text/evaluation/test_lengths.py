"""The Wasserstein distance of lengths, against SciPy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from scipy.stats import wasserstein_distance

from paragone.evaluation.evidence import Evidence
from paragone_text.evaluation.lengths import lengths, wasserstein

Make = Callable[..., Evidence]


def test_agrees_with_scipy() -> None:
    numbers = torch.Generator().manual_seed(0)
    for first, second in ((40, 40), (7, 200), (1, 3)):
        x = torch.randint(0, 30, (first,), generator=numbers)
        y = torch.randint(0, 50, (second,), generator=numbers)
        assert wasserstein(x, y) == pytest.approx(wasserstein_distance(x.numpy(), y.numpy()), abs=1e-12)
        assert wasserstein(x, y) == pytest.approx(wasserstein(y, x), abs=1e-12)


def test_closed_forms() -> None:
    x = torch.tensor([3, 1, 2])
    assert wasserstein(x, x) == 0
    assert wasserstein(x, x + 5) == pytest.approx(5)
    assert wasserstein(torch.tensor([0, 0, 0, 4]), torch.tensor([0])) == pytest.approx(1)


def test_it_is_the_lengths_in_characters_that_count(evidence: Make) -> None:
    real = evidence(["abcd"] * 100)
    assert lengths(evidence(["wxyz"] * 100), real).value == 0
    assert lengths(evidence(["a", "abcdefg"] * 50), real).value == pytest.approx(3)
    assert "2 samples" in lengths(evidence(["a"] * 2), real).doubt
    assert lengths(evidence([]), real).value is None
