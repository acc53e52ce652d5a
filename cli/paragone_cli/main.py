"""Where ``create`` begins and ends: arguments in, an exit code out."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from paragone import plugin_files
from paragone.errors import UsageError
from paragone.registry import registry
from paragone.world import World

from .faults import explain, say
from .root import build_root


def run() -> None:
    """The console script: run the command line and leave with its exit code."""
    _open_standard_streams()
    if hasattr(sys.stdout, "reconfigure"):
        if os.name == "nt" and not sys.stdout.isatty():  # else a file of names would be in whatever the machine's code page is
            sys.stdout.reconfigure(encoding="utf-8")
        # a path may hold bytes that are no text, and a terminal may lack a letter: neither is a reason to fail
        utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        sys.stdout.reconfigure(errors="surrogateescape" if utf8 and os.name == "posix" else "backslashreplace")
    code = main(sys.argv[1:])
    if World.here().size > 1 or "torch.distributed.launcher" in sys.modules:
        # all is written and told; the threads of torch's process groups, and of its launcher after a signal, left to the
        # interpreter's end, now and then abort it
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name and return its exit code.

    0 fine, 1 failed, 2 usage, 3 plugin broken or absent, 4 run incompatible or
    corrupt, 130 interrupted. Results go to stdout, everything else to stderr.
    """
    try:
        _check_folder()
        rest = take_plugins(arguments)
        outcome = build_root().main(args=rest, prog_name="create", standalone_mode=False)
        sys.stdout.flush()  # a full disk or a closed pipe shows here, not in the interpreter's last breath
    except (Exception, KeyboardInterrupt) as error:  # the one place that catches all: a user sees no traceback
        if wants_debug(arguments):
            traceback.print_exc()
        return explain(error)
    if outcome == 130:
        say("interrupted")
    return outcome if isinstance(outcome, int) else 0


def _open_standard_streams() -> None:
    """Put nothing where a standard stream was closed: else the next file opened takes its number, and output lands in it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in the order of their numbers: each takes the lowest free one
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # it stays open as long as the process


def _check_folder() -> None:
    """Notice a current folder that was deleted; torch's libraries would end the process over it, without a word to us."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UsageError("the current folder does not exist any more", fix="Change to another one and try again.") from error


def take_plugins(arguments: Sequence[str]) -> list[str]:
    """``arguments`` without ``--plugin FILE``, wherever it stands; the files are plugins from now on.

    By hand, because which commands there are depends on it.

    Raises:
        UsageError: if no file is named, or it does not exist.
    """
    rest, files, waiting = [], [], iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument == "--plugin":
            files.append(next(waiting, ""))
        elif argument.startswith("--plugin="):
            files.append(argument.partition("=")[2])
        else:
            rest.append(argument)
    for name in files:
        if not name.endswith(".py") or not Path(name).is_file():
            what = "is given no value" if not name else "is no Python file" if Path(name).exists() else "does not exist"
            raise UsageError(what, where=f"--plugin {name}".strip(), fix="Name a file.py.")
        plugin_files.add(Path(name))
        registry.cache_clear()
    return rest


def wants_debug(arguments: Sequence[str]) -> bool:
    """Whether ``--debug`` stands anywhere, or ``PARAGONE_DEBUG`` is set.

    It is looked for by hand because a fault may come before it is parsed.
    """
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--debug" in options or os.environ.get("PARAGONE_DEBUG", "") not in ("", "0")
