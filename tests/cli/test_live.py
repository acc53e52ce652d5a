from __future__ import annotations

import io
import re

import pytest

from paragone_cli.live import LiveReporter

from .test_progress import line


class Terminal(io.StringIO):
    """A terminal of 80 columns that remembers what it was shown."""

    def isatty(self) -> bool:
        return True


class Closed(Terminal):
    """A terminal that has gone away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def play(stream: Terminal) -> str:
    reporter = LiveReporter(stream)
    reporter.note("three files [skipped]")
    reporter.progress(0.1, 100)
    reporter.stats(line(samples=1_234_000, seconds=3600, progress=0.25))
    reporter.stats(line(health="collapsed", advice="Raise penalty.r1."))
    reporter.progress(1.0, 1000)
    reporter.close()
    reporter.close()  # the engine closes it, and so does the command
    return stream.getvalue()


def test_it_shows_what_matters() -> None:
    shown = play(Terminal())
    assert "\x1b[32m" in shown or "\x1b[33m" in shown
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    for words in ("three files [skipped]", "100%", "loss G 0.500 D 0.500", "margin 0.50", "augment 0.50", "collapsed: Raise penalty.r1."):
        assert words in plain
    assert max(len(row) for row in re.split(r"[\r\n]", plain)) <= 80


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", play(Terminal()))


def test_a_terminal_that_goes_away_does_not_stop_a_training() -> None:
    play(Closed())
