"""``stats.jsonl``: the statistics of a run, on disk and in memory."""

from __future__ import annotations

import contextlib
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
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise files.cannot_write(path, error) from error
    history = []
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):  # a line cut short by a kill, or edited
            values = json.loads(line)
            if _is_stats(values):
                history.append(Stats(**values))
    return history


def _is_stats(values: object) -> bool:
    """Whether every field is there and of its type; a whole number will do where any number is meant."""
    kinds: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,)}
    wanted = {field.name: kinds[str(field.type)] for field in fields(Stats)}
    return isinstance(values, dict) and values.keys() == wanted.keys() and all(type(values[name]) in wanted[name] for name in wanted)
