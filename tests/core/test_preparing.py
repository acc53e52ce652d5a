"""Data is prepared once for each way of preparing it, and its fingerprint is that of its content."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paragone.errors import DataError
from paragone.preparing import LARGE, Preparation
from paragone.spec import Axis, SampleSpec
from paragone.store import RowWriter

LIKE = SampleSpec((Axis("value", 3, "features"),))


@dataclass
class Bytes:
    data: bytes
    size: int
    notes: tuple[str, ...]

    def digest(self) -> str:
        return self.data.hex()


class Kitchen:
    """Counts what it opens and prepares."""

    def __init__(self, size: int = 0) -> None:
        self.opened, self.filled, self.notes, self.size = 0, 0, list[str](), size

    def prepared(self, path: Path, cache: Path, question: object = 0, like: SampleSpec | None = None, **more: Any) -> Any:
        preparation = Preparation("dishes", {"bytes": "|u1"}, lambda path: str(path.stat().st_mtime_ns), self.open, self.fill, **more)
        return preparation.prepared(path, question, cache, self.notes.append, like)

    @contextlib.contextmanager
    def open(self, path: Path) -> Iterator[Bytes]:
        self.opened += 1
        yield Bytes(path.read_bytes(), self.size, (f"lies in {path.name}",))

    def fill(self, content: Bytes, folder: Path) -> dict[str, Any]:
        self.filled += 1
        if not content.data:
            raise DataError("is empty")
        with RowWriter(folder / "bytes.npy", "|u1") as writer:
            writer.append(np.frombuffer(content.data, np.uint8))
        return {"told": "all"}


def test_it_is_opened_when_touched_and_prepared_when_it_has_changed(tmp_path: Path) -> None:
    kitchen, path = Kitchen(), tmp_path / "data"
    path.write_bytes(b"abc")
    first = kitchen.prepared(path, tmp_path / "cache")
    assert (bytes(first.entry.arrays["bytes"]), first.entry.facts["told"], first.temporary) == (b"abc", "all", None)
    assert kitchen.prepared(path, tmp_path / "cache").fingerprint == first.fingerprint
    assert (kitchen.opened, kitchen.filled) == (1, 1)
    moved = path.rename(tmp_path / "moved")
    assert kitchen.prepared(moved, tmp_path / "cache").fingerprint == first.fingerprint
    assert (kitchen.opened, kitchen.filled) == (2, 1)
    moved.write_bytes(b"abd")
    os.utime(moved, ns=(1, 1))  # two writes may fall into one tick of the clock
    assert kitchen.prepared(moved, tmp_path / "cache").fingerprint != first.fingerprint
    assert kitchen.filled == 2


def test_another_question_is_another_fingerprint_and_another_likeness_is_not(tmp_path: Path) -> None:
    kitchen, path = Kitchen(), tmp_path / "data"
    path.write_bytes(b"abc")
    one, two = (kitchen.prepared(path, tmp_path / "cache", question).fingerprint for question in (1, 2))
    assert one != two
    assert kitchen.prepared(path, tmp_path / "cache", 1, LIKE).fingerprint == one
    assert kitchen.filled == 3
    kitchen.prepared(path, tmp_path / "cache", 1, LIKE)
    assert kitchen.filled == 3


def test_who_waits_is_told_and_an_error_says_where(tmp_path: Path) -> None:
    kitchen, path = Kitchen(LARGE), tmp_path / "data"
    path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        kitchen.prepared(path, tmp_path / "cache")
    assert caught.value.where == path
    assert kitchen.notes == ["Preparing 34 MB of dishes. This is done once; the next start is immediate."]


def test_notes_are_those_of_the_place_though_equal_content_is_prepared_once(tmp_path: Path) -> None:
    kitchen = Kitchen()
    for name in ("here", "there"):
        (tmp_path / name).write_bytes(b"abc")
        for _ in range(2):
            assert list(kitchen.prepared(tmp_path / name, tmp_path / "cache").notes) == [f"lies in {name}"]
    assert (kitchen.opened, kitchen.filled) == (2, 1)


def test_a_medium_can_have_its_own_unit_and_fingerprint(tmp_path: Path) -> None:
    kitchen, path = Kitchen(7), tmp_path / "data"
    path.write_bytes(b"abc")
    found = kitchen.prepared(path, tmp_path / "cache", amount=lambda size: f"{size} spoons of", whole=True)
    assert found.fingerprint == b"abc".hex()
    assert kitchen.notes == ["Preparing 7 spoons of dishes. This is done once; the next start is immediate."]
