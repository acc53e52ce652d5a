"""What went wrong, as one or two lines on stderr and an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time

import typer

from paragone.errors import ParagoneError, ToldElsewhere, shown
from paragone.world import World

GRACE = 1.0
"""Seconds to wait for another process that tells the same: torchrun ends all as soon as one has ended."""

_AGAINST_TRAINING = "Train with a smaller --batch, or keep it and split it with --accumulate"
_AGAINST_SAMPLING = "Ask for fewer samples at once, close other programs"

_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def say(text: str) -> None:
    """Print a line on stderr; that nobody can read it is no reason to fail."""
    with contextlib.suppress(OSError, ValueError):
        print("\n".join(map(shown, text.split("\n"))), file=sys.stderr, flush=True)


def explain(error: BaseException) -> int:
    """Tell the user about ``error`` and return the exit code that goes with it.

    Of several processes one tells: the first of each machine what went wrong before
    they met, and after that the one whose error has a note, or that is the first.
    """
    if isinstance(error, BrokenPipeError):
        _silence_stdout()
        return 1
    text, code = _words(error)
    if isinstance(error, ToldElsewhere):
        return code
    notes = [note for note in getattr(error, "__notes__", []) if note.startswith("process ")]
    if World.here().local_rank and not notes:
        time.sleep(GRACE)
        return code
    say(text if code == 130 else f"error: {', '.join([*notes, text])}")
    return code


def _words(error: BaseException) -> tuple[str, int]:
    """The text after ``error:`` and the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", 130
    if isinstance(error, ParagoneError):
        return str(error), error.exit_code
    if isinstance(error, typer.TyperException):  # the command line could not be parsed
        context = getattr(error, "ctx", None)
        hint = f"\nTry `{context.command_path} --help`." if context is not None else ""
        return f"{error.format_message()}{hint}", error.exit_code
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _NO_MEMORY)):
        return f"out of memory\n{_AGAINST_TRAINING if 'train' in sys.argv else _AGAINST_SAMPLING}; or use another --device.", 1
    if isinstance(error, OSError):
        return _system_words(error), 1
    reason = " ".join(str(error).split())[:300]
    name = type(error).__name__
    return f"internal fault: {f'{name}: {reason}' if reason else name}; run again with --debug and report it", 1


def _system_words(error: OSError) -> str:
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}the disk is full\nFree some space, or write to another place."
    return f"{where}{error.strerror or type(error).__name__}"


def _silence_stdout() -> None:
    """The reader of our stdout has left: let the rest, still in a buffer, go nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # stdout is no real file: there is nothing left to flush
