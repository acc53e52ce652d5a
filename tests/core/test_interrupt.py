"""A first signal is a request, a second Ctrl-C is none; and threads are left alone."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

import paragone
from paragone.interrupt import interruptible


def test_a_signal_is_a_request_and_the_second_is_not() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with interruptible() as asked:
        assert not asked()
        for _ in range(2):  # a machine that shuts down may say it again
            os.kill(os.getpid(), signal.SIGTERM)
            assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert {number: signal.getsignal(number) for number in before} == before


def test_training_in_a_thread_is_not_interrupted(tmp_path: Path) -> None:
    made: list[str] = []

    def train() -> None:
        run = paragone.train("points", out=tmp_path / "run", samples=64, settings={"train.device": "cpu", "train.threads": 1})
        made.append(run.hash())

    thread = threading.Thread(target=train)
    thread.start()
    thread.join(60)
    assert made == [paragone.load(tmp_path / "run").hash]
