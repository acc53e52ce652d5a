"""What is kept can be trusted, and what is damaged is not."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paragone.store import RowWriter, Store

ARRAYS = {"tokens": "<u2", "ends": "<i8"}
CONTENT = {"tokens": np.arange(7, dtype=np.uint16), "ends": np.array([3, 7])}
FACTS = {"labels": ["a", "b"], "length": 4}


def filled(folder: Path) -> dict[str, Any]:
    for name, array in CONTENT.items():
        with RowWriter(folder / f"{name}.npy", ARRAYS[name]) as writer:
            writer.append(array[:1])
            writer.append(array[1:].astype(np.int64))
    return dict(FACTS)


def nobody_waits() -> None:
    raise AssertionError("nobody else is building")


def test_rows_are_an_ordinary_npy_file(tmp_path: Path) -> None:
    filled(tmp_path)
    for name, array in CONTENT.items():
        found = np.load(tmp_path / f"{name}.npy")
        np.testing.assert_array_equal(found, array)
        assert found.dtype == ARRAYS[name]
    with RowWriter(tmp_path / "none.npy", "<u2"):
        pass
    assert np.load(tmp_path / "none.npy").shape == (0,)


def test_what_is_built_is_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "cache", ARRAYS)
    assert store.load("key") is None
    store.build("key", filled, nobody_waits)
    found = store.load("key")
    assert found is not None
    assert found.facts == FACTS
    np.testing.assert_array_equal(found.arrays["tokens"], CONTENT["tokens"])
    store.build("key", lambda folder: pytest.fail("it was there already"), nobody_waits)


def test_the_index_answers_only_for_the_same_signature(tmp_path: Path) -> None:
    store = Store(tmp_path, ARRAYS)
    store.remember("place", "now", "key", ["note"])
    assert store.recall("place", "now") == ("key", ["note"])
    assert store.recall("place", "later") is None
    assert store.recall("elsewhere", "now") is None
    (tmp_path / "index" / "place.json").write_text("{")
    assert store.recall("place", "now") is None


@pytest.mark.parametrize("name", ["tokens.npy", "ends.npy", "facts.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "empty", "other"])
def test_damage_is_noticed_and_mended(tmp_path: Path, name: str, damage: str) -> None:
    store = Store(tmp_path, ARRAYS)
    store.build("key", filled, nobody_waits)
    file = tmp_path / "key" / name
    if damage == "gone":
        file.unlink()
    elif damage == "other":
        np.save(tmp_path / "x.npy", np.arange(5, dtype=np.int16))
        file.write_bytes((tmp_path / "x.npy").read_bytes())
    else:
        file.write_bytes(file.read_bytes()[:-1] if damage == "cut" else b"")
    assert store.load("key") is None
    np.testing.assert_array_equal(store.build("key", filled, nobody_waits).arrays["tokens"], CONTENT["tokens"])


def test_a_fault_while_building_leaves_nothing_and_old_rests_are_removed(tmp_path: Path) -> None:
    def broken(folder: Path) -> dict[str, Any]:
        filled(folder)
        raise KeyboardInterrupt

    store = Store(tmp_path, ARRAYS)
    with pytest.raises(KeyboardInterrupt):
        store.build("key", broken, nobody_waits)
    assert store.load("key") is None
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_dir()] == []
    (tmp_path / "key.partial").mkdir()  # of a process that was killed
    (tmp_path / "key.partial" / "tokens.npy").write_bytes(b"half")
    assert store.build("key", filled, nobody_waits).facts == FACTS


def test_two_at_once_build_once(tmp_path: Path) -> None:
    calls, waited, told = [], [], threading.Event()

    def slow(folder: Path) -> dict[str, Any]:
        calls.append(folder)
        assert told.wait(60)
        return filled(folder)

    def build() -> None:
        Store(tmp_path, ARRAYS).build("key", slow, lambda: (waited.append(True), told.set()))

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(calls), waited) == (1, [True])
