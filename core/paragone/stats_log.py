"""``stats.jsonl``: the statistics of a run, on disk and in memory."""

from __future__ import annotations

import contextlib
import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from . import files
from .reporting import Stats


class StatsLog:
    """Appends lines, and reads them back on resume.

    Attributes:
        history: the last lines of the run, oldest first.
    """

    def __init__(self, path: Path, samples: int, most: int) -> None:
        """Keep what was written up to ``samples``; later lines belong to steps that were lost. ``most`` lines are kept in memory."""
        self.path, self.most = path, most
        kept = [stats for stats in read_stats(path) if stats.samples <= samples]
        files.write(path, "".join(f"{_line(stats)}\n" for stats in kept).encode())
        self.history = kept[-most:]

    def append(self, stats: Stats) -> None:
        """Add a line.

        Raises:
            OutputError: if it cannot be written.
        """
        self.history = [*self.history[1 - self.most :], stats]
        files.append(self.path, _line(stats))


def _line(stats: Stats) -> str:
    return json.dumps({key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in stats.to_json().items()})


def read_stats(path: Path) -> list[Stats]:
    """Every sound line of ``stats.jsonl``, oldest first; empty if there is none.

    Raises:
        OutputError: if it is there but cannot be read.
    """
    return [Stats(**values) for values in read_lines(path) if _is_stats(values)]


def read_lines(path: Path) -> list[Any]:
    """Every line of a JSON-lines file that is JSON; empty if there is no such file.

    Raises:
        OutputError: if it is there but cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise files.cannot_write(path, error) from error
    values = []
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):  # a line cut short by a kill, or edited
            values.append(json.loads(line))
    return values


def _is_stats(values: object) -> bool:
    """Whether every field without a default is there, and all are of their types; a whole number will do where any number is meant."""
    kinds: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,)}
    wanted = {field.name: kinds[str(field.type)] for field in fields(Stats)}
    needed = {field.name for field in fields(Stats) if field.default is MISSING}  # an older run's lines know fewer
    return isinstance(values, dict) and needed <= values.keys() <= wanted.keys() and all(_is_of(values[n], wanted[n]) for n in values)


def _is_of(value: object, kinds: tuple[type, ...]) -> bool:
    """Whether it is of one of these types, and no number that arithmetic could not hold."""
    return type(value) in kinds and (not isinstance(value, int) or abs(value) < 2**63)
