"""Finds plugins and survives the broken ones.

Each entry point is loaded by itself inside a guard: pluggy's own bulk loader
lets one broken plugin end the program. Whatever happens to a plugin, it stays
a row (:class:`PluginStatus`) with the reason and the fix.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal

import pluggy

from . import hooks
from .errors import PluginError
from .modality import API_VERSION, Modality
from .options import nearest_error, options_of
from .settings import settle

State = Literal["ok", "broken", "blocked", "incompatible"]

RESERVED = frozenset({"plugins", "new-plugin", "doctor", "replay", "help", "version"})
"""Words after ``create`` that no modality may take."""


@dataclass
class PluginStatus:
    """One row of ``create plugins``.

    Attributes:
        name: of the entry point.
        distribution, version: the package it came in.
        state: what became of it.
        api_version: the contract it was written for, where that is known.
        modalities: names of the media that it declares.
        reason, fix: why it is not ``ok`` and what to do; empty when it is.
        traceback: of the fault, for its author.
    """

    name: str
    distribution: str
    version: str
    state: State = "ok"
    api_version: int | None = None
    modalities: tuple[str, ...] = ()
    reason: str = ""
    fix: str = ""
    traceback: str = field(default="", repr=False)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self) | {"modalities": list(self.modalities)}


@dataclass
class Registry:
    """Every plugin that was found, and the modalities of those that work."""

    plugins: list[PluginStatus] = field(default_factory=list)
    modalities: dict[str, Modality] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

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
        raise PluginError(known.what, fix=f"{known.fix} `create plugins` lists what is installed.")


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The plugins of this installation, loaded once a process.

    ``PARAGONE_PLUGINS`` (allow) and ``PARAGONE_BLOCK_PLUGINS`` (block) hold
    comma-separated entry-point names; ``PARAGONE_STRICT_PLUGINS=1`` raises on
    the first fault, for authors and CI.
    """
    return load(importlib.metadata.entry_points(group=hooks.ENTRY_POINTS))


def load(entry_points: Iterable[importlib.metadata.EntryPoint]) -> Registry:
    """Load each of ``entry_points`` by itself.

    Raises:
        PluginError: only with ``PARAGONE_STRICT_PLUGINS=1``.
    """
    allowed, blocked = _names("PARAGONE_PLUGINS"), _names("PARAGONE_BLOCK_PLUGINS")
    strict = os.environ.get("PARAGONE_STRICT_PLUGINS", "") not in ("", "0")
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    found = Registry()
    for entry_point in entry_points:
        distribution = entry_point.dist
        row = PluginStatus(entry_point.name, distribution.name if distribution else "?", distribution.version if distribution else "?")
        found.plugins.append(row)
        if entry_point.name in blocked or (allowed and entry_point.name not in allowed):
            row.state, row.reason = "blocked", "the environment says so"
            row.fix = "Unset PARAGONE_BLOCK_PLUGINS and PARAGONE_PLUGINS, or change what they name."
            continue
        try:
            _admit(manager, entry_point, row, found)
        except BaseException as error:  # a plugin may even call sys.exit(); only a key press is not its fault
            if isinstance(error, KeyboardInterrupt):
                raise
            if row.state == "ok":
                row.state = "broken"
            row.reason = row.reason or f"{type(error).__name__}: {error}".rstrip(": ")
            row.fix = row.fix or f"Reinstall or remove it: pip install --force-reinstall {row.distribution}"
            row.traceback = traceback.format_exc()
            if strict:
                raise PluginError(row.reason, where=f"plugin {row.name}", fix=row.fix) from error
    return found


def _names(variable: str) -> frozenset[str]:
    return frozenset(name.strip() for name in os.environ.get(variable, "").split(",") if name.strip())


def _admit(manager: pluggy.PluginManager, entry_point: importlib.metadata.EntryPoint, row: PluginStatus, found: Registry) -> None:
    """Load, register and ask one plugin; a fault leaves the manager as it was."""
    plugin = entry_point.load()
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


def _declare(modality: object, plugin: ModuleType, row: PluginStatus, found: Registry) -> None:
    if not isinstance(modality, Modality):
        raise TypeError(f"paragone_modality() returned {type(modality).__name__}, not a paragone Modality")
    row.api_version = modality.api_version
    row.modalities += (modality.name,)
    if modality.api_version != API_VERSION:
        row.state = "incompatible"
        row.reason = f"it was written for plugin API {modality.api_version}, this Paragone speaks {API_VERSION}"
        row.fix = f"Upgrade both: pip install --upgrade paragone {row.distribution}"
        raise TypeError(row.reason)
    if not re.fullmatch(r"[a-z][a-z0-9-]*", modality.name) or modality.name in RESERVED:
        raise ValueError(f"{modality.name!r} cannot be the name of a medium")
    if modality.name in found.modalities:
        row.fix = f"Remove one of the two, or set PARAGONE_BLOCK_PLUGINS={row.name}."
        raise ValueError(f"another plugin already provides {modality.name!r}")
    if not modality.presets:
        raise ValueError(f"{modality.name!r} declares no preset")
    options_of(modality.sample_config)
    for preset in modality.presets:  # a wrong type or key in any of its settings is the plugin's fault, and shows here
        settle(modality, [("its declaration", {"train.preset": preset.name})])
    found.modalities[modality.name] = modality
    found.versions[modality.name] = f"{row.distribution} {row.version}"
