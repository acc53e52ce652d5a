"""What a plugin declares about its medium: names, settings and where its code is.

A declaration is data. Importing a plugin must not import torch, so the code is
named by import strings (``"package.module:attribute"``) that are resolved when
it is really needed, by :func:`resolve`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import PluginError
from .options import nearest_error

API_VERSION = 1
"""Version of the plugin contract. It rises when an old plugin would stop working."""


@dataclass(frozen=True)
class Preset:
    """Networks and the settings that suit them.

    Attributes:
        name: what ``--preset`` takes.
        summary: one line for ``--help``.
        build: import string of
            ``build(spec: SampleSpec, labels: int, config) -> paragone.players.Players``.
        config: flat frozen dataclass of the networks' own settings (the
            ``[network]`` section), every field with a default.
        settings: defaults that differ from the engine's or the dataset's, by
            dotted name: ``{"train.batch": 64, "data.size": "28x28"}``.
    """

    name: str
    summary: str
    build: str
    config: type
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Modality:
    """One medium.

    Attributes:
        name: the word after ``create``: lower-case letters, digits and dashes.
        summary: one line for ``create --help``.
        presets: at least one; the first is the default.
        dataset: import string of ``open_dataset(path, config, cache, note) ->
            paragone.data.Dataset`` (see :class:`paragone.data.OpenDataset`).
        artefacts: import string of a class that is constructed with
            ``(spec: SampleSpec, config)`` and satisfies
            :class:`paragone.artefacts.Artefacts`.
        data_config: flat frozen dataclass of the dataset's settings (``[data]``).
        sample_config: flat frozen dataclass of the artefact writer's settings.
        starter: ``"package:path/inside"`` of bundled data used when no DATA is
            given, or ``None``.
        api_version: the contract that the plugin was written for.
    """

    name: str
    summary: str
    presets: tuple[Preset, ...]
    dataset: str
    artefacts: str
    data_config: type
    sample_config: type
    starter: str | None = None
    api_version: int = API_VERSION

    def preset(self, name: str | None = None) -> Preset:
        """The preset called ``name``, or the default one.

        Raises:
            UsageError: if there is none of that name; it names the nearest.
        """
        by_name = {preset.name: preset for preset in self.presets}
        if not name:
            return self.presets[0]
        if name not in by_name:
            raise nearest_error("preset", name, list(by_name))
        return by_name[name]


def resolve(import_string: str) -> Any:
    """Import the object that ``"package.module:attribute"`` names.

    Raises:
        PluginError: if it cannot be imported, with the reason.
    """
    module_name, _, attribute = import_string.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, OSError, SyntaxError) as error:
        raise PluginError(
            f"cannot be loaded: {type(error).__name__}: {error}",
            where=import_string,
            fix="Reinstall the plugin that declares it, or tell its author; `create plugins --verbose` shows more.",
        ) from error
