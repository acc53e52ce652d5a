"""``stats.jsonl``: the statistics of a run, on disk and in memory."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from . import files
from .reporting import Stats


class StatsLog:
    """Appends lines, and reads them back on resume.

    Attributes:
        history: every line of the run, oldest first.
    """

    def __init__(self, path: Path, samples: int) -> None:
        """Keep what was written up to ``samples``; later lines belong to steps that were lost."""
        self.path = path
        self.history = [stats for stats in _read(path) if stats.samples <= samples]
        files.write(path, "".join(f"{_line(stats)}\n" for stats in self.history).encode())

    def append(self, stats: Stats) -> None:
        """Add a line.

        Raises:
            OutputError: if it cannot be written.
        """
        self.history.append(stats)
        files.append(self.path, _line(stats))


def _line(stats: Stats) -> str:
    return json.dumps({key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in stats.to_json().items()})


def _read(path: Path) -> list[Stats]:
    if not path.exists():
        return []
    history, names = [], {field.name for field in fields(Stats)}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue  # a line cut short by a kill
        if isinstance(values, dict) and values.keys() == names:
            history.append(Stats(**values))
    return history
