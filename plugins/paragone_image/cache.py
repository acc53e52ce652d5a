"""Decoded pictures on disk, found again by what they were made from.

``<key>/`` holds ``samples.npy`` (N, H, W, C) uint8 in straight alpha,
``labels.npy`` (N,) int64, ``hashes.npy`` (N,) uint64 and ``facts.json``. The
key is a hash of the content, so a folder can move or be touched without being
decoded again. ``index/`` remembers which key a place had when it was last
looked at, so that an untouched one is not even read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from .decode import Pixels
from .fit import Mode
from .labelling import Labels

VERSION = 1
"""Rises when a cache written before would no longer be right."""


@dataclass(frozen=True)
class Facts:
    """What is known of a prepared set, besides its arrays.

    Attributes:
        mode: colour mode of the samples.
        smooth: whether some alpha is neither 0 nor 255.
        flattened: pictures whose transparency was laid on black because the settings say so.
        labels: names of the labels that occur, ``()`` when there are none.
        skipped: how many pictures could not be used.
        reasons: (name, reason) of the first of them.
        duplicates: pictures that are equal to an earlier one.
        notes: what else a user should know.
    """

    mode: Mode
    smooth: bool
    flattened: int
    labels: tuple[str, ...]
    skipped: int
    reasons: tuple[tuple[str, str], ...]
    duplicates: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A prepared set: memory-mapped samples, and the rest in memory."""

    key: str
    samples: Pixels
    labels: Labels
    hashes: NDArray[np.uint64]
    facts: Facts


class RowWriter:
    """Appends rows to an ``.npy`` file whose length is not known beforehand.

    Written in sequence, not through a memory map: on a full disk a write fails
    with an error, where touching a mapped page would kill the process.
    """

    def __init__(self, path: Path, dtype: str, row: tuple[int, ...]) -> None:
        self._descr, self._row, self._rows = np.lib.format.dtype_to_descr(np.dtype(dtype)), row, 0
        self._file = path.open("wb")
        self._header()

    def append(self, rows: NDArray[Any]) -> None:
        """Add ``(n, *row)``."""
        self._file.write(np.ascontiguousarray(rows).data)
        self._rows += len(rows)

    def _header(self) -> None:
        # NumPy leaves room in the header for the first axis to grow in place
        np.lib.format.write_array_header_1_0(self._file, {"descr": self._descr, "fortran_order": False, "shape": (self._rows, *self._row)})

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._file.seek(0)
                self._header()
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            with contextlib.suppress(OSError):  # a full disk was already reported; closing flushes once more
                self._file.close()


class Store:
    """The cache folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def recall(self, place: str, signature: str) -> tuple[str, list[str]] | None:
        """Key and listing notes of ``place`` if it still has ``signature``."""
        try:
            known = json.loads((self.folder / "index" / f"{place}.json").read_text("utf-8"))
            if known["signature"] == signature:
                return str(known["key"]), [str(note) for note in known["notes"]]
        except (OSError, ValueError, KeyError, TypeError):
            pass  # absent or damaged: look at the content
        return None

    def remember(self, place: str, signature: str, key: str, notes: Sequence[str]) -> None:
        """Make :meth:`recall` answer; a folder that cannot be written is left alone."""
        target = self.folder / "index" / f"{place}.json"
        with contextlib.suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(f".{os.getpid()}.partial")
            _write_json(partial, {"signature": signature, "key": key, "notes": list(notes)})
            os.replace(partial, target)

    def load(self, key: str) -> Entry | None:
        """The prepared set of that key, or ``None`` if it is absent or damaged."""
        folder = self.folder / key
        try:
            facts = _read_facts(json.loads((folder / "facts.json").read_text("utf-8")))
            samples = np.lib.format.open_memmap(folder / "samples.npy", mode="r")
            labels = np.load(folder / "labels.npy", allow_pickle=False)
            hashes = np.load(folder / "hashes.npy", allow_pickle=False)
        except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError):
            return None
        channels = {"L": 1, "RGB": 3, "RGBA": 4}.get(facts.mode)
        right = samples.ndim == 4 and samples.dtype == np.uint8 and samples.shape[3] == channels and len(samples) >= 2
        for array, dtype in ((labels, np.int64), (hashes, np.uint64)):
            right = right and array.shape == (len(samples),) and array.dtype == dtype
        # a plain array over the map: indexing a numpy.memmap costs several times more
        return Entry(key, np.asarray(samples), labels, hashes, facts) if right else None

    def build(self, key: str, fill: Callable[[Path], Facts], waiting: Callable[[], None]) -> Entry:
        """The prepared set of that key, made by ``fill`` unless another process was faster.

        Args:
            fill: writes the three arrays into the folder it is given.
            waiting: called when another process holds the lock.

        Raises:
            OSError: if the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / f"{key}.lock")
        try:
            lock.acquire(timeout=1)
        except Timeout:
            waiting()
            lock.acquire()
        try:
            return self.load(key) or self._filled(key, fill)
        finally:
            lock.release()

    def _filled(self, key: str, fill: Callable[[Path], Facts]) -> Entry:
        partial, final = self.folder / f"{key}.partial", self.folder / key
        _remove(partial)  # of a process that was killed
        try:
            partial.mkdir()
            _write_json(partial / "facts.json", asdict(fill(partial)))
            _sync_folder(partial)
            _remove(final)  # it exists only if it is damaged
            os.rename(partial, final)
            _sync_folder(self.folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        entry = self.load(key)
        if entry is None:
            raise OSError(f"what was written to {final} reads back damaged")
        return entry


def _read_facts(value: dict[str, Any]) -> Facts:
    value["labels"], value["notes"] = tuple(value["labels"]), tuple(value["notes"])
    value["reasons"] = tuple((str(name), str(reason)) for name, reason in value["reasons"])
    return Facts(**value)


def _write_json(path: Path, value: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system can open a folder; the rename is atomic all the same
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
