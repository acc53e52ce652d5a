"""Where texts come from: one file, or a folder or a zip of ``.txt`` files with sub-folders as labels.

Whatever it is, it is read from the beginning as often as need be, and never held as a whole.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from paragone.errors import DataError
from paragone.listing import BROKEN, Listing, by_folder, is_folder, listing, others_note
from paragone.listing import signature as listing_signature

from .lines import Faults, Lines
from .rows import READERS, Row

UNDERSTOOD = "Name a .txt file (a line a text), a .tsv, .csv or .jsonl file, or a folder or .zip of .txt files."

_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Marks at the beginning of a file in UTF-16, and one of those of UTF-32."""


@dataclass(frozen=True)
class Part:
    """One file.

    Attributes:
        name: relative to the source, ``/`` between folders; empty where the source is one file.
        suffix: says how it is read, a key of :data:`.rows.READERS`.
        label: of all texts in it; ``None`` where the texts say it themselves, or have none.
        open: the file's bytes, from the beginning.
    """

    name: str
    suffix: str
    label: str | None
    open: Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True)
class Source:
    """Files in a fixed order.

    Attributes:
        path: what the user named.
        parts: the files.
        size: bytes of all, for those who wait.
        notes: what a user should know about the listing.
    """

    path: Path
    parts: Sequence[Part]
    size: int
    notes: Sequence[str] = field(default=())

    def digest(self) -> str:
        """Hash of the content of all files, with their names and labels."""
        digest = hashlib.blake2b(digest_size=32)
        for part in self.parts:
            own = hashlib.blake2b(digest_size=32)
            with self._opened(part) as file:
                while block := file.read(2**20):
                    own.update(block)
            digest.update(repr((part.name, part.suffix, part.label, own.hexdigest())).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def rows(self, faults: Faults) -> Iterator[Row]:
        """Every text with its label, in order; lines that cannot be read are told to ``faults``.

        Raises:
            DataError: if a file is of another encoding, a table has no texts, or reading fails.
        """
        for part in self.parts:
            with self._opened(part) as file:
                for text, label in READERS[part.suffix](Lines(file, part.name, faults)):
                    yield text, label if part.label is None else part.label

    @contextlib.contextmanager
    def _opened(self, part: Part) -> Iterator[IO[bytes]]:
        where = self.path / part.name if part.name else self.path
        try:
            with part.open() as file:
                if file.read(2) in _WIDE:
                    raise DataError("is UTF-16, not UTF-8", where=where, fix="Save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8.")
                file.seek(0)
                yield file
        except BROKEN as error:
            reason = getattr(error, "strerror", None) or error
            raise DataError(f"cannot be read ({reason})", where=where, fix="Check it, or copy it anew.") from error
        except DataError as error:
            raise DataError(error.what, where=error.where or where, fix=error.fix) from error


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The texts at ``path``; what is opened for them is closed again.

    Raises:
        DataError: if there is nothing there that could hold texts.
    """
    kind = _kind(path)
    if kind in ("zip", "folder"):
        with listing(path) as files:
            yield _folder(path, files)
    else:
        yield Source(path, [Part("", kind, None, lambda: path.open("rb"))], path.stat().st_size)


def signature(path: Path) -> str:
    """A hash of names, sizes and times: unchanged, it means that nothing was touched.

    Raises:
        DataError: as :func:`open_source`.
    """
    return listing_signature(path, _kind(path))


def _kind(path: Path) -> str:
    """``"folder"``, ``"zip"``, or the suffix of a file that can be read."""
    if is_folder(path, UNDERSTOOD):
        return "folder"
    suffix = path.suffix.lower()
    if suffix in READERS:
        return suffix
    if suffix == ".zip":
        return "zip"
    written = "Save it as plain text, in UTF-8. " if suffix in (".doc", ".docx", ".odt", ".rtf", ".pages", ".pdf") else ""
    raise DataError(f"is of no kind that texts are read from ({suffix or 'no suffix'})", where=path, fix=written + UNDERSTOOD)


def _folder(path: Path, files: Listing) -> Source:
    """Text files with the labels of their folders."""
    names = sorted(name for name in files.sizes if name.lower().endswith(".txt"))
    others = sorted(files.sizes.keys() - set(names))
    if not names:
        inside = next((name for name in others if name.lower().endswith((*READERS, ".zip"))), None)
        what = f"holds no .txt file, only {len(others)} other files" if others else "holds no file"
        fix = UNDERSTOOD if inside is None or not path.is_dir() else f"Did you mean {path / inside}?"
        raise DataError(what, where=path, fix=fix)
    labels = by_folder(names)
    notes = [*labels.notes, *others_note(others)]
    if labels.single:
        notes.append(f"Texts lie in only one folder ({labels.single}), so they get no labels.")
    parts = [Part(name, ".txt", labels.of.get(name), files.opener(name)) for name in names]  # an empty label is one that is missing
    return Source(path, parts, sum(files.sizes[name] for name in names), notes)
