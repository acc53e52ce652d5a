"""Where texts come from: one file, or a folder or a zip of ``.txt`` files with sub-folders as labels.

Whatever it is, it is read from the beginning as often as need be, and never held as a whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from paragone.errors import DataError

from .lines import Faults, Lines, printable
from .rows import READERS, Row

UNDERSTOOD = "Name a .txt file (a line a text), a .tsv, .csv or .jsonl file, or a folder or .zip of .txt files."

_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Marks at the beginning of a file in UTF-16, and one of those of UTF-32."""

_BROKEN = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What reading a damaged file or archive raises."""


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
        except _BROKEN as error:
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
    if kind == "zip":
        with _zip(path) as file:
            members = {name: info for info in file.infolist() if (name := _member(info, path)) is not None}
            sizes = {name: info.file_size for name, info in members.items()}
            yield _folder(path, sizes, lambda name: file.open(members[name]))
    elif kind == "folder":
        yield _folder(path, {name: size for name, size, *_ in _walk(path)}, lambda name: (path / name).open("rb"))
    else:
        yield Source(path, [Part("", kind, None, lambda: path.open("rb"))], path.stat().st_size)


def signature(path: Path) -> str:
    """A hash of names, sizes and times: unchanged, it means that nothing was touched.

    Raises:
        DataError: as :func:`open_source`.
    """
    kind = _kind(path)
    files = _walk(path) if kind == "folder" else [(path.name, *_stamp(path.stat()))]
    return hashlib.sha256(repr((kind, files)).encode("utf-8", "surrogateescape")).hexdigest()


def _kind(path: Path) -> str:
    """``"folder"``, ``"zip"``, or the suffix of a file that can be read."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError("does not exist", where=path, fix="Check the path given as DATA.") from error
    except (OSError, ValueError) as error:
        what = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise DataError(what, where=path, fix="Check the path and its permissions.") from error
    if stat.S_ISDIR(mode):
        return "folder"
    if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
        raise DataError("is neither a folder nor a file", where=path, fix=UNDERSTOOD)
    if not os.access(path, os.R_OK):
        raise DataError("may not be read", where=path, fix="Check its permissions.")
    suffix = path.suffix.lower()
    if suffix in READERS:
        return suffix
    if suffix == ".zip":
        return "zip"
    raise DataError(f"is of no kind that texts are read from ({suffix or 'no suffix'})", where=path, fix=UNDERSTOOD)


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Size and times; the last change of the inode notices even a tool that sets the time of modification back."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _walk(root: Path) -> list[tuple[str, int, int, int]]:
    """Name and stamp of every ordinary file under ``root``; a link back to a folder already seen is not followed."""
    found: list[tuple[str, int, int, int]] = []
    seen: set[tuple[int, int]] = set()

    def fail(error: OSError) -> None:
        raise DataError(f"cannot be listed ({error.strerror})", where=error.filename, fix="Check its permissions.") from error

    for folder, folders, files in os.walk(root, onerror=fail, followlinks=True):
        status = os.stat(folder)
        again = (status.st_dev, status.st_ino) in seen
        seen.add((status.st_dev, status.st_ino))
        folders[:] = [] if again else sorted(name for name in folders if not _hidden(name))
        for name in [] if again else sorted(files):
            path = Path(folder, name)
            if not _hidden(name) and path.is_file():  # neither a pipe nor a link to nothing
                found.append((path.relative_to(root).as_posix(), *_stamp(path.stat())))
    return found


@contextlib.contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        file = zipfile.ZipFile(path)
    except (*_BROKEN, ValueError) as error:
        raise DataError(f"is no readable zip ({error})", where=path, fix="Pack or download it again.") from error
    with file:
        yield file


def _member(info: zipfile.ZipInfo, path: Path) -> str | None:
    """The name of a file in a zip; ``None`` if it is none of the user's business."""
    name = info.filename.replace("\\", "/")
    if info.is_dir() or any(map(_hidden, name.split("/"))):
        return None
    if info.flag_bits & 1:
        raise DataError("is encrypted", where=path, fix="Unpack it with its password and name the folder.")
    return name


def _folder(path: Path, sizes: dict[str, int], read: Callable[[str], AbstractContextManager[IO[bytes]]]) -> Source:
    """Text files labelled by their top-level folder; a folder around everything is ignored, and so is a single one."""
    names = sorted(name for name in sizes if name.lower().endswith(".txt"))
    others = sorted(sizes.keys() - set(names))
    if not names:
        inside = next((name for name in others if name.lower().endswith((*READERS, ".zip"))), None)
        what = f"holds no .txt file, only {len(others)} other files" if others else "holds no file"
        fix = UNDERSTOOD if inside is None or not path.is_dir() else f"Did you mean {path / inside}?"
        raise DataError(what, where=path, fix=fix)
    notes = []
    if others:
        listed = printable(", ".join(others[:3])) + (", …" if len(others) > 3 else "")
        notes.append(f"{len(others)} file{'s' * (len(others) > 1)} of another kind ignored: {listed}")
    wrap = _wrapping(names)
    tops = {name: _top(name[len(wrap) :]) for name in names}
    if len(set(tops.values()) - {""}) < 2:
        if wrap or any(tops.values()):
            notes.append(f"Texts lie in only one folder ({printable(wrap[:-1] or max(tops.values()))}), so they get no labels.")
        tops = {}
    parts = [Part(name, ".txt", tops.get(name), _opener(read, name)) for name in names]  # an empty label is one that is missing
    return Source(path, parts, sum(sizes[name] for name in names), notes)


def _opener(read: Callable[[str], AbstractContextManager[IO[bytes]]], name: str) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    return lambda: read(name)


def _top(name: str) -> str:
    """The folder that a name begins with, or empty."""
    top, slash, _ = name.partition("/")
    return printable(top) if slash else ""


def _wrapping(names: Sequence[str]) -> str:
    """The folders that all of the sorted ``names`` lie in, such as ``"mywords/"``, or empty."""
    wrap = ""
    while True:
        top, slash, _ = names[0][len(wrap) :].partition("/")
        # sorted: what holds for the first and the last holds for all between
        if not slash or not names[-1].startswith(f"{wrap}{top}/"):
            return wrap
        wrap = f"{wrap}{top}/"
