"""Where sounds come from: a folder or a zip of sound files with sub-folders as labels, or one file."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from paragone.errors import DataError
from paragone.files import cannot_write
from paragone.listing import BROKEN, Listing, by_folder, is_folder, listing, others_note
from paragone.listing import signature as listing_signature

from .decode import SUFFIXES, Sound, Unreadable, opened

UNDERSTOOD = "Name a folder or a .zip of WAV, FLAC, OGG, MP3 or AIFF files, or one such file."

_IN_MEMORY = 2**26
"""A member of a zip is unpacked into memory up to so many bytes, into a temporary file beyond."""


_LARGEST = 2**32
"""Bytes of a member of a zip; what is a day of sound had better lie in a folder."""


@dataclass(frozen=True)
class Part:
    """One file.

    Attributes:
        name: relative to the source, ``/`` between folders; a single file's own name.
        label: its top-level folder, as a keyboard types it (NFC); empty for none.
        open: the file's bytes, from the beginning.
        packed: whether they lie in a zip, where a jump back is slow.
    """

    name: str
    label: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    packed: bool = False

    @contextlib.contextmanager
    def sound(self) -> Iterator[Sound]:
        """The sound in it.

        Raises:
            Unreadable: if there is none.
            OutputError: if it has to be unpacked, and there is no room for it.
        """
        try:
            with _unpacked(self.open()) if self.packed else self.open() as file, opened(file) as sound:
                yield sound
        except BROKEN as error:
            raise Unreadable(f"cannot be read ({getattr(error, 'strerror', None) or error})") from error

    def digest(self) -> str:
        """Hash of its bytes; of the reason, where they cannot be read."""
        digest = hashlib.blake2b(digest_size=32)
        try:
            with self.open() as file:
                while block := file.read(2**20):
                    digest.update(block)
        except BROKEN as error:
            digest.update(repr(error).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


@dataclass(frozen=True)
class Source:
    """Files in a fixed order.

    Attributes:
        parts: the files.
        size: bytes of all, for those who wait.
        notes: what a user should know about the listing.
    """

    parts: Sequence[Part]
    size: int
    notes: Sequence[str] = field(default=())

    def digest(self) -> str:
        """Hash of the content of all files, with their names and labels."""
        facts = repr([(part.name, part.label, part.digest()) for part in self.parts])
        return hashlib.blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=32).hexdigest()


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The sounds at ``path``; what is opened for them is closed again.

    Raises:
        DataError: if there is nothing there that could hold sounds.
    """
    kind = _kind(path)
    if kind == "file":
        yield Source([Part(path.name, "", lambda: path.open("rb"))], path.stat().st_size)
    else:
        with listing(path) as files:
            yield _folder(path, files, packed=kind == "zip")


def signature(path: Path) -> str:
    """A hash of names, sizes and times: unchanged, it means that nothing was touched.

    Raises:
        DataError: as :func:`open_source`.
    """
    return listing_signature(path, _kind(path))


def _kind(path: Path) -> str:
    """``"folder"``, ``"zip"`` or ``"file"``."""
    if is_folder(path, UNDERSTOOD):
        return "folder"
    return "zip" if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path) else "file"


@contextlib.contextmanager
def _unpacked(opening: AbstractContextManager[IO[bytes]]) -> Iterator[IO[bytes]]:
    """A decoder jumps to and fro, and every jump back in a packed member would unpack it again from its beginning."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        with opening as member:
            while block := member.read(2**20):
                if file.tell() > _LARGEST:
                    raise Unreadable(f"is larger than {_LARGEST >> 30} GiB in its zip")
                try:
                    file.write(block)
                except OSError as error:  # of the disk, and not of the archive
                    raise cannot_write(Path(tempfile.gettempdir()), error) from error
        file.seek(0)
        yield file


def _folder(path: Path, files: Listing, packed: bool) -> Source:
    """Sound files with the labels of their folders."""
    names = sorted(name for name in files.sizes if name.lower().endswith(SUFFIXES))
    others = sorted(files.sizes.keys() - set(names))
    if not names:
        inside = next((name for name in others if name.lower().endswith(".zip")), None)
        what = f"holds no sound, only {len(others)} other file{'s' * (len(others) > 1)}" if others else "holds no sound"
        raise DataError(what, where=path, fix=UNDERSTOOD if inside is None or not path.is_dir() else f"Did you mean {path / inside}?")
    labels = by_folder(names)
    notes = [*labels.notes, *others_note(others)]
    if labels.single:
        notes.append(f"Sounds lie in only one folder ({labels.single}), so they get no labels.")
    if loose := [name for name in names if labels.of.get(name) == ""]:
        are = "sounds beside the label folders are" if len(loose) > 1 else "sound beside the label folders is"
        notes.append(f"{len(loose)} loose {are} skipped.")
        names = sorted(set(names) - set(loose))
    parts = [Part(name, unicodedata.normalize("NFC", labels.of.get(name, "")), files.opener(name), packed) for name in names]
    return Source(parts, sum(files.sizes[name] for name in names), notes)
