"""``create MEDIUM``: make samples from a trained run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paragone.errors import UsageError
from paragone.modality import Modality
from paragone.options import setting

from . import seeds
from .faults import say
from .flags import MACHINE, OUTPUT, WHAT, Flag, flags_of, given

if TYPE_CHECKING:
    import typer

    from paragone.sampler import Batch, Sampler

COUNT = 8
"""Samples made when nobody says how many."""

_PANELS = {
    "run": WHAT,
    "best": WHAT,
    "count": WHAT,
    "label": WHAT,
    "seed": WHAT,
    "seeds": WHAT,
    "truncation": WHAT,
    "out": OUTPUT,
    "overwrite": OUTPUT,
    "json": OUTPUT,
    "device": MACHINE,
}


@dataclass(frozen=True)
class SampleFlags:
    """Flags that every medium has."""

    run: str = setting("", "Training to make them with. Not given: the newest one under runs/, else the bundled one.", metavar="RUN")
    best: bool = setting(False, "Use the best weights that --keep-best kept, not the last.")
    count: int = setting(COUNT, "How many to make.", minimum=1, maximum=seeds.MOST)
    label: str = setting("", "Make only this kind, one of the labels it was trained with. Not given: a mix.", metavar="LABEL")
    seed: int | None = setting(
        None, "Number of the first one; the same number makes the same again. Not given: at random.", minimum=0, maximum=seeds.LARGEST
    )
    seeds: str = setting("", "Numbers of those to make, such as 0,4-9, instead of --seed and --count.", metavar="LIST")
    truncation: float = setting(1.0, "Below 1: more typical, less varied.", minimum=0.01, maximum=1.0)
    out: str = setting("out", "Folder for the files.", metavar="FOLDER")
    overwrite: bool = setting(False, "Replace files that are there already.")
    json: bool = setting(False, "Print one JSON object instead of paths.")
    device: str = setting("auto", "Where to compute: auto, cpu, cuda, cuda:1, mps, …", metavar="DEVICE")


def flags(modality: Modality) -> list[Flag]:
    """The flags of ``create MEDIUM``: every medium's, then this medium's own."""
    common = flags_of("cli", SampleFlags, _PANELS, switches=True, short={"count": "-n"})
    return common + flags_of("sample", modality.sample_config, OUTPUT, taken=taken_by(common))


def taken_by(flags: Sequence[Flag]) -> set[str]:
    """Spellings that a medium's own flags must not take."""
    words = {word for flag in flags for declaration in flag.declarations for word in declaration.split("/")}
    return words | {"--help", "--debug", "--set"}


def help_text(modality: Modality) -> str:
    """The text of ``create MEDIUM --help``."""
    train = f"create {modality.name} train"
    how = f"Train your own with `{train}`; until then a bundled model makes them." if modality.model else f"Train first with `{train}`."
    return f"{modality.summary}\n\nMakes new ones from your newest training. {how}"


def run(modality: Modality, flags: Sequence[Flag], values: dict[str, Any]) -> None:
    """Make what was asked for; paths or JSON on stdout.

    Raises:
        ParagoneError: of the kind that fits.
    """
    context: typer.Context = values["context"]
    if context.invoked_subcommand is not None:
        _refuse_flags_before(context.invoked_subcommand, flags, values)
        return
    asked = SampleFlags(**given(flags, values, "cli"))
    options = modality.sample_config(**given(flags, values, "sample"))
    numbers = choose_seeds(given(flags, values, "cli"))

    from paragone.opening import bundled, newest_run

    folder = Path(asked.run) if asked.run else newest_run(modality)  # told before torch is loaded, if there is none
    if modality.model and folder == bundled(modality.model):
        say(f"nothing has been trained here yet: using the model that came with it. Train your own with `create {modality.name} train`.")

    from paragone.sampler import Sampler
    from paragone.writing import write

    sampler = Sampler.load(folder, asked.device, modality.name, "best" if asked.best else "last")
    made: list[dict[str, Any]] = []
    batches = _remember(sampler.stream(numbers, asked.label or None, asked.truncation), made)
    paths = write(sampler, batches, Path(asked.out or "out"), options, asked.overwrite, _Counter(len(numbers)))
    if asked.seed is None and not asked.seeds:
        say(f"seed {numbers[0]}: give --seed {numbers[0]} to make the same again")
    _show(asked, sampler, made, paths)


def _show(asked: SampleFlags, sampler: Sampler, made: list[dict[str, Any]], paths: list[Path]) -> None:
    if asked.json:
        files = [{"path": str(path), **facts} for path, facts in zip(paths, made, strict=False)]
        sheet = str(paths[-1]) if len(paths) > len(made) else None
        print(json.dumps({"run": str(sampler.run.path), "hash": sampler.hash, "files": files, "sheet": sheet}))
    else:
        print("\n".join(map(str, paths)))


def choose_seeds(asked: dict[str, Any]) -> list[int]:
    """The seeds that ``--seeds``, or ``--seed`` and ``--count``, name.

    Raises:
        UsageError: if both ways are used at once, or one cannot be read.
    """
    if "seeds" not in asked:
        return seeds.consecutive(asked.get("seed"), asked.get("count", COUNT))
    for other in ("seed", "count"):
        if other in asked:
            raise UsageError(f"cannot be used together with --{other}", where="--seeds", fix="Use --seeds, or --seed and --count.")
    return seeds.parse(asked["seeds"])


def _refuse_flags_before(command: str, flags: Sequence[Flag], values: dict[str, Any]) -> None:
    for flag in flags:
        if values[flag.variable] is not None:
            raise UsageError(
                f"stands before {command!r}, where it would have no effect",
                where=flag.declarations[0],
                fix=f"Write the flags of {command!r} after it.",
            )


def _remember(batches: Iterator[Batch], made: list[dict[str, Any]]) -> Iterator[Batch]:
    for batch in batches:
        made += [{"seed": seed, "label": label} for seed, label in zip(batch.seeds, batch.labels, strict=True)]
        yield batch


class _Counter:
    """Counts on stderr, while a person is watching and there is much to do."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.shown = total > 64 and sys.stderr.isatty()

    def __call__(self, done: int) -> None:
        if self.shown:
            print(f"\r{done:,} of {self.total:,}", end="\n" if done == self.total else "", file=sys.stderr, flush=True)
