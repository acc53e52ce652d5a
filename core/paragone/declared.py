"""Whether a plugin's declaration is one: every field of the kind that it should be, told by name. No torch here."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from .modality import Extractor, Metric, Modality, Preset
from .options import options_of
from .settings import settle

RESERVED = frozenset({"plugins", "new-plugin", "doctor", "replay", "help", "version"})
"""Words after ``create`` that no modality may take."""

TAKEN = frozenset({"samples", "real", "doubt", "none"})
"""What stands beside a metric in ``scores.jsonl``, or means none: no metric's name."""

PARTS: dict[str, type[Preset] | type[Extractor] | type[Metric]] = {"presets": Preset, "extractors": Extractor, "metrics": Metric}
IMPORTS = ("dataset", "artefacts", "choosing", "collecting", "make_starter", "check", "embedding")
FILES = ("starter", "model")
WAYS = ("lower", "higher", "real")


def check_declaration(modality: Modality) -> None:
    """Check everything that can be seen without importing the plugin's code.

    Raises:
        TypeError, ValueError: naming the field.
        UsageError: if a preset's settings are not valid.
    """
    if not isinstance(modality.name, str) or not re.fullmatch(r"[a-z][a-z0-9-]*", modality.name):
        raise ValueError(f"{modality.name!r} cannot be the name of a medium: lower-case letters, digits and dashes")
    if modality.name in RESERVED:
        raise ValueError(f"{modality.name!r} cannot be the name of a medium: `create {modality.name}` means something else, or may once")
    _check_text("summary", modality.summary)
    for name in IMPORTS:
        _check_import(name, getattr(modality, name), required=name in ("dataset", "artefacts"))
    for name in FILES:
        _check_import(name, getattr(modality, name), required=False, inside=r".+", such_as="package:path/inside")
    for name, kind in PARTS.items():
        _check_parts(name, getattr(modality, name), kind)
    if not modality.presets:
        raise ValueError(f"{modality.name!r} declares no preset")
    _check_settings("data_config", modality.data_config)
    _check_settings("sample_config", modality.sample_config)
    for preset in modality.presets:  # a wrong type or key in any of its settings is the plugin's fault, and shows here
        _check_import(f"build of preset {preset.name}", preset.build)
        _check_settings(f"config of preset {preset.name}", preset.config)
        settle(modality, [("its declaration", {"train.preset": preset.name})])
    for extractor in modality.extractors:
        _check_import(f"build of extractor {extractor.name}", extractor.build)
    for metric in modality.metrics:
        _check_import(f"measure of metric {metric.name}", metric.measure)
        if metric.better not in WAYS:
            raise ValueError(f"better of metric {metric.name} is {metric.better!r}; one of {', '.join(WAYS)} was wanted")
        if metric.name in TAKEN:
            raise ValueError(f"a metric cannot be called {metric.name!r}: that means something else where scores are kept")


def _check_import(
    field: str, value: object, required: bool = True, inside: str = r"[\w.]+", such_as: str = "package.module:attribute"
) -> None:
    if value is None and not required:
        return
    if not isinstance(value, str) or not re.fullmatch(rf"[\w.]+:{inside}", value):
        raise TypeError(f"{field} is {value!r}; an import string such as {such_as!r} was wanted")


def _check_parts(field: str, parts: Any, kind: type[Preset] | type[Extractor] | type[Metric]) -> None:
    if not isinstance(parts, tuple | list) or not all(isinstance(part, kind) for part in parts):
        hint = "is a comma missing?" if isinstance(parts, kind) else f"it is {parts!r}"
        raise TypeError(f"{field} must be a tuple of {kind.__name__}: {hint}")
    names = [part.name for part in parts]
    for part in parts:
        _check_text(f"summary of {part.name} among the {field}", part.summary)
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name):
            raise ValueError(f"{name!r} cannot be a name among the {field}: letters, digits, dashes and underscores")
        if names.count(name) > 1:
            raise ValueError(f"two of the {field} are called {name!r}")


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{field} is {value!r}; a text was wanted")


def _check_settings(field: str, config: Any) -> None:
    if not (isinstance(config, type) and dataclasses.is_dataclass(config)):
        raise TypeError(f"{field} is {config!r}; a dataclass of settings was wanted")
    options_of(config)
