"""The library: plan, train, resume, load, sample, evaluate. The command line is a thin skin over this."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from . import __version__, checkpoint
from .allocator import keep_freed_memory
from .artefacts import writer_of
from .batch import Batch
from .best import Best
from .budget import Budget
from .clusters import save_centres
from .continuing import Layers, is_marked, leave_mark
from .cores import threads_kept
from .distributed import joined
from .errors import TakenError, UsageError
from .keeper import Keeper, Onlooker
from .opening import newest_run
from .planning import Plan, decide, decide_again
from .ranks import Ranks
from .registry import registry
from .rehearsal import rehearse
from .reporting import Reporter, Silent
from .run import Run, free_name
from .sampler import Sampler
from .session import Session
from .settings import layers
from .tensorboard import with_tensorboard
from .trainer import Trainer

__all__ = ["Plan", "load", "plan", "resume", "sample", "train", "train_plan"]


def plan(
    modality: str,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    layers: Layers = (),
    reporter: Reporter | None = None,
) -> Plan:
    """Decide everything about a training, and open its data.

    Of several processes that ``torchrun`` started, all call this, and all get the same plan.

    Args:
        modality: name of an installed medium.
        data: folder, archive or file; ``None`` for the medium's starter data.
        out: run folder; ``None`` for the next free ``runs/<modality>-<n>``.
        layers: settings, as :func:`paragone.settings.settle` takes them.
        reporter: told what a user should know about the data.

    Raises:
        ParagoneError: of the kind that fits; nothing has been written but the data's cache.
    """
    with joined() as ranks:
        return decide(registry().modality(modality), data, out, layers, ranks, _heard(reporter, ranks))


@threads_kept()
def train_plan(plan: Plan, reporter: Reporter | None = None) -> Run:
    """Carry out ``plan``.

    Returns:
        The finished run.

    Raises:
        OutputError: if the run folder is not empty or cannot be written.
        Interrupted, DivergenceError: the last good state is in the run folder.
        ProcessError: as these, of another process.
    """
    with joined() as ranks:
        if ranks.tell(lambda: is_marked(plan.out, ranks.world)):  # started again by the launcher
            return resume(plan.out, modality=plan.modality.name, data=plan.source, reporter=reporter)
        trainer = _trainer(plan, ranks)  # what it refuses leaves no folder behind
        heard = _heard(reporter, ranks)
        out = Path(ranks.tell(lambda: str(_create(plan, ranks, heard))))
        return _train(Run.open(out) if ranks.first else Run(out, _config(plan)), plan, trainer, heard)


def _trainer(plan: Plan, ranks: Ranks) -> Trainer:
    trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution, ranks)
    rehearse(trainer, plan.modality.preset(plan.settings.train.preset).build)
    writer_of(plan.modality, plan.dataset.spec, plan.modality.sample_config())  # that it can be had, too
    return trainer


def _create(plan: Plan, ranks: Ranks, reporter: Reporter) -> Path:
    """Make the run folder; where the name was ours to choose and another training has taken it meanwhile, under the next."""
    out = plan.out
    while True:
        try:
            run = Run.create(out, _config(plan))
        except TakenError:  # and not a full disk, on which the next name would fail too
            if plan.named:
                raise
            taken, out = out, free_name(plan.modality.name)
            reporter.note(f"{taken} has been taken by another training; this one is {out}")
        else:
            leave_mark(run.path, ranks.world)
            return run.path


def _config(plan: Plan) -> dict[str, Any]:
    """What ``config.json`` will hold."""
    return {
        "paragone": __version__,
        "plugin": registry().versions.get(plan.modality.name, "?"),
        "torch": str(torch.__version__),
        "modality": plan.modality.name,
        "spec": plan.dataset.spec.to_json(),
        "labels": list(plan.dataset.labels),
        "clusters": plan.clusters_json(),
        "data": plan.data_facts(),
        "settings": plan.settings.to_dict(),
    }


@threads_kept()
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
    decided = plan(modality, data, out=out, layers=layers(Path(config) if config else None, [], flags, "settings"), reporter=reporter)
    return train_plan(decided, reporter)


@threads_kept()
def resume(
    run: str | Path,
    *,
    minutes: float | None = None,
    samples: int | None = None,
    modality: str | None = None,
    data: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    layers: Layers = (),
    reporter: Reporter | None = None,
) -> Run:
    """Continue a training where its last saved state left it.

    On the CPU, with a budget in samples, the result is bit for bit that of a
    training that never stopped, if the number of processes is the same; it may change.

    Args:
        run: the run folder.
        minutes, samples: the whole budget from now on, one of them, what is used up included; as it was if neither is given.
        modality: raise if the run is of another one.
        data: where the data is now, if it has moved; it may also have changed, as
            long as its labels and sample shape have not.
        settings: changes to other settings, by dotted name; those in :data:`paragone.continuing.CHANGEABLE` may change.
        layers: the same from other places, each with a name for messages.
        reporter: hears about progress.

    Raises:
        RunError: if the run cannot be used, or its data has changed unannounced.
        UsageError: if another setting is to be changed, or the budget is used up already.
    """
    budget = {f"train.{name}": value for name, value in (("minutes", minutes), ("samples", samples)) if value is not None}
    with joined() as ranks:
        folder = Path(run)
        opened = Run(folder, ranks.tell(lambda: Run.open(folder).config))
        changes = [*layers, ("settings", settings or {}), ("minutes and samples", budget)]
        decided = decide_again(opened, modality, data, changes, ranks, _heard(reporter, ranks))
        trainer = _trainer(decided, ranks)
        return _train(opened, decided, trainer, _heard(reporter, ranks))


def load(run: str | Path, device: str = "auto", modality: str | None = None, which: str = "last") -> Sampler:
    """Open a run for sampling. See :meth:`Sampler.load`."""
    return Sampler.load(run, device, modality, which)


def sample(
    modality: str,
    seeds: Iterable[int],
    *,
    run: str | Path | None = None,
    label: str | None = None,
    truncation: float = 1.0,
    options: object = None,
    like: int | None = None,
) -> Batch:
    """Sample from ``run``, or from the newest one under ``runs/``, or from the bundled model. See :meth:`Sampler.sample`."""
    folder = newest_run(registry().modality(modality)) if run is None else run
    return load(folder, modality=modality).sample(seeds, label, truncation, options, like)


def _train(run: Run, plan: Plan, trainer: Trainer, reporter: Reporter) -> Run:
    if plan.execution.device.type == "cpu":
        keep_freed_memory()
    ranks = trainer.ranks
    with run.lock() if ranks.first else contextlib.nullcontext():
        if ranks.tell(lambda: run.begun):
            checkpoint.restore(run, trainer)
        if Budget.of(plan.settings.train).progress(trainer.samples, trainer.seconds) >= 1:
            raise UsageError(
                f"has used up its budget ({trainer.samples:,} samples, {trainer.seconds / 60:.1f} minutes)",
                where=run.path,
                fix="Give a larger one with --minutes or --samples.",
            )
        keeper = _keeper(run, plan, trainer, reporter) if ranks.first else Onlooker()
        try:
            keeper.write_real()
            Session(run, trainer, plan.settings, keeper).train()
        finally:
            keeper.close()
    return run


def _keeper(run: Run, plan: Plan, trainer: Trainer, reporter: Reporter) -> Keeper:
    save_centres(run.centres, plan.dataset)
    run.write_config()  # a resumed training may have a new budget; only now is it sure to go on
    artefacts = writer_of(plan.modality, plan.dataset.spec, plan.modality.sample_config())
    # before the clock starts: data may have to be looked at for the first time
    best = Best(run, trainer, plan.examiner, plan.held, plan.settings.train, reporter) if plan.examiner else None
    told = with_tensorboard(reporter, run.path, plan.settings.train.tensorboard)
    return Keeper(run, trainer, plan.settings, artefacts, told, best)


def _heard(reporter: Reporter | None, ranks: Ranks) -> Reporter:
    """Of several processes, one speaks."""
    return reporter if reporter and ranks.first else Silent()
