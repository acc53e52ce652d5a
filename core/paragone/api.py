"""The library: plan, train, resume, load, sample, evaluate. The command line is a thin skin over this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from . import __version__, checkpoint
from .allocator import keep_freed_memory
from .artefacts import Artefacts
from .best import REAL, Best
from .budget import Budget
from .cores import free_threads
from .data import Dataset, Unlabelled, hold_out
from .errors import DataError, RunError, UsageError
from .evaluation.examiner import Examiner
from .execution import Execution
from .modality import Modality, resolve
from .opening import newest_run, open_data
from .players import Players
from .randomness import derive
from .registry import registry
from .reporting import Reporter, Silent
from .run import Run, free_name
from .sampler import Batch, Sampler, build, describe
from .session import Session
from .settings import DEFAULT_MINUTES, Settings, layers, settle
from .tensorboard import with_tensorboard
from .trainer import Trainer

CHANGEABLE = frozenset(
    f"train.{key}"
    for key in (
        *("minutes", "samples", "device", "precision", "compile", "threads", "save_seconds", "sheet_seconds", "tensorboard"),
        *("keep_best", "best_every", "best_count"),
    )
)
"""Settings that a resumed training may change: all others belong to what is being trained."""

Layers = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass
class Plan:
    """A training, decided but not begun.

    Attributes:
        modality, settings, dataset, players, execution: what will train, on what, where.
        held: samples that are held out of the training, ``None`` if none are.
        examiner: that finds the best weights, ``None`` if nobody wants them.
        source: what the user named as DATA, ``None`` for the starter data.
        out: the run folder to be made.
    """

    modality: Modality
    settings: Settings
    dataset: Dataset
    players: Players
    execution: Execution
    source: Path | None
    out: Path
    held: Dataset | None = None
    examiner: Examiner | None = None

    def to_json(self) -> dict[str, Any]:
        """What ``--dry-run`` shows, as JSON values."""
        return {
            "modality": self.modality.name,
            "preset": self.settings.train.preset,
            "out": str(self.out),
            "data": self.data_facts() | {"labels": list(self.dataset.labels), "spec": str(self.dataset.spec)},
            "parameters": {
                "generator": sum(parameter.numel() for parameter in self.players.generator.parameters()),
                "discriminator": sum(parameter.numel() for parameter in self.players.discriminator.parameters()),
            },
            "device": str(self.execution.device),
            "precision": self.execution.precision,
            "settings": self.settings.to_dict(),
        }

    def data_facts(self) -> dict[str, Any]:
        """The ``data`` entry of ``config.json``."""
        source = None if self.source is None else str(self.source.resolve())
        return {"path": source, "fingerprint": self.dataset.fingerprint, "samples": len(self.dataset), "held_out": len(self.held or ())}


def plan(
    modality: str,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    layers: Layers = (),
    reporter: Reporter | None = None,
) -> Plan:
    """Decide everything about a training, and open its data.

    Args:
        modality: name of an installed medium.
        data: folder, archive or file; ``None`` for the medium's starter data.
        out: run folder; ``None`` for the next free ``runs/<modality>-<n>``.
        layers: settings, as :func:`paragone.settings.settle` takes them.
        reporter: told what a user should know about the data.

    Raises:
        ParagoneError: of the kind that fits; nothing has been written but the data's cache.
    """
    medium = registry().modality(modality)
    settings = _with_threads(_with_budget(settle(medium, layers)))
    train = settings.train
    execution = Execution.choose(train.device, train.precision, train.compile, train.threads)
    source = None if data is None else Path(data)
    dataset, held = _open(medium, settings, source, reporter or Silent())
    examiner = _examiner(medium, settings, dataset, execution, reporter or Silent())
    players = build(medium, settings, dataset.spec, len(dataset.labels), derive(train.seed, "weights"))
    if players.batch_statistics and train.accumulate > 1:
        (reporter or Silent()).note(f"preset {train.preset} normalises over the batch: with accumulate it trains differently")
    return Plan(medium, settings, dataset, players, execution, source, free_name(medium.name) if out is None else Path(out), held, examiner)


def train_plan(plan: Plan, reporter: Reporter | None = None) -> Run:
    """Carry out ``plan``.

    Returns:
        The finished run.

    Raises:
        OutputError: if the run folder is not empty or cannot be written.
        Interrupted, DivergenceError: the last good state is in the run folder.
    """
    config = {
        "paragone": __version__,
        "plugin": registry().versions.get(plan.modality.name, "?"),
        "torch": str(torch.__version__),
        "modality": plan.modality.name,
        "spec": plan.dataset.spec.to_json(),
        "labels": list(plan.dataset.labels),
        "data": plan.data_facts(),
        "settings": plan.settings.to_dict(),
    }
    trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution)  # what it refuses leaves no folder behind
    return _train(Run.create(plan.out, config), plan, trainer, reporter or Silent())


def train(
    modality: str,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    minutes: float | None = None,
    samples: int | None = None,
    preset: str | None = None,
    config: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    reporter: Reporter | None = None,
) -> Run:
    """Train a generator and return its run.

    Args:
        modality: such as ``"image"``.
        data: folder, archive or file; ``None`` for the starter data.
        out: run folder, which must not exist or be empty.
        minutes, samples: budget, one of them; ten minutes if neither is given.
        preset: networks and the settings that suit them.
        config: a TOML file of settings.
        settings: single settings by dotted name, such as ``{"train.batch": 32}``.
        reporter: hears about progress.

    Raises:
        ParagoneError: of the kind that fits.
    """
    named = {"train.minutes": minutes, "train.samples": samples, "train.preset": preset}
    flags = {**(settings or {}), **{key: value for key, value in named.items() if value is not None}}
    decided = plan(modality, data, out=out, layers=layers(Path(config) if config else None, [], flags), reporter=reporter)
    return train_plan(decided, reporter)


def resume(
    run: str | Path,
    *,
    modality: str | None = None,
    data: str | Path | None = None,
    layers: Layers = (),
    reporter: Reporter | None = None,
) -> Run:
    """Continue a training where its last saved state left it.

    On the CPU, with a budget in samples, the result is bit for bit that of a
    training that never stopped.

    Args:
        run: the run folder.
        modality: raise if the run is of another one.
        data: where the data is now, if it has moved; it may also have changed, as
            long as its labels and sample shape have not.
        layers: changes to the settings in :data:`CHANGEABLE`, such as a longer budget.
        reporter: hears about progress.

    Raises:
        RunError: if the run cannot be used, or its data has changed unannounced.
        UsageError: if another setting is to be changed, or the budget is used up already.
    """
    reporter = reporter or Silent()
    opened = Run.open(Path(run))
    medium, before = describe(opened, modality)
    _refuse_preset(before, layers)
    settings = _with_budget(settle(medium, [(str(opened.path / "config.json"), _flat(before)), *layers]))
    _refuse_changes(before, settings)
    train = settings.train
    execution = Execution.choose(train.device, train.precision, train.compile, train.threads)
    kept = opened.config["data"]
    source = Path(data) if data is not None else (Path(kept["path"]) if kept.get("path") else None)
    try:
        dataset, held = _open(medium, settings, source, reporter)
    except DataError as error:
        if data is not None:
            raise
        fix = f"Restore it; or name where it is now: --resume {opened.path} DATA."
        raise DataError(error.what, where=error.where or source, fix=fix) from error
    if dataset.spec.to_json() != opened.config["spec"] or list(dataset.labels) != opened.config["labels"]:
        raise RunError(
            "this data has other labels or another shape than the run was trained on", where=source, fix="Start a new run with it."
        )
    if dataset.fingerprint != kept.get("fingerprint"):
        if data is None:
            raise RunError(
                "the data has changed since this training began",
                where=source,
                fix=f"Restore it; or accept the change: --resume {opened.path} and name the data again.",
            )
        reporter.note("the data is not what this training began with; continuing with what is there now")
    players = build(medium, settings, dataset.spec, len(dataset.labels), derive(train.seed, "weights"))
    examiner = _examiner(medium, settings, dataset, execution, reporter)
    decided = Plan(medium, settings, dataset, players, execution, source, opened.path, held, examiner)
    opened.config.update(settings=settings.to_dict(), data=decided.data_facts())
    trainer = Trainer(players, dataset, settings, execution)
    return _train(opened, decided, trainer, reporter)


def load(run: str | Path, device: str = "auto", modality: str | None = None, which: str = "last") -> Sampler:
    """Open a run for sampling. See :meth:`Sampler.load`."""
    return Sampler.load(run, device, modality, which)


def sample(
    modality: str, seeds: Iterable[int], *, run: str | Path | None = None, label: str | None = None, truncation: float = 1.0
) -> Batch:
    """Sample from ``run``, or from the newest one under ``runs/``, or from the bundled model. See :meth:`Sampler.sample`."""
    folder = newest_run(registry().modality(modality)) if run is None else run
    return load(folder, modality=modality).sample(seeds, label, truncation)


def _train(run: Run, plan: Plan, trainer: Trainer, reporter: Reporter) -> Run:
    if plan.execution.device.type == "cpu":
        keep_freed_memory()
    with run.lock():
        if run.begun:
            checkpoint.restore(run, trainer)
        if Budget.of(plan.settings.train).progress(trainer.samples, trainer.seconds) >= 1:
            raise UsageError(
                f"has used up its budget ({trainer.samples:,} samples, {trainer.seconds / 60:.1f} minutes)",
                where=run.path,
                fix="Give a larger one with --minutes or --samples.",
            )
        run.write_config()  # a resumed training may have a new budget; only now is it sure to go on
        artefacts: Artefacts = resolve(plan.modality.artefacts)(plan.dataset.spec, plan.modality.sample_config())
        # before the clock starts: data may have to be looked at for the first time
        best = Best(run, trainer, plan.examiner, plan.held, plan.settings.train, reporter) if plan.examiner else None
        told = with_tensorboard(reporter, run.path, plan.settings.train.tensorboard)
        session = Session(run, trainer, plan.settings, artefacts, told, best)
        try:
            session.train()
        finally:
            session.reporter.close()
    return run


def _open(medium: Modality, settings: Settings, source: Path | None, reporter: Reporter) -> tuple[Dataset, Dataset | None]:
    """What is trained on, and what is held out."""
    dataset = open_data(medium, settings.data, source, reporter.note)
    if not settings.train.conditional:
        dataset = Unlabelled(dataset)
    training, held = hold_out(dataset, settings.train.hold_out)
    if settings.train.hold_out and held is None:
        reporter.note("train.hold_out: too few samples to hold any out")
    return training, held


def _examiner(medium: Modality, settings: Settings, dataset: Dataset, execution: Execution, reporter: Reporter) -> Examiner | None:
    if not settings.train.keep_best:
        return None
    medium.metric(settings.train.keep_best)  # a slip is told before anything is written

    def progress(what: str, done: int, total: int) -> None:
        if what == REAL and not done:  # only the first time: their features are kept
            reporter.note(f"Looking at {total:,} real samples, to find the best by.")

    return Examiner(medium, dataset.spec, execution, progress=progress)


def _with_budget(settings: Settings) -> Settings:
    if settings.train.minutes is None and settings.train.samples is None:
        return settings.replace("train", minutes=DEFAULT_MINUTES)
    return settings


def _with_threads(settings: Settings) -> Settings:
    """With a budget in samples the number of threads is settled, and kept: other numbers round differently."""
    if settings.train.samples is None or settings.train.threads:
        return settings
    return settings.replace("train", threads=free_threads())


def _flat(settings: Settings) -> dict[str, Any]:
    return {f"{section}.{key}": value for section, values in settings.to_dict().items() for key, value in values.items()}


def _refuse_preset(before: Settings, layers: Layers) -> None:
    """Another preset has other networks, whose settings could not even be read."""
    for origin, values in layers:
        wanted = values.get("train.preset") or before.train.preset
        if wanted != before.train.preset:
            raise UsageError(
                f"cannot change from {before.train.preset!r} to {wanted!r} in the middle of a training",
                where=f"{origin}: train.preset",
                fix="Leave it out, or start a new run.",
            )


def _refuse_changes(before: Settings, after: Settings) -> None:
    old, new = _flat(before), _flat(after)
    for name in new:
        if name not in CHANGEABLE and old.get(name) != new[name]:
            raise UsageError(
                f"cannot change from {old.get(name)!r} to {new[name]!r} in the middle of a training",
                where=name,
                fix=f"Leave it as it is, or start a new run. May change: {', '.join(sorted(CHANGEABLE))}.",
            )
