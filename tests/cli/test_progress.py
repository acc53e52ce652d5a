from __future__ import annotations

import io
import sys

import pytest

from paragone.reporting import Silent, Stats
from paragone_cli.progress import PlainReporter, choose_reporter, clock, seconds_left


def line(samples: int = 1000, seconds: float = 10.0, progress: float = 0.25, health: str = "learning", advice: str = "") -> Stats:
    numbers = dict.fromkeys(
        ("loss_generator", "loss_discriminator", "penalty", "margin", "r_t", "augment_p", "diversity", "gradient_generator"), 0.5
    )
    rates = dict.fromkeys(("gradient_discriminator", "learning_rate_generator", "learning_rate_discriminator"), 0.1)
    return Stats(1, samples, seconds, progress, 100.0, **numbers, **rates, health=health, advice=advice)


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_line_every_so_often_and_every_change_of_health() -> None:
    stream, watch = io.StringIO(), Clock()
    reporter = PlainReporter(stream, watch)
    reporter.stats(line())
    reporter.stats(line())  # too soon
    assert stream.getvalue().count("\n") == 1
    assert "1,000 samples  100/s  0:30 left  loss G 0.500 D 0.500" in stream.getvalue()
    reporter.stats(line(health="collapsed", advice="Raise penalty.r1."))
    assert stream.getvalue().splitlines()[-1] == "collapsed: Raise penalty.r1."
    reporter.stats(line(health="collapsed", advice="Raise penalty.r1."))
    assert stream.getvalue().count("\n") == 3
    watch.now += 11
    reporter.stats(line(health="collapsed", advice="Raise penalty.r1."))
    assert stream.getvalue().count("\n") == 4  # the numbers, not the same advice again


def test_a_closed_stderr_does_not_stop_a_training() -> None:
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    stream.close()
    reporter.note("nobody hears this")
    reporter.stats(line())


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65, "1:05"), (59.7, "1:00"), (3725, "1:02:05")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_time_left() -> None:
    assert seconds_left(line(seconds=10, progress=0.25)) == 30
    assert seconds_left(line(progress=0.0)) is None


def test_the_reporter_suits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(choose_reporter(quiet=True), Silent)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(choose_reporter(quiet=False), PlainReporter)
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_reporter(quiet=False), PlainReporter)
    monkeypatch.setenv("TERM", "xterm")
    assert type(choose_reporter(quiet=False)).__name__ == "LiveReporter"
