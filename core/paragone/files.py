"""Writing files so that a kill, a full disk or a second writer cannot spoil a good one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shlex
from collections.abc import Callable
from pathlib import Path

from .errors import OutputError


def write(path: Path, data: bytes, sync: bool = True) -> None:
    """Put ``data`` at ``path``: all of it, or nothing and the old file stays.

    Args:
        sync: as for :func:`replace`.

    Raises:
        OutputError: if the disk is full or the folder cannot be written to.
    """
    replace(path, lambda temporary: temporary.write_bytes(data), sync)


def replace(path: Path, fill: Callable[[Path], object], sync: bool = True) -> None:
    """Let ``fill`` write a temporary file beside ``path``, then rename it there.

    Args:
        path: of the file; its folder is made if absent.
        fill: writes the path it is given.
        sync: let the data reach the disk before the name does, so that after a power
            cut the file is the old one or the new one. Without it that holds after a
            kill or on a full disk, but after a power cut the file may be empty.

    Raises:
        OutputError: as :func:`write`.
    """
    # a name that nobody can foresee: in a folder that others may write a link could lie in wait there
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        try:
            fill(temporary)
        except FileNotFoundError:  # asked afterwards, because the folder is hardly ever absent
            path.parent.mkdir(parents=True, exist_ok=True)
            fill(temporary)
        if sync:
            with temporary.open("r+b") as file:  # Windows syncs only what is open for writing
                os.fsync(file.fileno())
        temporary.replace(path)
        if sync:
            _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def sweep(folder: Path) -> None:
    """Remove the temporary files that a killed process left in ``folder``; nobody else may be writing there."""
    for litter in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            litter.unlink()


def append(path: Path, line: str) -> None:
    """Add one line to a log.

    Raises:
        OutputError: as :func:`write`.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise cannot_write(path, error) from error


def quoted(path: object) -> str:
    """A path as a shell takes it when it is copied from a message; in Windows, where ``\'`` means nothing, in double quotes."""
    if os.name != "nt":
        return shlex.quote(str(path))
    import subprocess  # which elsewhere nobody needs

    return subprocess.list2cmdline([str(path)])


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The error for a file that could not be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return OutputError(
        f"cannot be written: {error.strerror or error}",
        where=path,
        fix=f"{'Free some space' if full else 'Choose another place'}; what was saved before is intact.",
    )


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened, and the rename is durable enough
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
