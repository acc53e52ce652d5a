"""The digit classifier that other benchmarks judge by."""

from __future__ import annotations

import pytest

from . import knobs
from .digits import digit_judge, load_digits

pytestmark = pytest.mark.benchmark


def test_the_judge_knows_digits(capsys: pytest.CaptureFixture[str]) -> None:
    train, test = load_digits(knobs.mnist_folder())
    watch = knobs.Watch.start()
    judge = digit_judge(train, test)
    wrong = (judge.classes(test.samples()) != test.numbers).sum().item()
    with capsys.disabled():
        print(f"\ndigit classifier: {judge.accuracy:.2%} of the test digits ({wrong} wrong), ready after {watch.wall:.0f} s")
