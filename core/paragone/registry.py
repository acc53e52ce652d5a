"""Finds plugins and survives the broken ones.

Each entry point is loaded by itself inside a guard: pluggy's own bulk loader
lets one broken plugin end the program. Whatever happens to a plugin, it stays
a row (:class:`PluginStatus`) with the reason and the fix.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pluggy

from . import hooks, plugin_files
from .declared import check_declaration
from .errors import ParagoneError, PluginError
from .modality import API_VERSION, OLDEST_API_VERSION, TELL_THE_AUTHOR, Modality, require
from .options import nearest_error

State = Literal["ok", "broken", "blocked", "incompatible"]

OURS = "paragone"
"""The distribution of the bundled plugins."""

SLOW_SECONDS = 0.25
"""A declaration that takes longer to import than this is called slow. The contract asks for 0.05; this leaves room for a cold disk."""


@dataclass
class PluginStatus:
    """One row of ``create plugins``.

    Attributes:
        name: of the entry point.
        distribution, version: the package it came in.
        module: that holds its declaration; empty for a plugin that is one file.
        state: what became of it.
        api_version: the contract it was written for, where that is known.
        modalities: names of the media that it declares.
        seconds: of processor time that its import took.
        reason, fix: why it is not ``ok`` and what to do. A plugin that works has them
            too where it makes every command slow; else they are empty.
        traceback: of the fault, for its author.
    """

    name: str
    distribution: str
    version: str
    module: str = ""
    state: State = "ok"
    api_version: int | None = None
    modalities: tuple[str, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    fix: str = ""
    traceback: str = field(default="", repr=False)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self) | {"modalities": list(self.modalities), "seconds": round(self.seconds, 3)}


@dataclass
class Registry:
    """Every plugin that was found, and the modalities of those that work.

    Attributes:
        plugins: a row each, in the order of loading.
        modalities: by name.
        versions: name of a modality → distribution and version of its plugin.
        slips: names in ``PARAGONE_PLUGINS`` and ``PARAGONE_BLOCK_PLUGINS`` that no plugin has.
    """

    plugins: list[PluginStatus] = field(default_factory=list)
    modalities: dict[str, Modality] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    slips: list[str] = field(default_factory=list)

    def checked(self) -> list[PluginStatus]:
        """The rows, where a plugin whose medium cannot work here is broken too; see :attr:`.modality.Modality.check`.

        Raises:
            PluginError: only with ``PARAGONE_STRICT_PLUGINS=1``.
        """
        return [_checked(row, [self.modalities[name] for name in row.modalities]) if row.state == "ok" else row for row in self.plugins]

    def modality(self, name: str) -> Modality:
        """The modality called ``name``.

        Raises:
            PluginError: if it is absent or its plugin does not work, with the reason and the fix.
        """
        if name in self.modalities:
            return self.modalities[name]
        for row in self.plugins:
            if row.state != "ok" and name in (row.name, *row.modalities):
                raise PluginError(f"the plugin is {row.state}: {row.reason}", where=name, fix=row.fix)
        known = nearest_error("medium", name, sorted(self.modalities))
        faulty = ", ".join(row.name for row in self.plugins if row.state in ("broken", "incompatible"))
        rest = f"Not working: {faulty}; `create plugins` says why." if faulty else "`create plugins` lists what is installed."
        raise PluginError(known.what, fix=f"{known.fix} {rest}")


@dataclass(frozen=True)
class Source:
    """A plugin that was found and not yet touched.

    Attributes:
        name: of the entry point, or of the file.
        distribution, version: the package it came in.
        load: imports it.
        requires: the package's requirements, as its metadata writes them.
        module: that holds its declaration; empty for a plugin that is one file, whose
            import need not be quick.
    """

    name: str
    distribution: str
    version: str
    load: Callable[[], ModuleType]
    requires: tuple[str, ...] = ()
    module: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What it may be called where plugins are allowed and blocked: by its name, or by its package too where two have one name."""
        return frozenset({self.name, f"{self.distribution}:{self.name}"})

    @classmethod
    def of_entry_point(cls, point: importlib.metadata.EntryPoint) -> Source:
        """What an installed distribution declares."""
        name, version, requires = _package(point.dist)
        return cls(point.name, name, version, partial(_loaded, point), requires, point.value.partition(":")[0].strip())

    @classmethod
    def of_file(cls, path: Path) -> Source:
        """One Python file."""
        return cls(path.stem, path.name, plugin_files.version(path), partial(plugin_files.load, path))


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The plugins of this installation, loaded once a process.

    ``PARAGONE_PLUGINS`` (allow) and ``PARAGONE_BLOCK_PLUGINS`` (block) hold
    comma-separated names of entry points, or ``package:name``; ``PARAGONE_STRICT_PLUGINS=1`` raises on
    the first fault, for authors and CI. :mod:`paragone.plugin_files` has two more.
    """
    return load(importlib.metadata.entry_points(group=hooks.ENTRY_POINTS), plugin_files.wanted())


def load(entry_points: Iterable[importlib.metadata.EntryPoint], files: Sequence[Path] = ()) -> Registry:
    """Load each of ``entry_points``, then each of ``files``, by itself.

    Raises:
        PluginError: only with ``PARAGONE_STRICT_PLUGINS=1``.
    """
    allowed, blocked = _names("PARAGONE_PLUGINS"), _names("PARAGONE_BLOCK_PLUGINS")
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    found = Registry()
    # ours first: whoever declares a medium that there is already does not take it over unasked
    installed = sorted(map(Source.of_entry_point, entry_points), key=lambda source: source.distribution != OURS)
    sources = (*installed, *map(Source.of_file, files))
    for source in sources:
        row = PluginStatus(source.name, source.distribution, source.version, source.module)
        found.plugins.append(row)
        if source.names & blocked or (allowed and not source.names & allowed):
            row.state = "blocked"
            row.reason = "PARAGONE_BLOCK_PLUGINS names it" if source.names & blocked else "PARAGONE_PLUGINS does not name it"
            row.fix = f"Unset {row.reason.partition(' ')[0]}, or change what it names."
            continue
        fault: BaseException | None = None
        try:
            with contextlib.redirect_stdout(sys.stderr):  # results stand on stdout, and nothing that a plugin prints
                _admit(manager, source, row, found)
        except BaseException as error:  # a plugin may even call sys.exit(); only a key press is not its fault
            if isinstance(error, KeyboardInterrupt):
                raise
            _explain(error, source, row)
            fault = error
        _told_of(row, fault)
    found.slips = sorted((allowed | blocked).difference(*(source.names for source in sources)))
    return found


def _package(dist: importlib.metadata.Distribution | None) -> tuple[str, str, tuple[str, ...]]:
    """Name, version and requirements of what holds an entry point; ``pip`` may leave half a package, which has none."""
    try:
        return (dist.name or "?", dist.version or "?", tuple(dist.requires or ())) if dist else ("?", "?", ())
    except Exception:  # metadata that is absent or cannot be read raises something else in every Python
        return "?", "?", ()


def _loaded(point: importlib.metadata.EntryPoint) -> ModuleType:
    """Import what an entry point names."""
    if not re.fullmatch(r"[\w.]+\s*(:\s*[\w.]+\s*)?(\[.*\])?", point.value):
        raise ImportError(f"its entry point is {point.value!r}, which is no module")
    module: ModuleType = point.load()
    return module


def _checked(row: PluginStatus, media: Iterable[Modality]) -> PluginStatus:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            for medium in media:
                require(medium)
    except (Exception, SystemExit) as error:  # as where a plugin is loaded: it is this one that does not work
        row = replace(row, state="broken", reason=f"{type(error).__name__}: {error}", fix=TELL_THE_AUTHOR)
        if isinstance(error, ParagoneError):
            row.reason, row.fix = error.what if error.where is None else f"{error.where} {error.what}", error.fix or row.fix
        row.traceback = traceback.format_exc(limit=-30)
        _told_of(row, error)
    return row


def _told_of(row: PluginStatus, fault: BaseException | None) -> None:
    """With ``PARAGONE_STRICT_PLUGINS=1`` what is wrong with a plugin is an error."""
    if row.reason and row.state != "blocked" and os.environ.get("PARAGONE_STRICT_PLUGINS", "") not in ("", "0"):
        raise PluginError(row.reason, where=f"plugin {row.name}", fix=row.fix) from fault


def _explain(error: BaseException, source: Source, row: PluginStatus) -> None:
    """Fill in what the fault itself did not say."""
    if row.state == "ok":
        row.state = "broken"
    if isinstance(error, ParagoneError):  # it is in words already
        row.reason, row.fix = row.reason or str(error).partition("\n")[0], row.fix or error.fix or ""
    row.reason = " ".join((row.reason or f"{type(error).__name__}: {error}".rstrip(": ")).split())
    row.fix = row.fix or _missing(error, source) or _remedy(error, source)
    row.traceback = traceback.format_exc(limit=-30)  # the end of it: a plugin that imports itself has a thousand lines


def _remedy(error: BaseException, source: Source) -> str:
    if not source.module:
        return "Mend the file, or do not name it. `create plugins --verbose` shows where it fails."
    if source.distribution == "?":
        return "Install the package that it belongs to anew, or remove it."
    if isinstance(error, (ImportError, OSError, SyntaxError)):  # as after half an installation
        return f"Install it anew, or remove it: pip uninstall {source.distribution}"
    return f"Tell its author, or remove it: pip uninstall {source.distribution}. `create plugins --verbose` shows where it fails."


def _missing(error: BaseException, source: Source) -> str:
    """How to install a module that is not there: by the extra that brings it, where the package's metadata names one."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    module = error.name.partition(".")[0]
    for requirement in source.requires:
        parts = re.match(r"([\w.-]+).*;.*\bextra\s*==\s*['\"]([^'\"]+)", requirement)
        if parts and parts[1].lower().replace("-", "_") == module.lower():
            return f"Install its extra: pip install '{source.distribution}[{parts[2]}]'"
    return ""


def _names(variable: str) -> frozenset[str]:
    return frozenset(name.strip() for name in os.environ.get(variable, "").split(",") if name.strip())


def _admit(manager: pluggy.PluginManager, source: Source, row: PluginStatus, found: Registry) -> None:
    """Load, register and ask one plugin; a fault leaves the manager as it was."""
    had_torch, started = "torch" in sys.modules, time.process_time()
    try:
        plugin = source.load()
    finally:
        row.seconds = time.process_time() - started
    # the same entry-point name from two distributions must not hide one of them
    name = f"{row.distribution}:{row.name}"
    try:
        manager.register(plugin, name)
        manager.check_pending()
        implementations = [impl for impl in manager.hook.paragone_modality.get_hookimpls() if impl.plugin is plugin]
        if not implementations:
            raise TypeError("it implements no hook of Paragone")
        for implementation in implementations:
            _declare(implementation.function(), plugin, row, found)
    except BaseException:
        if manager.has_plugin(name):
            manager.unregister(name=name)
        raise
    if source.module:
        _remark(row, brought_torch=not had_torch and "torch" in sys.modules)


def _remark(row: PluginStatus, brought_torch: bool) -> None:
    """Say what makes every command slow, be it `create --help`, though the plugin works."""
    if brought_torch:
        row.reason = f"its declaration imports torch, which makes every command wait {row.seconds:.1f} s for it"
    elif row.seconds > SLOW_SECONDS:
        row.reason = f"its declaration takes {row.seconds:.1f} s to import, and every command waits for it"
    if row.reason:
        row.fix = "It works; tell its author: what is slow belongs in a module that import strings name."


def _declare(modality: object, plugin: ModuleType, row: PluginStatus, found: Registry) -> None:
    if not isinstance(modality, Modality):
        raise TypeError(f"paragone_modality() returned {type(modality).__name__}, not a paragone Modality")
    if type(modality.api_version) is not int:
        raise TypeError(f"api_version is {modality.api_version!r}, not a whole number")
    row.api_version = modality.api_version
    row.modalities += (modality.name,) if isinstance(modality.name, str) else ()
    if not OLDEST_API_VERSION <= modality.api_version <= API_VERSION:
        spoken = f"{API_VERSION}" if OLDEST_API_VERSION == API_VERSION else f"{OLDEST_API_VERSION} to {API_VERSION}"
        outdated = "paragone" if modality.api_version > API_VERSION else row.distribution
        row.state = "incompatible"
        row.reason = f"it was written for plugin API {modality.api_version}, this Paragone speaks {spoken}"
        row.fix = f"Upgrade {outdated}: pip install --upgrade {outdated}"
        raise TypeError(row.reason)
    check_declaration(modality)
    if modality.name in found.modalities:
        row.fix = f"Remove one of the two, or set PARAGONE_BLOCK_PLUGINS={row.distribution}:{row.name}."
        raise ValueError(f"another plugin already provides {modality.name!r}: that of {found.versions[modality.name]}")
    found.modalities[modality.name] = modality
    found.versions[modality.name] = f"{row.distribution} {row.version}"
