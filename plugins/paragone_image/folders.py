"""A folder of picture files, walked once in a fixed order."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from paragone.errors import DataError
from paragone.listing import hidden, holds_run, stamp

from .decode import MAX_BYTES, SUFFIXES, Unreadable


@dataclass(frozen=True)
class Found:
    """One file: its name relative to the folder, with ``/``, and its :func:`paragone.listing.stamp`."""

    name: str
    stamp: tuple[int, int, int]


@dataclass
class Listing:
    """What a folder holds.

    Attributes:
        pictures: files that are pictures by their suffix.
        unusable: (name, reason) of what is named like a picture but is no file.
        others: files of other kinds.
    """

    pictures: list[Found] = field(default_factory=list)
    unusable: list[tuple[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def signature(self) -> str:
        """Hash of every name, size and time."""
        digest = hashlib.sha256()
        for found in sorted(self.pictures, key=lambda found: found.name):
            digest.update(repr((found.name, found.stamp)).encode())
        digest.update(repr((sorted(self.unusable), sorted(self.others))).encode())
        return digest.hexdigest()


def walk(root: Path) -> Listing:
    """List ``root`` and everything under it; a link back to a folder already seen is not followed.

    Raises:
        DataError: if ``root`` itself cannot be listed.
    """
    listing = Listing()
    seen: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            status = os.stat(root / prefix)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(root / prefix) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not prefix:
                raise DataError(f"cannot be listed ({error.strerror})", where=root, fix="Check its permissions.") from error
            listing.unusable.append((prefix, f"cannot be listed ({error.strerror})"))
            continue
        if holds_run([entry.name for entry in ordered]):
            listing.others.append(f"{prefix}config.json")
            continue
        deeper = [f"{prefix}{entry.name}/" for entry in ordered if _sort_in(entry, prefix, listing)]
        waiting.extend(reversed(deeper))
    return listing


def _sort_in(entry: os.DirEntry[str], prefix: str, listing: Listing) -> bool:
    """Put one entry where it belongs; true for a folder to look into."""
    if hidden(entry.name):
        return False
    name = prefix + entry.name
    picture = entry.name.lower().endswith(SUFFIXES)
    try:
        status = entry.stat()
    except OSError as error:  # such as a link to nothing
        if picture:
            listing.unusable.append((name, f"cannot be opened ({error.strerror})"))
        return False
    if stat.S_ISDIR(status.st_mode):
        return True
    if not picture:
        listing.others.append(name)
    elif stat.S_ISREG(status.st_mode):
        listing.pictures.append(Found(name, stamp(status)))
    else:
        listing.unusable.append((name, "is no ordinary file"))  # a pipe would make us wait for ever
    return False


def reader(root: Path) -> Callable[[str], bytes]:
    """A function from a name in ``root`` to the file's bytes; it raises ``OSError`` or :class:`Unreadable`."""

    def read(name: str) -> bytes:
        with open(root / name, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise Unreadable(f"is larger than {MAX_BYTES >> 20} MiB")
        return data

    return read
