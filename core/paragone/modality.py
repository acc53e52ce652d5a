"""What a plugin declares about its medium: names, settings and where its code is.

A declaration is data. Importing a plugin must not import torch, so the code is
named by import strings (``"package.module:attribute"``) that are resolved when
it is really needed, by :func:`resolve`.
"""

from __future__ import annotations

import contextlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from .errors import ParagoneError, PluginError, UsageError
from .options import nearest_error

Entry = TypeVar("Entry", "Preset", "Extractor", "Metric")

API_VERSION = 1
"""Version of the plugin contract. It rises when the contract asks for something new of a plugin."""

TELL_THE_AUTHOR = "Tell the author of the plugin that declares it; --debug shows where."

OLDEST_API_VERSION = 1
"""Plugins written for this version still work; docs/plugins.md says for how long."""


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
class Extractor:
    """What turns samples into features that metrics compare.

    Attributes:
        name: what ``--extractor`` takes.
        summary: one line for ``--help``.
        build: import string of
            ``build(spec: SampleSpec, execution: Execution) -> paragone.evaluation.features.FeatureExtractor``.
    """

    name: str
    summary: str
    build: str


@dataclass(frozen=True)
class Metric:
    """One number that says how good samples are.

    Attributes:
        name: what JSON and ``--keep-best`` call it.
        summary: one line: what it is and its unit.
        measure: import string of a :class:`paragone.evaluation.evidence.Measure`.
        better: which way is better, ``"real"`` for as near to the score of real samples as can
            be; the engine keeps the best weights by one of the other two.
        per_label: whether it also means something for the samples of one label.
        title: what tables call it; empty for :attr:`name`.
    """

    name: str
    summary: str
    measure: str
    better: Literal["lower", "higher", "real"]
    per_label: bool = False
    title: str = ""

    @property
    def aim(self) -> str:
        """Which way is better, in words."""
        return "as the real one is best" if self.better == "real" else f"{self.better} is better"


@dataclass(frozen=True)
class NoSettings:
    """Where a medium has nothing to set."""


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
            :class:`paragone.artefacts.Artefacts`; the numbers as JSON, if not given.
        data_config: flat frozen dataclass of the dataset's settings (``[data]``).
        sample_config: flat frozen dataclass of the settings of the artefact writer and of ``choosing``.
        choosing: import string of ``choose(sampler, options) -> Chooser | None`` (see
            :class:`paragone.choosing.OpenChooser`), where the sample of a seed is not
            simply what the generator makes of its latent; or ``None``.
        collecting: import string of ``collect(options) -> Collector | None`` (see
            :class:`paragone.collecting.OpenCollector`), which makes something of many
            samples together; or ``None``.
        lines: whether a sample is a line of text. Then ``create`` prints samples instead of
            writing files, and the artefact writer has ``line`` too
            (:class:`paragone.artefacts.Lines`).
        starter: ``"package:path/inside"`` of bundled data used when no DATA is
            given, or ``None``.
        make_starter: import string of ``make(folder: Path) -> None``, which fills an empty
            folder with starter data; called once, for a medium that bundles none.
        model: ``"package:path/inside"`` of a bundled run folder that makes samples
            before anything has been trained, or ``None``.
        check: import string of ``check() -> None``, which raises ``PluginError`` where the medium
            cannot work, such as without a package that it needs; called before any other of its code,
            and by ``create plugins``, so it should be quick. ``None``: it works everywhere.
        extractors: of features for ``evaluate``; the first is the default. Without
            any there is nothing to evaluate by.
        metrics: what ``evaluate`` measures, in the order of its table.
        embedding: import string of ``embed(samples, spec) -> (B, D)`` float32, which gives samples that
            are alike near rows: what clusters (:mod:`paragone.clusters`) are found by; ``None``
            where there are to be none.
        api_version: the contract that the plugin was written for.
    """

    name: str
    summary: str
    presets: tuple[Preset, ...]
    dataset: str
    artefacts: str = "paragone.json_files:JsonFiles"
    data_config: type = NoSettings
    sample_config: type = NoSettings
    choosing: str | None = None
    collecting: str | None = None
    lines: bool = False
    starter: str | None = None
    make_starter: str | None = None
    model: str | None = None
    check: str | None = None
    extractors: tuple[Extractor, ...] = ()
    metrics: tuple[Metric, ...] = ()
    embedding: str | None = None
    api_version: int = API_VERSION

    @property
    def has_starter(self) -> bool:
        """Whether there is something to learn from when nobody names any data."""
        return self.starter is not None or self.make_starter is not None

    def preset(self, name: str | None = None) -> Preset:
        """The preset called ``name``, or the default one.

        Raises:
            UsageError: if there is none of that name; it names the nearest.
        """
        return _named("preset", self.presets, name)

    def extractor(self, name: str | None = None) -> Extractor:
        """The extractor called ``name``, or the default one.

        Raises:
            UsageError: if there is none of that name, or none at all.
        """
        if not self.extractors or not self.metrics:
            raise UsageError("declares no metrics or no feature extractor, so nothing can be measured", where=self.name)
        return _named("extractor", self.extractors, name)

    def metric(self, name: str) -> Metric:
        """The metric called ``name``.

        Raises:
            UsageError: if there is none of that name; it names the nearest.
        """
        return _named("metric", self.metrics, name)

    def goal(self, name: str) -> Metric:
        """The metric called ``name``, to keep the best weights by.

        Raises:
            UsageError: if there is none of that name, or no way of it is better.
        """
        metric = self.metric(name)
        if metric.better == "real":
            fix = f"Use one of {', '.join(each.name for each in self.metrics if each.better != 'real')}."
            raise UsageError(f"neither more nor less of {name} is better", where="train.keep_best", fix=fix)
        return metric


def _named(kind: str, entries: Sequence[Entry], name: str | None) -> Entry:
    by_name = {entry.name: entry for entry in entries}
    if not name:
        return entries[0]
    if name not in by_name:
        raise nearest_error(kind, name, list(by_name))
    return by_name[name]


def resolve(import_string: str) -> Any:
    """Import the object that ``"package.module:attribute"`` names.

    Raises:
        PluginError: if it cannot be imported, with the reason.
    """
    try:
        return pkgutil.resolve_name(import_string)
    except Exception as error:  # a plugin's module may raise anything
        raise PluginError(
            f"cannot be loaded: {type(error).__name__}: {error}",
            where=import_string,
            fix="Reinstall the plugin that declares it, or tell its author; --debug shows where it fails.",
        ) from error


def require(medium: Modality) -> None:
    """Call the medium's :attr:`Modality.check`, where it has one.

    Raises:
        PluginError: if the medium cannot work here, with the reason and the fix.
    """
    if medium.check is not None:
        try:
            with running(medium.check):
                resolve(medium.check)()
        except OSError as error:  # such as a library of C that is not there
            raise PluginError(f"fails: {type(error).__name__}: {error}", where=medium.check, fix=TELL_THE_AUTHOR) from error


@contextlib.contextmanager
def running(import_string: str) -> Iterator[None]:
    """What is inside calls a plugin's code: whatever that raises is the plugin's fault, and said to be.

    Raises:
        PluginError: for what is neither in words already nor a want of disk or memory.
    """
    try:
        yield
    except (ParagoneError, OSError, MemoryError):
        raise
    except Exception as error:  # a plugin's code may raise anything
        if "memory" in str(error).lower():  # torch has no type of its own for it on a CPU
            raise
        raise PluginError(
            f"fails: {type(error).__name__}: {error}",
            where=import_string,
            fix=TELL_THE_AUTHOR,
        ) from error


def returned(import_string: str, found: object, wanted: type | tuple[type, ...], what: str) -> None:
    """Check what a plugin's code has returned.

    Raises:
        PluginError: if it is not of the type ``wanted``, which ``what`` says in words.
    """
    if not isinstance(found, wanted):
        raise PluginError(f"returned {type(found).__name__} where {what} was wanted", where=import_string, fix=TELL_THE_AUTHOR)
