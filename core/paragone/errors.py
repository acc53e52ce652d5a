"""What can go wrong, in words for the person at the keyboard.

Every error says *what* happened, *where*, and *how to mend it*, in one or two
lines. The command line prints exactly ``str(error)`` and leaves with
``error.exit_code``; a library user catches :class:`ParagoneError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class ParagoneError(Exception):
    """Base of every error that Paragone raises on purpose.

    Args:
        what: what happened, a plain sentence without a full stop.
        where: the file, key or step it happened at.
        fix: how to mend it, an imperative sentence.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: object = None, fix: str | None = None) -> None:
        self.what, self.where, self.fix = what, where, fix
        first = what if where is None else f"{where}: {what}"
        super().__init__(one_line(first) if fix is None else f"{one_line(first)}\n{one_line(fix)}")

    def __reduce__(self) -> tuple[Callable[..., ParagoneError], tuple[object, ...]]:
        # what another process raised arrives as it was: by itself Python would make it anew of its text
        where = None if self.where is None else str(self.where)
        return _again, (type(self), self.what, where, self.fix, self.exit_code)


def _again(kind: type[ParagoneError], what: str, where: str | None, fix: str | None, exit_code: int) -> ParagoneError:
    error = kind.__new__(kind)
    ParagoneError.__init__(error, what, where=where, fix=fix)
    if exit_code != kind.exit_code:
        error.exit_code = exit_code
    return error


def one_line(text: str) -> str:
    """``text`` with its control characters spelt out: a file's name may hold a newline, or what a terminal obeys."""
    return _CONTROLS.sub(_spelt, text)


def shown(text: str) -> str:
    """The same for what is only shown: without what turns a line round, too, which a text may rightly hold."""
    return _UNSEEN.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


class UsageError(ParagoneError):
    """A setting or argument that cannot be used: exit code 2."""

    exit_code = 2


class DataError(ParagoneError):
    """Data that cannot be read or learned from: exit code 1."""


class NothingFound(ParagoneError):
    """No sample was as it was asked to be, for all the effort that was allowed: exit code 1."""


class OutputError(ParagoneError):
    """A result that could not be written (disk full, read-only folder): exit code 1."""


class TakenError(OutputError):
    """Another has the place already; another name may do."""


class DivergenceError(ParagoneError):
    """A loss or gradient that is no longer a finite number: exit code 1."""


class PluginError(ParagoneError):
    """A plugin that is absent, broken, blocked or incompatible: exit code 3."""

    exit_code = 3


class RunError(ParagoneError):
    """A run folder that is missing, corrupt or made by an incompatible version: exit code 4."""

    exit_code = 4


class Interrupted(ParagoneError):
    """Ctrl-C or SIGTERM after the state was saved: exit code 130."""

    exit_code = 130


class ProcessError(ParagoneError):
    """Another process of the same training that has ended, or does not agree with this one: exit code 1."""


class ToldElsewhere(ProcessError):
    """Another process ended the training and tells the user why; here there is nothing to say.

    Args:
        what: what the other said.
        exit_code: of the other.
    """

    def __init__(self, what: str, exit_code: int) -> None:
        super().__init__(what)
        self.exit_code = exit_code
