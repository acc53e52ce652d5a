"""``create new-plugin NAME``: the beginning of a plugin, a package that works as it is."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from paragone import files
from paragone.declared import RESERVED
from paragone.errors import OutputError, UsageError
from paragone.options import setting
from paragone.registry import registry

from .faults import say
from .flags import OUTPUT, WHAT, Flag, flags_of, given, keyword, with_parameters
from .groups import DEBUG, HELP, single_command

PLACEHOLDER = "my-medium"
"""What the templates are called; in names of packages with an underscore."""

Medium = Literal["vector", "image", "tokens", "waveform"]


@dataclass(frozen=True)
class NewPluginFlags:
    """Flags of ``create new-plugin``."""

    medium: Medium = setting("vector", "What a sample is.")
    out: str = setting("", "Folder for it. Not given: paragone-NAME.", metavar="FOLDER")
    json: bool = setting(False, "Print one JSON object instead of paths.")


def build_new_plugin() -> Any:
    """The command ``create new-plugin``."""
    flags = flags_of("cli", NewPluginFlags, {"medium": WHAT, "out": OUTPUT, "json": OUTPUT}, switches=True)
    argument = typer.Argument(metavar="NAME", help="The word after `create`.", show_default=False, rich_help_panel=WHAT)
    parameters = [keyword("name", Annotated[str, argument]), *(flag.parameter() for flag in flags), DEBUG, HELP]
    help = "Begin a plugin for another medium: a package that trains at once on data it makes itself, to be changed bit by bit."
    return single_command(with_parameters(partial(run, flags), parameters), "new-plugin", help)


def run(flags: Sequence[Flag], values: dict[str, Any]) -> None:
    """Write the package; its paths or JSON on stdout.

    Raises:
        UsageError: if the name cannot be a medium's, or is another's.
        OutputError: if the folder holds anything, or cannot be written.
    """
    asked, name = NewPluginFlags(**given(flags, values, "cli")), values["name"] or ""
    check_name(name)
    folder = Path(asked.out or f"paragone-{name}")
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise files.cannot_write(folder, error) from error
    if taken:
        raise OutputError("is there already", where=folder, fix="Choose another --out.")
    paths = []
    for inside, text in contents(name, asked.medium):
        paths.append(folder / inside)
        files.write(paths[-1], text.encode())
    if asked.json:
        print(json.dumps({"path": str(folder), "files": [str(path) for path in paths]}))
    else:
        print("\n".join(map(str, paths)))
    say(f"next: cd {files.quoted(folder)} && pip install -e . && create {name} train --minutes 1")


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a new medium.

    Raises:
        UsageError: saying why.
    """
    if not name:
        raise UsageError("is given no value", where="NAME", fix="Name the medium: `create new-plugin fonts`.")
    if name in RESERVED:
        raise UsageError(f"`create {name}` means something else, or may once", where="NAME", fix="Choose another name.")
    if len(name) > 64 or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        near = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:64]
        fix = f"Take at most 64 lower-case letters, digits and single dashes, beginning with a letter{f', such as {near}' if near else ''}."
        raise UsageError(f"{name!r} cannot be the name of a medium", where="NAME", fix=fix)
    for row in registry().plugins:
        if name in (row.name, *row.modalities):
            raise UsageError(f"{name!r} is taken by {row.distribution}", where="NAME", fix="Choose another name.")
    package = f"paragone_{name.replace('-', '_')}"
    if importlib.util.find_spec(package) is not None:
        raise UsageError(f"a package called {package} is there already", where="NAME", fix="Choose another name.")


def contents(name: str, medium: str) -> Iterator[tuple[str, str]]:
    """Path inside the package and text of each file, with the placeholders filled in."""
    root = resources.files("paragone_cli") / "templates"
    package = f"paragone_{name.replace('-', '_')}"
    places = [*_walk(root / "common", ""), *_walk(root / medium, f"{package}/"), (f"{package}/__init__.py", None)]
    for inside, template in places:
        text = "" if template is None else template.read_text(encoding="utf-8")
        yield inside, text.replace(PLACEHOLDER, name).replace(PLACEHOLDER.replace("-", "_"), name.replace("-", "_"))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and not entry.name.startswith("__"):
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.is_file() and not entry.name.endswith(".pyc"):
            yield f"{prefix}{entry.name}", entry
