"""What a training says on stderr: plain lines, or a live bar where a person is watching."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

from paragone.reporting import Reporter, Silent, Stats

EVERY_SECONDS = 10.0
"""Between two plain lines, unless the health changes."""


def choose_reporter(quiet: bool) -> Reporter:
    """The reporter that suits stderr."""
    if quiet:
        return Silent()
    if sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
        from .live import LiveReporter

        return LiveReporter(sys.stderr)
    return PlainReporter(sys.stderr)


def clock(seconds: float) -> str:
    """``65`` → ``1:05``; ``3725`` → ``1:02:05``."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def seconds_left(stats: Stats) -> float | None:
    """Seconds to the end of the budget at the pace so far; ``None`` while it cannot be told."""
    return stats.seconds * (1 - stats.progress) / stats.progress if stats.progress > 0 else None


def figures(stats: Stats) -> str:
    """The numbers worth watching, in one line."""
    shown = []
    if stats.loss_discriminator:  # else no game is played yet
        shown.append(f"loss G {stats.loss_generator:.3f} D {stats.loss_discriminator:.3f}  margin {stats.margin:.2f}")
    if stats.augment_p or not (stats.likelihood or stats.reconstruction):
        shown.append(f"augment {stats.augment_p:.2f}")
    shown += [f"{name} {value:.2f}" for name in ("likelihood", "reconstruction") if (value := getattr(stats, name))]
    return "  ".join(shown)


class PlainReporter:
    """Plain lines, for files and pipes: one every so often, and every change of health."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self.stream, self.now = stream, now
        self.health, self.advice, self.spoken = "", "", -EVERY_SECONDS

    def note(self, text: str) -> None:
        """Print it."""
        with contextlib.suppress(OSError, ValueError):  # nobody reads stderr any more: no reason to stop training
            print(text, file=self.stream, flush=True)

    def progress(self, fraction: float, samples: int) -> None:
        """Too often for a line."""

    def stats(self, stats: Stats) -> None:
        """Print a line if it is time for one, and advice when it changes."""
        if stats.health != self.health or self.now() - self.spoken >= EVERY_SECONDS:
            self.spoken = self.now()
            left = seconds_left(stats)
            remaining = "" if left is None else f"  {clock(left)} left"
            pace = f"{stats.samples:,} samples  {stats.samples_per_second:,.0f}/s"
            self.note(f"{stats.progress:4.0%}  {pace}{remaining}  {figures(stats)}  {stats.health}")
        if stats.advice and stats.advice != self.advice:
            self.note(f"{stats.health}: {stats.advice}")
        self.health, self.advice = stats.health, stats.advice

    def close(self) -> None:
        """Nothing to close."""
