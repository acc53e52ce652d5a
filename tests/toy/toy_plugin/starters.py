"""Makers of starter data that do it wrong, for the tests of the contract."""

from __future__ import annotations

import random
from pathlib import Path


def unseeded(folder: Path) -> None:
    (folder / "points.csv").write_text(f"x,y\n{random.random()},0\n")


def nothing(folder: Path) -> None:
    pass


def failing(folder: Path) -> None:
    raise ZeroDivisionError
