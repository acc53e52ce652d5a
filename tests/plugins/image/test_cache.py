"""What is written can be trusted, and what is damaged is not."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from paragone_image.cache import Facts, RowWriter, Store

from .pictures import noise

FACTS = Facts("L", False, 0, ("a", "b"), 1, (("x.png", "is empty"),), 0, ("note",))


def filled(folder: Path) -> Facts:
    for name, kind, array in (
        ("samples", "u1", noise((3, 8, 9, 1))), ("labels", "<i8", np.arange(3)), ("hashes", "<u8", np.arange(3, dtype=np.uint64)),
    ):  # fmt: skip
        with RowWriter(folder / f"{name}.npy", kind, array.shape[1:]) as writer:
            writer.append(array[:1])
            writer.append(array[1:])
    return FACTS


def nobody_waits() -> None:
    raise AssertionError("nobody else is building")


def test_rows_are_an_ordinary_npy_file(tmp_path: Path) -> None:
    filled(tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "samples.npy"), noise((3, 8, 9, 1)))
    with RowWriter(tmp_path / "none.npy", "u1", (2,)):
        pass
    assert np.load(tmp_path / "none.npy").shape == (0, 2)


def test_what_is_built_is_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "cache")
    assert store.load("key") is None
    built = store.build("key", filled, nobody_waits)
    found = store.load("key")
    assert found is not None
    assert found.facts == built.facts == FACTS
    np.testing.assert_array_equal(found.samples, noise((3, 8, 9, 1)))
    store.build("key", lambda folder: pytest.fail("it was there already"), nobody_waits)


def test_the_index_answers_only_for_the_same_signature(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.remember("place", "now", "key", ["note"])
    assert store.recall("place", "now") == ("key", ["note"])
    assert store.recall("place", "later") is None
    assert store.recall("elsewhere", "now") is None
    (tmp_path / "index" / "place.json").write_text("{")
    assert store.recall("place", "now") is None


@pytest.mark.parametrize("name", ["samples.npy", "labels.npy", "hashes.npy", "facts.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "empty", "other"])
def test_damage_is_noticed_and_mended(tmp_path: Path, name: str, damage: str) -> None:
    store = Store(tmp_path)
    store.build("key", filled, nobody_waits)
    file = tmp_path / "key" / name
    if damage == "gone":
        file.unlink()
    elif damage == "other":
        np.save(tmp_path / "x.npy", noise((5, 8, 9, 1)).astype(np.int16))
        file.write_bytes((tmp_path / "x.npy").read_bytes())
    else:
        file.write_bytes(file.read_bytes()[:-1] if damage == "cut" else b"")
    assert store.load("key") is None
    np.testing.assert_array_equal(store.build("key", filled, nobody_waits).samples, noise((3, 8, 9, 1)))


def test_a_fault_while_building_leaves_nothing_and_old_rests_are_removed(tmp_path: Path) -> None:
    def broken(folder: Path) -> Facts:
        filled(folder)
        raise KeyboardInterrupt

    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.build("key", broken, nobody_waits)
    assert store.load("key") is None
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_dir()] == []
    (tmp_path / "key.partial").mkdir()  # of a process that was killed
    (tmp_path / "key.partial" / "samples.npy").write_bytes(b"half")
    assert store.build("key", filled, nobody_waits).facts == FACTS


def test_two_at_once_build_once(tmp_path: Path) -> None:
    calls, waited = [], []

    def slow(folder: Path) -> Facts:
        calls.append(folder)
        time.sleep(1.3)  # longer than the second waits before it says so
        return filled(folder)

    def build() -> None:
        Store(tmp_path).build("key", slow, lambda: waited.append(True))

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(calls), waited) == (1, [True])
