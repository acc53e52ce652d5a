"""A zip of picture files, read member by member: nothing is ever extracted to disk."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from paragone.errors import DataError
from paragone.listing import check_member, hidden, inside_runs, member_name

from .decode import MAX_BYTES, SUFFIXES, Unreadable


@dataclass
class Archive:
    """An open zip.

    Attributes:
        members: name with ``/`` → member, of everything that is a picture by its suffix.
        others: names of the other files.
    """

    file: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]
    others: list[str]

    @property
    def pictures(self) -> list[str]:
        """Names of the pictures."""
        return list(self.members)

    def read(self, name: str) -> bytes:
        """Bytes of one picture; safe to call from many threads at once."""
        member = self.members[name]
        if member.file_size > MAX_BYTES:  # as declared; of what was deflated zipfile never unpacks more than that
            raise Unreadable(f"is larger than {MAX_BYTES >> 20} MiB")
        return self.file.read(member)

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def open_archive(path: Path) -> Archive:
    """Open a zip and check its table of contents.

    Raises:
        DataError: if it is no zip, is encrypted, or names a member outside itself.
    """
    try:
        file = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise DataError(f"is no readable zip ({error})", where=path, fix="Pack or download it again.") from error
    try:
        return _checked(file, path)
    except DataError:
        file.close()
        raise


def _checked(file: zipfile.ZipFile, path: Path) -> Archive:
    archive = Archive(file, {}, [])
    for member in file.infolist():
        name = member_name(member)
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or parts[0].endswith(":"):
            raise DataError(f"names a member outside itself ({name!r})", where=path, fix="Do not trust this zip; pack the pictures anew.")
        if member.is_dir() or name.endswith("/") or any(map(hidden, parts)):
            continue
        if not name.lower().endswith(SUFFIXES):
            archive.others.append(name)
        else:
            check_member(member, path)
            archive.members[name] = member  # of two members with one name the later counts, as in every unzip
    made = inside_runs((*archive.members, *archive.others))
    members = {name: member for name, member in archive.members.items() if not made(name)}
    return Archive(file, members, [name for name in archive.others if not made(name)])
