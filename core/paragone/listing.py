"""Files that a user named as data: in a folder, in a zip, or one alone; the same for every medium. No torch here.

A folder's sub-folders are labels. Hidden files, and what macOS adds to its zips, are nobody's business.
"""

from __future__ import annotations

import contextlib
import hashlib
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import DataError, one_line

BROKEN = (OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, UnicodeError)
"""What reading a damaged file or archive raises."""

_LISTED = 3

_UTF_8 = 0x800
"""The flag of a zip's member that says how its name is encoded."""


@dataclass(frozen=True)
class Listing:
    """The files of a folder or a zip.

    Attributes:
        sizes: name, with ``/`` between folders → bytes.
        open: the file of a name, from its beginning.
    """

    sizes: Mapping[str, int]
    open: Callable[[str], AbstractContextManager[IO[bytes]]]

    def opener(self, name: str) -> Callable[[], AbstractContextManager[IO[bytes]]]:
        """Opens that one file."""
        return lambda: self.open(name)


@dataclass(frozen=True)
class Labels:
    """What folders say of the files in them.

    Attributes:
        of: name → its label, empty where it lies beside the label folders; empty as a whole where nothing is told apart.
        single: the only folder that everything lies in; empty if there are more, or none.
        notes: what a user should know about it.
    """

    of: Mapping[str, str]
    single: str
    notes: Sequence[str] = ()


def is_folder(path: Path, understood: str) -> bool:
    """Whether ``path`` is a folder; else it is a file that may be read.

    Args:
        path: what the user named.
        understood: what could have been named, for the error.

    Raises:
        DataError: if it is neither.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError("does not exist", where=path, fix="Check the path given as DATA.") from error
    except (OSError, ValueError) as error:
        what = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise DataError(what, where=path, fix="Check the path and its permissions.") from error
    if stat.S_ISDIR(mode):
        return True
    if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
        raise DataError("is neither a folder nor a file", where=path, fix=understood)
    if not os.access(path, os.R_OK):
        raise DataError("may not be read", where=path, fix="Check its permissions.")
    return False


def signature(path: Path, kind: str) -> str:
    """A hash of ``kind``, names, sizes and times: unchanged, it means that nothing was touched.

    Raises:
        DataError: if a folder in it cannot be listed.
    """
    files = _walk(path) if path.is_dir() else [(path.name, *stamp(path.stat()))]
    return hashlib.sha256(repr((kind, files)).encode("utf-8", "surrogateescape")).hexdigest()


@contextlib.contextmanager
def listing(path: Path) -> Iterator[Listing]:
    """The files of a folder, or of a zip, which stays open so long.

    Raises:
        DataError: if it cannot be listed, or is an encrypted zip.
    """
    if path.is_dir():
        yield Listing({name: size for name, size, *_ in _walk(path)}, lambda name: (path / name).open("rb"))
        return
    with _zip(path) as file:
        members = {name: info for info in file.infolist() if (name := _member(info, path)) is not None}
        made = inside_runs(members)
        members = {name: info for name, info in members.items() if not made(name)}
        yield Listing({name: info.file_size for name, info in members.items()}, lambda name: file.open(members[name]))


def by_folder(names: Sequence[str]) -> Labels:
    """Label each of the sorted ``names`` by its top-level folder.

    A folder around everything is ignored, and so is a single one, and all of them where most files lie beside them.
    """
    wrap = wrapping(names)
    tops = {name: _top(name[len(wrap) :]) for name in names}
    labels = set(tops.values()) - {""}
    if len(labels) < 2:
        if labels and "" in tops.values():
            return Labels({}, "", [beside_note(max(labels))])
        return Labels({}, printable(wrap[:-1]) or max(labels, default=""))
    if note := loose_note(list(tops.values()).count(""), len(names)):
        return Labels({}, "", [note])
    return Labels(tops, "")


def beside_note(folder: str) -> str:
    """What to say where files lie in a single folder and beside it."""
    return f"Some files lie in one folder ({printable(folder)}), others beside it, so they get no labels."


def loose_note(loose: int, total: int) -> str:
    """What to say where most files lie beside the folders, so that these cannot be meant as labels; else empty."""
    return f"{loose:,} of {total:,} files lie beside the folders, so folders are no labels." if 2 * loose > total else ""


def holds_run(names: Collection[str]) -> bool:
    """Whether a folder of these files is a training's: what it made is not to be learned by the next one."""
    return "config.json" in names and any(name in names for name in ("generator.safetensors", "state.safetensors"))


def inside_runs(names: Collection[str]) -> Callable[[str], bool]:
    """Whether one of the ``names`` in a zip lies in a training's folder; see :func:`holds_run`."""
    folders: dict[str, set[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder and f"{folder}/", set()).add(file)
    runs = {folder for folder, files in folders.items() if holds_run(files)}

    def inside(name: str) -> bool:
        parts = name.split("/")
        return any("".join(f"{part}/" for part in parts[:depth]) in runs for depth in range(len(parts)))

    return inside if runs else lambda name: False


def others_note(others: Sequence[str]) -> list[str]:
    """What to say about files of other kinds, if there are any."""
    if not others:
        return []
    listed = printable(", ".join(others[:_LISTED])) + (", …" if len(others) > _LISTED else "")
    return [f"{len(others)} file{'s' * (len(others) > 1)} of another kind ignored: {listed}"]


def printable(name: str) -> str:
    """A file's name on one line of any terminal; bytes that are no UTF-8 become question marks."""
    return one_line(name.encode("utf-8", "replace").decode())


def stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Size and times; the last change of the inode notices even a tool that sets the time of modification back."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def hidden(name: str) -> bool:
    """Whether a file or folder is none of the user's business."""
    return name.startswith(".") or name == "__MACOSX"


def wrapping(names: Sequence[str]) -> str:
    """The folders that all of the sorted ``names`` lie in, such as ``"mywords/"``, or empty."""
    wrap = ""
    while names:
        top, slash, _ = names[0][len(wrap) :].partition("/")
        # sorted: what holds for the first and the last holds for all between
        if not slash or not names[-1].startswith(f"{wrap}{top}/"):
            break
        wrap = f"{wrap}{top}/"
    return wrap


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
        folders[:] = [] if again else sorted(name for name in folders if not hidden(name))
        if holds_run(files):
            folders[:], files = [], ["config.json"]
        for name in [] if again else sorted(files):
            path = Path(folder, name)
            if not hidden(name) and path.is_file():  # neither a pipe nor a link to nothing
                found.append((path.relative_to(root).as_posix(), *stamp(path.stat())))
    return found


@contextlib.contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        file = zipfile.ZipFile(path)
    except (*BROKEN, ValueError) as error:
        raise DataError(f"is no readable zip ({error})", where=path, fix="Pack or download it again.") from error
    with file:
        yield file


def member_name(info: zipfile.ZipInfo) -> str:
    """What a member of a zip is called; many packers write UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF_8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return "/".join(part for part in name.replace("\\", "/").split("/") if part != ".")  # some packers write ./a.png


def _member(info: zipfile.ZipInfo, path: Path) -> str | None:
    """The name of a file in a zip; ``None`` if it is none of the user's business."""
    name = member_name(info)
    if info.is_dir() or any(map(hidden, name.split("/"))):
        return None
    check_member(info, path)
    return name


def check_member(info: zipfile.ZipInfo, path: Path) -> None:
    """Raise unless a member of a zip can be read without harm.

    Raises:
        DataError: if it is encrypted, or packed in a way that unpacks a kilobyte to gigabytes before one could stop.
    """
    if info.flag_bits & 1:
        raise DataError("is encrypted", where=path, fix="Unpack it with its password and name the folder.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError("is packed in an unusual way", where=path, fix="Unpack it and name the folder, or pack it anew as an ordinary zip.")


def _top(name: str) -> str:
    """The folder that a name begins with, or empty."""
    top, slash, _ = name.partition("/")
    return printable(top) if slash else ""
