"""A live progress bar with rich, for a person at a terminal.

Imported only when a training starts. ``NO_COLOR`` is honoured by rich itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TextIO, cast

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from paragone.reporting import Stats

from .progress import clock, figures, seconds_left


class LiveReporter:
    """A bar by the share of the budget, the numbers under it, advice above it."""

    def __init__(self, stream: TextIO) -> None:
        console = Console(file=cast(TextIO, _Forgiving(stream)), highlight=False)
        self.bar = _TwoLines(
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.fields[health]}"),
            console=console,
            refresh_per_second=2,  # drawing takes time from the training
        )
        self.task = self.bar.add_task("", total=1.0, pace="starting", health="")
        self.advice, self.begun = "", False

    def note(self, text: str) -> None:
        """Print it above the bar."""
        self.bar.console.print(Text(text))

    def progress(self, fraction: float, samples: int) -> None:
        """Move the bar."""
        if not self.begun:
            self.bar.start()
            self.begun = True
        self.bar.update(self.task, completed=fraction)

    def stats(self, stats: Stats) -> None:
        """Show the new numbers, and advice when it changes."""
        left = seconds_left(stats)
        pace = f"{stats.samples:,} samples, {stats.samples_per_second:,.0f}/s" + ("" if left is None else f", {clock(left)} left")
        colour = "green" if stats.health == "learning" else "yellow" if stats.health and stats.health != "starting" else ""
        self.bar.figures = figures(stats)
        self.bar.update(self.task, pace=pace, health=f"[{colour}]{stats.health}[/]" if colour else stats.health)
        if stats.advice and stats.advice != self.advice:
            self.bar.console.print(Text(f"{stats.health}: {stats.advice}", style="yellow"))
        self.advice = stats.advice

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self.begun:
            self.bar.stop()
            self.begun = False


class _TwoLines(Progress):
    """The bar, and the figures on a line of their own: together they fit into 80 columns."""

    figures = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.figures:
            yield Text(self.figures, style="dim", no_wrap=True, overflow="ellipsis")


class _Forgiving:
    """A stream whose faults do not reach the training: a closed terminal is no reason to stop."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.stream.flush()
