"""Where pictures come from: a folder, a zip, an IDX file or an npz file.

Every kind answers the same few questions (:class:`Source`), one picture at a
time, so that a folder of a million files needs no more memory than its names.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paragone.errors import DataError
from paragone.listing import BROKEN, is_folder, others_note, printable
from paragone.listing import signature as listing_signature

from . import arrays, folders, zips
from .decode import Header, Pixels, Unreadable, header, pixels
from .labelling import Labels, by_folder

UNDERSTOOD = "Name a folder or a .zip of PNG, JPEG, WebP, GIF or BMP pictures, an IDX images file, or an .npz file."


class Source(Protocol):
    """Pictures in a fixed order.

    Attributes:
        labels: names of the labels, ``()`` when there are none.
        of: ``(N,)`` int64, label number of each picture.
        unusable: (name, reason) of what looks like a picture but cannot be opened.
        notes: what a user should know about the listing.
    """

    labels: tuple[str, ...]
    of: Labels
    unusable: Sequence[tuple[str, str]]
    notes: Sequence[str]

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """Name of a picture, relative to the source."""
        ...

    def header(self, index: int) -> Header:
        """What is known before decoding; raises :class:`Unreadable`."""
        ...

    def pixels(self, index: int, enough: int) -> Pixels:
        """The decoded picture; raises :class:`Unreadable`. See :func:`.decode.pixels`."""
        ...


@dataclass
class Encoded:
    """Picture files, wherever :attr:`read` gets their bytes from."""

    names: list[str]
    shown: list[str]
    labels: tuple[str, ...]
    of: Labels
    read: Callable[[str], bytes]
    unusable: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    close: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """See :class:`Source`."""
        return self.shown[index]

    def header(self, index: int) -> Header:
        """See :class:`Source`."""
        return header(self._bytes(index))

    def pixels(self, index: int, enough: int) -> Pixels:
        """See :class:`Source`."""
        return pixels(self._bytes(index), enough)

    def _bytes(self, index: int) -> bytes:
        try:
            return self.read(self.names[index])
        except (*BROKEN, ValueError, RuntimeError) as error:
            raise Unreadable(f"cannot be read ({getattr(error, 'strerror', None) or error})") from error

    def __enter__(self) -> Encoded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(path: Path) -> AbstractContextManager[Source]:
    """The pictures at ``path``, as a context manager that closes what it opened.

    Raises:
        DataError: if there are none, or it cannot be read at all.
    """
    kind = _kind(path)
    if kind == "idx":
        return arrays.open_idx(arrays.idx_images(path))
    if kind == "npz":
        return arrays.open_npz(path)
    if kind == "zip":
        archive = zips.open_archive(path)
        return _encoded(path, archive.pictures, archive.read, (), archive.others, archive.close)
    listing = folders.walk(path)
    return _encoded(path, [found.name for found in listing.pictures], folders.reader(path), listing.unusable, listing.others, lambda: None)


def _encoded(
    path: Path,
    names: Sequence[str],
    read: Callable[[str], bytes],
    unusable: Sequence[tuple[str, str]],
    others: Sequence[str],
    close: Callable[[], None],
) -> Encoded:
    if not names:
        close()
        what = f"holds no picture, only {len(others)} other files, such as {printable(others[0])}" if others else "holds no picture"
        if unusable:
            what = f"holds no readable picture ({unusable[0][0]} {unusable[0][1]})"
        inside = next((name for name in others if name.lower().endswith((".zip", ".npz"))), None)
        raise DataError(what, where=path, fix=UNDERSTOOD if inside is None or not path.is_dir() else f"Did you mean {path / inside}?")
    found = by_folder(names)
    return Encoded(found.names, found.shown, found.labels, found.of, read, unusable, [*found.notes, *others_note(others)], close)


def signature(path: Path) -> str:
    """A hash of names, sizes and times: unchanged, it means that nothing was touched.

    Raises:
        DataError: if ``path`` is absent or nothing that could hold pictures.
    """
    kind = _kind(path)
    if kind == "folder":
        return folders.walk(path).signature
    files = [path]
    if kind == "idx":
        images = arrays.idx_images(path)
        files = [images, *filter(None, [arrays.idx_labels(images)])]
    return "".join(listing_signature(file, kind) for file in files)


def _kind(path: Path) -> str:
    """``"folder"``, ``"zip"``, ``"npz"`` or ``"idx"``."""
    if is_folder(path, UNDERSTOOD):
        return "idx" if arrays.holds_idx(path) else "folder"
    if path.suffix.lower() == ".npz":
        return "npz"
    if arrays.is_idx_name(path.name):
        return "idx"
    if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        return "zip"
    raise DataError("is nothing that pictures can be read from", where=path, fix=UNDERSTOOD)
