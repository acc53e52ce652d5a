"""The Wasserstein distance of lengths, against SciPy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from paragone.evaluation.evidence import Evidence
from paragone_text.evaluation.lengths import lengths

Make = Callable[..., Evidence]


def test_it_is_the_lengths_in_characters_that_count(evidence: Make) -> None:
    real = evidence(["abcd"] * 100)
    assert lengths(evidence(["wxyz"] * 100), real).value == 0
    assert lengths(evidence(["a", "abcdefg"] * 50), real).value == pytest.approx(3)
    assert "2 samples" in lengths(evidence(["a"] * 2), real).doubt
    assert lengths(evidence([]), real).value is None
