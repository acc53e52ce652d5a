"""Prepared data on disk, found again by what it was made from.

``<key>/`` holds arrays (``<name>.npy``) and ``facts.json``. The key is a hash of the
content, so a file can move or be touched without being prepared again. ``index/``
remembers which key a place had when it was last looked at, and what there was to say about
it, so that an untouched one is not even read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

Fill = Callable[[Path], dict[str, Any]]
"""Writes arrays into the folder it is given, and returns the facts: plain JSON values."""


@dataclass(frozen=True)
class Entry:
    """A prepared set: its arrays, memory-mapped, and what else is known of it."""

    key: str
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


class RowWriter:
    """Appends to a ``.npy`` file of one axis whose length is not known beforehand.

    Written in sequence, not through a memory map: on a full disk a write fails
    with an error, where touching a mapped page would kill the process.
    """

    def __init__(self, path: Path, dtype: str) -> None:
        self._dtype, self._rows = np.dtype(dtype), 0
        self._file = path.open("wb")
        self._header()

    def append(self, rows: NDArray[Any]) -> None:
        """Add ``(n,)``."""
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._rows += len(rows)

    def _header(self) -> None:
        # NumPy leaves room in the header for the first axis to grow in place
        descr = np.lib.format.dtype_to_descr(self._dtype)
        np.lib.format.write_array_header_1_0(self._file, {"descr": descr, "fortran_order": False, "shape": (self._rows,)})

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
    """The cache folder.

    Args:
        folder: made when it is needed.
        arrays: name → dtype of what every entry holds, each of one axis.
    """

    def __init__(self, folder: Path, arrays: Mapping[str, str]) -> None:
        self.folder, self.arrays = folder, arrays

    def recall(self, place: str, signature: str) -> tuple[str, list[str]] | None:
        """Key and notes of ``place`` if it still has ``signature``."""
        try:
            known = json.loads((self.folder / "index" / f"{place}.json").read_text("utf-8"))
            return (str(known["key"]), list(known["notes"])) if known["signature"] == signature else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # absent or damaged: look at the content

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
            facts = json.loads((folder / "facts.json").read_text("utf-8"))
            lengths = facts.pop("lengths")
            # plain arrays over the maps: indexing a numpy.memmap costs several times more
            arrays = {name: np.asarray(np.lib.format.open_memmap(folder / f"{name}.npy", mode="r")) for name in self.arrays}
            right = all(arrays[name].shape == (lengths[name],) and arrays[name].dtype == dtype for name, dtype in self.arrays.items())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return Entry(key, arrays, facts) if right else None

    def build(self, key: str, fill: Fill, waiting: Callable[[], None]) -> Entry:
        """The prepared set of that key, made by ``fill`` unless another process was faster.

        Args:
            fill: see :data:`Fill`; it writes all of :attr:`arrays`.
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

    def _filled(self, key: str, fill: Fill) -> Entry:
        partial, final = self.folder / f"{key}.partial", self.folder / key
        _remove(partial)  # of a process that was killed
        try:
            partial.mkdir()
            facts = fill(partial)
            lengths = {name: len(np.load(partial / f"{name}.npy", mmap_mode="r")) for name in self.arrays}
            _write_json(partial / "facts.json", {**facts, "lengths": lengths})
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
