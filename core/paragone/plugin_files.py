"""A plugin that is one Python file and is not installed: for a first try, or for one's own use.

A file runs as a program does, so none is looked for by itself: somebody names it
(``create --plugin ./mine.py``), or asks for those in their own ``plugins`` folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from .errors import PluginError

FILES = "PARAGONE_PLUGIN_FILES"
"""Environment variable: paths of such files, separated as in ``PATH``. Other processes of the same work inherit it."""

USER = "PARAGONE_USER_PLUGINS"
"""Environment variable: ``1`` also loads every ``.py`` of :func:`user_folder`."""


def user_folder() -> Path:
    """``plugins`` in the user's configuration folder."""
    import platformdirs  # every command imports this module, and hardly one asks for that folder

    return Path(platformdirs.user_config_dir("paragone", appauthor=False)) / "plugins"


def named() -> list[Path]:
    """The files that somebody named, each once, in order."""
    return list(dict.fromkeys(Path(name).absolute() for name in os.environ.get(FILES, "").split(os.pathsep) if name))


def wanted() -> list[Path]:
    """All files to load: those that were named, and the user's own where they are asked for."""
    paths = named()
    if os.environ.get(USER, "") not in ("", "0"):
        paths += sorted(user_folder().glob("*.py"))
    return list(dict.fromkeys(paths))


def add(path: Path) -> None:
    """Ask for ``path`` too, here and in every process started from here."""
    os.environ[FILES] = os.pathsep.join(filter(None, [os.environ.get(FILES, ""), str(path.absolute())]))


def version(path: Path) -> str:
    """What provenance calls the file's version: 12 hexadecimal digits of the SHA-256 of its content."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError:
        return "?"


def load(path: Path) -> ModuleType:
    """Run the file as a module of its own name, so that import strings such as ``"mine:build"`` find it.

    Raises:
        PluginError: if the name is no module's name, or another module's.
        BaseException: whatever the file raises.
    """
    name = path.stem
    there = sys.modules.get(name)
    if there is not None and getattr(there, "__file__", None) == str(path):
        return there  # loaded already, by us or because its own folder is on the path
    if path.suffix != ".py" or not path.is_file():
        raise PluginError("is no Python file", where=path, fix="Name a file.py that exists.")
    word = "".join(letter if letter.isalnum() else "_" for letter in name)
    fix = f"Give it another name, such as {word if word.isidentifier() and word != name else f'my_{word}'}.py."
    if not name.isidentifier():
        raise PluginError(f"{name!r} cannot be the name of a module", where=path, fix=fix)
    known = importlib.util.find_spec(name) if there is None else there.__spec__
    if known is not None and (known.origin is None or Path(known.origin).resolve() != path.resolve()):  # its own folder may be on the path
        raise PluginError(f"there is another module called {name!r}", where=path, fix=fix)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "a path that ends in .py has a spec"
    assert spec.loader is not None, "and a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
