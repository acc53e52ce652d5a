"""``create MEDIUM train``: from a folder of examples to a run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paragone.errors import UsageError, shown
from paragone.files import quoted
from paragone.modality import Modality
from paragone.options import options_of, setting
from paragone.parts import part_size
from paragone.settings import DEFAULT_MINUTES, Settings, TrainSettings, layers, settle
from paragone.world import World

from .faults import say
from .flags import ADVANCED, DATA, MACHINE, OUTPUT, PANELS, TRAINING, Flag, command, flags_of, given, in_words, keyword, with_parameters
from .groups import DEBUG, HELP, single_command
from .sampling import taken_by

if TYPE_CHECKING:
    from paragone.api import Plan
    from paragone.reporting import Reporter
    from paragone.run import Run

Layers = list[tuple[str, Mapping[str, Any]]]

_ENGINE = {
    "minutes": TRAINING,
    "samples": TRAINING,
    "preset": TRAINING,
    "keep_best": TRAINING,
    "batch": ADVANCED,
    "accumulate": ADVANCED,
    "seed": ADVANCED,
    "objective": ADVANCED,
    "device": MACHINE,
    "precision": MACHINE,
    "compile": MACHINE,
}
_OWN = {
    "resume": TRAINING,
    "out": OUTPUT,
    "json": OUTPUT,
    "quiet": OUTPUT,
    "dry_run": OUTPUT,
    "config": ADVANCED,
    "print_config": ADVANCED,
    "processes": MACHINE,
}


@dataclass(frozen=True)
class TrainFlags:
    """Flags of ``train`` that are no settings of the training."""

    resume: str = setting("", "Continue this training where it stopped.", metavar="RUN")
    out: str = setting("", "Folder for the training. Not given: the next free one under runs/.", metavar="FOLDER")
    json: bool = setting(False, "Print one JSON object instead of a path.")
    quiet: bool = setting(False, "Say nothing while training.")
    dry_run: bool = setting(False, "Show what would happen, and train nothing.")
    config: str = setting("", "Settings file; flags and --set win over it.", metavar="FILE")
    print_config: bool = setting(False, "Print all settings as such a file, and train nothing.")
    processes: int = setting(1, "Share each batch among so many processes on this machine, one a GPU.", minimum=1, maximum=1024)


def build_train(modality: Modality) -> Any:
    """The command ``create MEDIUM train``."""
    flags = train_flags(modality)
    data = typer.Argument(
        metavar="DATA",
        help="Your examples: a folder, an archive or a data file. " + ("Not given: the starter set." if modality.has_starter else ""),
        show_default=False,
        rich_help_panel="Your examples",
    )
    assignments = typer.Option(
        "--set", metavar="KEY=VALUE", help="Any setting by name, as in penalty.r1=1. May be given many times.", rich_help_panel=ADVANCED
    )
    parameters = [
        keyword("data", Annotated[str | None, data]),
        *(flag.parameter() for flag in flags),
        keyword("assignments", Annotated[list[str] | None, assignments]),
        DEBUG,
        HELP,
    ]
    return single_command(with_parameters(partial(run, modality, flags), parameters), "train", help_text(modality))


def train_flags(modality: Modality) -> list[Flag]:
    """The engine's, the command line's and the medium's own flags, as the help lists them."""
    defaults = {name: preset_default(modality, f"train.{name}", option.default) for name, option in options_of(TrainSettings).items()}
    defaults |= {"minutes": in_words(DEFAULT_MINUTES), "preset": modality.presets[0].name}
    # what a setting's text can be, where only the medium knows
    special_options: dict[str, dict[str, Any]] = {
        "train.preset": {"choices": tuple(preset.name for preset in modality.presets), "help": "Kind of networks."},
        "train.keep_best": {"choices": tuple(metric.name for metric in modality.metrics), "metavar": None},
    }
    engine = [
        dataclasses.replace(flag, option=dataclasses.replace(flag.option, **special_options.get(flag.key, {})))
        for flag in flags_of("train", TrainSettings, _ENGINE, defaults)
        if flag.key != "train.keep_best" or modality.metrics
    ]
    own = flags_of("cli", TrainFlags, _OWN, switches=True)
    shown = {name: preset_default(modality, f"data.{name}", option.default) for name, option in options_of(modality.data_config).items()}
    special = flags_of("data", modality.data_config, DATA, shown, taken=taken_by(engine + own))
    return sorted([*special, *engine, *own], key=lambda flag: PANELS.index(flag.panel))


def preset_default(modality: Modality, key: str, default: Any) -> str:
    """The default of a setting in words: the first preset's, and whether other presets differ."""
    values = [in_words(preset.settings.get(key, default)) for preset in modality.presets]
    differ = len(set(values)) > 1
    return f"{values[0]}; presets differ" if differ and values[0] else values[0]


def help_text(modality: Modality) -> str:
    """The text of ``create MEDIUM train --help``."""
    presets = "\n".join(f"{preset.name}: {preset.summary}" for preset in modality.presets)
    return (
        "Learn from your own examples.\n\n"
        f"Give it a folder, and it trains for ten minutes. Stop it with Ctrl-C, go on with --resume.\n"
        f"Then make new ones with `create {modality.name}`.\n\n"
        f"Presets:\n{presets}"
    )


def run(modality: Modality, flags: Sequence[Flag], values: dict[str, Any]) -> None:
    """Train, or show what would be done; the run's path or JSON on stdout.

    Raises:
        ParagoneError: of the kind that fits.
    """
    asked = TrainFlags(**given(flags, values, "cli"))
    if values["data"] == "":
        raise UsageError("is given no value", where="DATA", fix="Name a folder, an archive or a data file, or leave it out.")
    chosen = {f"{section}.{name}": value for section in ("train", "data") for name, value in given(flags, values, section).items()}
    said = layers(Path(asked.config) if asked.config else None, values["assignments"] or [], chosen)
    if asked.resume:
        _refuse_with_resume(asked)
    if asked.print_config:
        print(settle(modality, with_budget(modality, said)).to_toml(), end="")
        return
    settled = None if asked.resume else settle(modality, said)  # a slip is told at once, before torch is loaded
    if asked.processes > 1:
        _check_processes(asked.processes, settled)
        if not asked.dry_run:
            from .launching import launch

            launch(modality.name, asked.processes, words(flags, values))
            return

    from paragone import api

    from .progress import choose_reporter

    first = World.here().rank == 0
    reporter = choose_reporter(asked.quiet or not first)
    try:
        if settled is None:
            finished = api.resume(asked.resume, modality=modality.name, data=values["data"], layers=said, reporter=reporter)
        else:
            plan = api.plan(modality.name, values["data"], out=asked.out or None, layers=said, reporter=reporter)
            if asked.dry_run:
                if first:
                    _show_plan(dataclasses.replace(plan, processes=max(asked.processes, plan.processes)), asked.json)
                return
            finished = _carry_out(plan, reporter)
    finally:
        reporter.close()
    if first:
        _show(finished, asked)


def words(flags: Sequence[Flag], values: Mapping[str, Any]) -> list[str]:
    """The arguments that say what ``values`` say, all but ``--processes``."""
    said = []
    for flag in flags:
        value, spelling = values[flag.variable], flag.declarations[0]
        if value is None or flag.key == "cli.processes":
            continue
        if isinstance(value, bool):
            said.append(spelling.split("/")[0 if value else 1])
        else:
            said.append(f"{spelling}={value}")
    said += [f"--set={assignment}" for assignment in values["assignments"] or []]
    return [*said, "--", values["data"]] if values["data"] is not None else said


def _check_processes(count: int, settled: Settings | None) -> None:
    """Tell a slip before anything is started."""
    if World.here().size > 1:
        raise UsageError("is given to a process of torchrun", where="--processes", fix="Say how many in one place only.")
    if settled is not None:
        part_size(settled.train.batch, settled.train.accumulate, settled.train.group, count)
    cores = World().cores
    if count > cores:
        say(f"note: {count} processes on {cores} core{'s' * (cores > 1)}: without GPUs they wait for each other")


def with_budget(modality: Modality, said: Layers) -> Layers:
    """``said``, with the default budget if nobody names one, not even the preset."""
    train = settle(modality, said).train
    if train.minutes is None and train.samples is None:
        return [*said, ("default", {"train.minutes": DEFAULT_MINUTES})]
    return said


def _refuse_with_resume(asked: TrainFlags) -> None:
    for flag, value in (("--out", asked.out), ("--dry-run", asked.dry_run), ("--print-config", asked.print_config)):
        if value:
            fix = "A resumed training goes on in its own folder, as it was."
            raise UsageError("cannot be used together with --resume", where=flag, fix=fix)


def _carry_out(plan: Plan, reporter: Reporter) -> Run:
    from paragone import api

    from .plan_text import summary

    reporter.note(summary(plan.to_json()))
    return api.train_plan(plan, reporter)


def _show_plan(plan: Plan, as_json: bool) -> None:
    from paragone.pace import pace

    from .plan_text import lines

    facts = {**plan.to_json(), "pace": pace(plan)}
    print(json.dumps(facts) if as_json else "\n".join(map(shown, lines(facts))))


def _show(finished: Run, asked: TrainFlags) -> None:
    from .plan_text import outcome
    from .progress import clock

    facts = outcome(finished)
    if not asked.quiet:
        say(f"done: {facts['samples']:,} samples in {clock(facts['seconds'])}" + (f", {facts['health']}" if facts["health"] else ""))
        heard = f", hear {facts['medley']}" if facts["medley"] else ""
        say(f"look at {facts['sheet']}{heard}, then make new ones: {command(finished.modality)} --run {quoted(facts['path'])}")
    print(json.dumps(facts) if asked.json else facts["path"])
