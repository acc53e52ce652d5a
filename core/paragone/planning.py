"""How a training is decided: settings, data, players, where. :mod:`paragone.api` carries it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from .best import REAL
from .building import build, describe
from .clusters import Clustered, Clusters, classes, clustered, clustered_again, described, read_centres
from .continuing import Layers, flat, is_marked, marked, refuse_changes, refuse_preset
from .cores import free_threads
from .data import Dataset, Unlabelled, hold_out
from .errors import DataError, RunError
from .evaluation.examiner import Examiner
from .execution import Execution
from .files import quoted
from .modality import Modality
from .opening import open_data
from .parts import part_size
from .players import Players
from .randomness import derive
from .ranks import Ranks
from .reporting import Reporter
from .run import Run, free_name, refuse_busy
from .settings import DEFAULT_MINUTES, Settings, TrainSettings, settle
from .spec import SampleSpec
from .tensorboard import require_tensorboard

MANY = 10_000
"""Samples from which on a user is told what takes a while."""


@dataclass
class Plan:
    """A training, decided but not begun.

    Attributes:
        modality, settings, dataset, players, execution: what will train, on what, where.
        source: what the user named as DATA, ``None`` for the starter data.
        out: the run folder to be made.
        held: samples that are held out of the training, ``None`` if none are.
        examiner: that finds the best weights, ``None`` if nobody wants them here.
        processes: how many train together.
        named: whether somebody asked for ``out``; where not, another free name will do as well.
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
    processes: int = 1
    named: bool = True

    def to_json(self) -> dict[str, Any]:
        """What ``--dry-run`` shows, as JSON values."""
        return {
            "modality": self.modality.name,
            "preset": self.settings.train.preset,
            "out": str(self.out),
            "data": self.data_facts() | {"labels": list(self.dataset.labels), "spec": str(self.dataset.spec)},
            "clusters": len(self.dataset.clusters.labels) if isinstance(self.dataset, Clustered) else 0,
            "parameters": {
                "generator": sum(parameter.numel() for parameter in self.players.generator.parameters()),
                "discriminator": sum(parameter.numel() for parameter in self.players.discriminator.parameters()),
            },
            "device": str(self.execution.device),
            "processes": self.processes,
            "precision": self.execution.precision,
            "settings": self.settings.to_dict(),
        }

    def clusters_json(self) -> dict[str, Any] | None:
        """The ``clusters`` entry of ``config.json``."""
        return self.dataset.clusters.to_json() if isinstance(self.dataset, Clustered) else None

    def data_facts(self) -> dict[str, Any]:
        """The ``data`` entry of ``config.json``."""
        source = None if self.source is None else str(self.source.resolve())
        return {"path": source, "fingerprint": self.dataset.fingerprint, "samples": len(self.dataset), "held_out": len(self.held or ())}


def decide(medium: Modality, data: str | Path | None, out: str | Path | None, layers: Layers, ranks: Ranks, reporter: Reporter) -> Plan:
    """The plan of a new training; arguments as those of :func:`paragone.api.plan`."""
    settings = _with_threads(_with_budget(settle(medium, layers)), ranks)
    path = Path(ranks.tell(lambda: str(_place(medium, out, ranks))))  # before the long part
    require_tensorboard(settings.train.tensorboard)
    execution = _execution(settings.train, ranks)
    source = None if data is None else Path(data)
    dataset, held = _open(medium, settings, source, reporter, ranks)
    train = settings.train
    if train.clusters and len(dataset) >= MANY:
        reporter.note(f"Looking for clusters among {len(dataset):,} samples.")
    dataset = _shared(dataset, ranks, lambda: clustered(medium, dataset, train))
    plan = _with_players(medium, settings, dataset, held, execution, source, path, ranks, reporter)
    return replace(plan, named=out is not None)


def _place(medium: Modality, out: str | Path | None, ranks: Ranks) -> Path:
    """Where the run will be.

    Raises:
        OutputError: if something else is there.
    """
    begun = marked(ranks.world)
    path = Path(out or begun or free_name(medium.name))
    if not is_marked(path, ranks.world):
        refuse_busy(path)
    return path


def decide_again(opened: Run, modality: str | None, data: str | Path | None, layers: Layers, ranks: Ranks, reporter: Reporter) -> Plan:
    """The plan of a run that was begun before, with what is to change."""
    medium, before = describe(opened, modality)
    refuse_preset(before, layers)
    settings = _with_budget(settle(medium, [(str(opened.path / "config.json"), flat(before)), *layers], complete=True))
    refuse_changes(before, settings.replace("augment", mode=before.augment.mode))  # which is none where the players have none
    if ranks.size > 1 and not any("train.threads" in values for _, values in layers):  # it may have had the machine for itself
        settings = settings.replace("train", threads=min(settings.train.threads, ranks.world.cores))
    execution = _execution(settings.train, ranks)
    kept = opened.config["data"]
    source = Path(data) if data is not None else (Path(kept["path"]) if kept.get("path") else None)
    try:
        dataset, held = _open(medium, settings, source, reporter, ranks, SampleSpec.from_json(opened.config["spec"]))
    except DataError as error:
        if data is not None:
            raise
        fix = f"Restore it; or name where it is now: --resume {quoted(opened.path)} DATA."
        raise DataError(error.what, where=error.where or source, fix=fix) from error
    _refuse_other_data(opened, dataset, data is not None, source, reporter)
    train, clusters = settings.train, opened.clusters
    if clusters and opened.begun:
        centres = opened.centres
        dataset = _shared(
            dataset, ranks, lambda: clustered_again(medium, dataset, clusters, read_centres(centres, clusters), train.neighbours)
        )
    elif clusters:  # a training that was killed before it had saved anything begins anew
        dataset = _shared(dataset, ranks, lambda: clustered(medium, dataset, train))
    plan = _with_players(medium, settings, dataset, held, execution, source, opened.path, ranks, reporter)
    refuse_changes(before, plan.settings)
    opened.config.update(settings=plan.settings.to_dict(), data=plan.data_facts(), clusters=plan.clusters_json())
    return plan


def _refuse_other_data(opened: Run, dataset: Dataset, named: bool, source: Path | None, reporter: Reporter) -> None:
    if dataset.spec != SampleSpec.from_json(opened.config["spec"]) or list(dataset.labels) != opened.config["labels"]:
        raise RunError(
            "this data has other labels or another shape than the run was trained on", where=source, fix="Start a new run with it."
        )
    if dataset.fingerprint != opened.config["data"].get("fingerprint"):
        if not named:
            raise RunError(
                "the data has changed since this training began",
                where=source,
                fix=f"Restore it; or accept the change: --resume {quoted(opened.path)} and name the data again.",
            )
        reporter.note("the data is not what this training began with; continuing with what is there now")


def _with_players(
    medium: Modality,
    settings: Settings,
    dataset: Dataset,
    held: Dataset | None,
    execution: Execution,
    source: Path | None,
    out: Path,
    ranks: Ranks,
    reporter: Reporter,
) -> Plan:
    """The whole plan, and a note if the processes will not do what one alone would."""
    train = settings.train
    players = build(medium, settings, dataset.spec, classes(dataset), derive(train.seed, "weights"), described(dataset))
    if players.augmentation is None:  # else p would rise, and the advice be to raise it faster
        if settings.augment.mode == "fixed":
            reporter.note(f"preset {train.preset} has no augmentation, so augment.mode=fixed does nothing")
        settings = settings.replace("augment", mode="none")
    if players.batch_statistics and (train.accumulate > 1 or ranks.size > 1):
        among = "accumulate" if ranks.size == 1 else "several processes"
        reporter.note(f"preset {train.preset} normalises over the batch: with {among} it trains differently")
    examiner = _examiner(medium, settings, dataset, execution, reporter) if ranks.first else None
    return Plan(medium, settings, dataset, players, execution, source, out, held, examiner, ranks.size)


def _execution(train: TrainSettings, ranks: Ranks) -> Execution:
    threads = train.threads or (ranks.world.cores if ranks.size > 1 else 0)
    return Execution.choose(ranks.device(train.device), train.precision, train.compile, threads)


def _open(
    medium: Modality, settings: Settings, source: Path | None, reporter: Reporter, ranks: Ranks, like: SampleSpec | None = None
) -> tuple[Dataset, Dataset | None]:
    """What is trained on, and what is held out; the same in all processes, and only one decodes it."""
    part_size(
        settings.train.batch, settings.train.accumulate, settings.train.group, ranks.size
    )  # a slip is told before that takes its time
    with ranks.after_first():
        dataset = open_data(medium, settings.data, source, reporter.note, like)
    if not settings.train.conditional:
        dataset = Unlabelled(dataset)
    training, held = hold_out(dataset, settings.train.hold_out)
    if settings.train.hold_out and held is None:
        reporter.note("train.hold_out: too few samples to hold any out")
    command = json.dumps(settings.replace("train", threads=0, device="").to_dict(), sort_keys=True)
    ranks.check_equal(
        {"data": [training.fingerprint.encode()], "command": [command.encode()]},
        fix="Start all with the same command, on copies of one data set.",
    )
    return training, held


def _shared(dataset: Dataset, ranks: Ranks, find: Callable[[], Dataset]) -> Dataset:
    """What ``find`` makes of ``dataset``, which of several processes the first alone asks."""

    def parts() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        found = find()
        if not isinstance(found, Clustered):
            return {}, {}
        return {"near": found.near, "centres": found.centres}, found.clusters.to_json()

    tensors, facts = ranks.read(parts)
    clusters = Clusters.from_json(facts or None)
    return Clustered(dataset, clusters, tensors["near"], tensors["centres"]) if clusters else dataset


def _examiner(medium: Modality, settings: Settings, dataset: Dataset, execution: Execution, reporter: Reporter) -> Examiner | None:
    if not settings.train.keep_best:
        return None
    medium.goal(settings.train.keep_best)  # a slip is told before anything is written

    def progress(what: str, done: int, total: int) -> None:
        if what == REAL and not done:  # only the first time: their features are kept
            reporter.note(f"Looking at {total:,} real samples, to find the best by.")

    return Examiner(medium, dataset.spec, execution, progress=progress)


def _with_budget(settings: Settings) -> Settings:
    if settings.train.minutes is None and settings.train.samples is None:
        return settings.replace("train", minutes=DEFAULT_MINUTES)
    return settings


def _with_threads(settings: Settings, ranks: Ranks) -> Settings:
    """With a budget in samples the number of threads is settled, and kept: other numbers round differently."""
    if settings.train.samples is None or settings.train.threads:
        return settings
    return settings.replace("train", threads=ranks.world.cores if ranks.size > 1 else free_threads())
