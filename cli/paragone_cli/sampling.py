"""``create MEDIUM``: make samples from a trained run."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paragone.errors import UsageError
from paragone.modality import Modality
from paragone.options import setting

from . import lines, seeds
from .faults import say
from .flags import MACHINE, OUTPUT, WHAT, Flag, flags_of, given

if TYPE_CHECKING:
    import typer

    from paragone.batch import Batch
    from paragone.collecting import Collector
    from paragone.sampler import Sampler

COUNT = 8
"""Samples made when nobody says how many."""

_PANELS = {
    "run": WHAT,
    "best": WHAT,
    "count": WHAT,
    "label": WHAT,
    "like": WHAT,
    "seed": WHAT,
    "seeds": WHAT,
    "walk": WHAT,
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
    like: int | None = setting(
        None,
        "Make only the kind of thing that this seed made. Of a seed made with --label, give that too.",
        minimum=0,
        maximum=seeds.LARGEST,
        metavar="SEED",
    )
    seed: int | None = setting(
        None, "Number of the first one; the same number makes the same again. Not given: at random.", minimum=0, maximum=seeds.LARGEST
    )
    seeds: str = setting("", "Numbers of those to make, such as 0,4-9, instead of --seed and --count.", metavar="LIST")
    walk: str = setting("", "Two seeds, such as 3,9: make --count steps on the way from the one to the other.", metavar="A,B")
    truncation: float = setting(1.0, "Below 1: more typical, less varied; above: the reverse.", minimum=0.01, maximum=2.0)
    out: str = setting("out", "Folder for the files.", metavar="FOLDER")
    overwrite: bool = setting(False, "Replace files that are there already.")
    json: bool = setting(False, "Print one JSON object instead of paths.")
    device: str = setting("auto", "Where to compute: auto, cpu, cuda, cuda:1, mps, …", metavar="DEVICE")


@dataclass(frozen=True)
class LineFlags(SampleFlags):
    """The same, of a medium whose samples are lines of text."""

    out: str = setting("", "File for the lines, .txt or .jsonl. Not given: they are printed.", metavar="FILE")
    overwrite: bool = setting(False, "Replace the file if it is there already.")
    json: bool = setting(False, "Print one JSON object instead of lines.")


def flags(modality: Modality) -> list[Flag]:
    """The flags of ``create MEDIUM``: every medium's, then this medium's own."""
    common = flags_of("cli", LineFlags if modality.lines else SampleFlags, _PANELS, switches=True, short={"count": "-n"})
    own = flags_of("sample", modality.sample_config, WHAT if modality.choosing else OUTPUT, taken=taken_by(common))
    return common + own


def taken_by(flags: Sequence[Flag]) -> set[str]:
    """Spellings that a medium's own flags must not take."""
    words = {word for flag in flags for declaration in flag.declarations for word in declaration.split("/")}
    return words | {"--help", "--debug", "--set", "--plugin"}


def help_text(modality: Modality) -> str:
    """The text of ``create MEDIUM --help``."""
    train = f"create {modality.name} train"
    how = f"Train your own with `{train}`; until then a bundled model makes them." if modality.model else f"Train first with `{train}`."
    return f"{modality.summary}\n\nMakes new ones from your newest training. {how}"


def run(modality: Modality, flags: Sequence[Flag], values: dict[str, Any]) -> None:
    """Make what was asked for; paths, lines or JSON on stdout.

    Raises:
        ParagoneError: of the kind that fits.
    """
    context: typer.Context = values["context"]
    if context.invoked_subcommand is not None:
        _refuse_flags_before(context.invoked_subcommand, flags, values)
        return
    named = given(flags, values, "cli")
    options = modality.sample_config(**given(flags, values, "sample"))
    collector = choose_collector(modality, options, named)
    if collector and "seeds" not in named:
        named = {"count": collector.count, **named}
    asked = (LineFlags if modality.lines else SampleFlags)(**named)
    walk = choose_walk(named)
    numbers = [] if walk else choose_seeds(named)
    if modality.lines and asked.out:
        lines.check_name(Path(asked.out))

    from paragone.opening import bundled, newest_run

    folder = Path(asked.run) if asked.run else newest_run(modality)  # told before torch is loaded, if there is none
    if modality.model and folder == bundled(modality.model):
        say(f"nothing has been trained here yet: using the model that came with it. Train your own with `create {modality.name} train`.")

    from paragone.sampler import Sampler

    sampler = Sampler.load(folder, asked.device, modality.name, "best" if asked.best else "last")

    like = asked.like
    if like is None and numbers and getattr(collector, "alike", False) and sampler.kinds.clusters:
        like = numbers[0]

    def stream(label: str | None) -> Iterator[Batch]:
        if walk:
            return sampler.stream_walk(*walk, asked.count, label, asked.truncation, options, say, like)
        return sampler.stream(numbers, label, asked.truncation, options, say, like)

    batches, counter = stream(asked.label or None), _Counter(asked.count if walk else len(numbers))
    if collector:
        labels = [asked.label] if asked.label else sampler.labels or [None]
        room = getattr(collector, "labels", len(labels))
        if len(labels) > room:  # told before they are made
            raise UsageError(f"there is room for {room} labels, not {len(labels)}", where=folder, fix="Ask for one with --label.")
        _make_together(asked, sampler, itertools.chain.from_iterable(map(stream, labels)), _Counter(counter.total * len(labels)))
    elif modality.lines:
        _make_lines(asked, sampler, batches, counter)
    else:
        _make_files(asked, sampler, batches, options, counter)
    if not walk and asked.seed is None and not asked.seeds:
        say(f"seed {numbers[0]}: give --seed {numbers[0]} to make the same again")


def _make_files(asked: SampleFlags, sampler: Sampler, batches: Iterator[Batch], options: object, counter: _Counter) -> None:
    from paragone.writing import write

    made: list[dict[str, Any]] = []
    paths = write(sampler, _remember(batches, made), Path(asked.out or "out"), options, asked.overwrite, counter)
    if asked.json:
        files = [{"path": str(path), **facts} for path, facts in zip(paths, made, strict=False)]
        sheet = str(paths[-1]) if len(paths) > len(made) else None
        print(json.dumps({**_facts(sampler), "files": files, "sheet": sheet}))
    else:
        print("\n".join(map(str, paths)))


def _make_together(asked: SampleFlags, sampler: Sampler, batches: Iterator[Batch], counter: _Counter) -> None:
    from paragone.batch import Batch

    paths = Batch.joined(_counted(batches, counter)).collect(overwrite=asked.overwrite)
    if asked.json:
        print(json.dumps({**_facts(sampler), "files": [{"path": str(path)} for path in paths], "sheet": None}))
    else:
        print("\n".join(map(str, paths)))


def _make_lines(asked: SampleFlags, sampler: Sampler, batches: Iterator[Batch], counter: _Counter) -> None:
    from paragone.cores import core_left_over

    with core_left_over():  # token by token there is little to share among threads, and one that waits for its core holds up all
        if asked.out:
            lines.save(Path(asked.out), _counted(batches, counter), asked.overwrite)
        elif asked.json:
            lines.show_json(_facts(sampler), batches)
        else:
            lines.show(batches)
    if asked.out:
        print(json.dumps({**_facts(sampler), "file": asked.out, "count": counter.done}) if asked.json else asked.out)


def _facts(sampler: Sampler) -> dict[str, Any]:
    return {"run": str(sampler.run.path), "hash": sampler.hash}


def choose_collector(modality: Modality, options: object, asked: dict[str, Any]) -> Collector | None:
    """What makes something of all samples together, ``None`` where nobody asked for it.

    Raises:
        UsageError: if there are more samples than it has room for, or they are to go somewhere else too.
    """
    if modality.collecting is None:
        return None
    from paragone.collecting import collector_of

    collector = collector_of(modality, options)
    if collector is None:
        return None
    if "out" in asked:
        raise UsageError("names another place for what is made of all together", where="--out", fix="Leave it out.")
    for flag, count in (("--count", asked.get("count", 0)), ("--seeds", len(choose_seeds(asked)) if "seeds" in asked else 0)):
        if count > collector.most:
            raise UsageError(f"there is room for {collector.most} of each label", where=flag, fix="Make fewer.")
    return collector


def choose_walk(asked: dict[str, Any]) -> tuple[int, int] | None:
    """The seeds between which ``--walk`` goes, ``None`` where nobody gave it.

    Raises:
        UsageError: if it cannot be read, has fewer than 2 steps, or stands beside seeds.
    """
    if "walk" not in asked:
        return None
    for other in ("seed", "seeds"):
        if other in asked:
            raise UsageError(f"cannot be used together with --{other}", where="--walk", fix="It names the seeds itself.")
    if asked.get("count", COUNT) < 2:
        raise UsageError("a walk has 2 steps at least", where="--count", fix="Give a larger one, or leave --walk out.")
    return seeds.pair(asked["walk"])


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
        made += map(batch.asked, range(len(batch)))
        yield batch


def _counted(batches: Iterator[Batch], counter: _Counter) -> Iterator[Batch]:
    for batch in batches:
        counter(counter.done + len(batch))
        yield batch


class _Counter:
    """Counts, on stderr while a person is watching and there is much to do."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.shown = total > 64 and sys.stderr.isatty()

    def __call__(self, done: int) -> None:
        self.done = done
        if self.shown:
            print(f"\r{done:,} of {self.total:,}", end="\n" if done == self.total else "", file=sys.stderr, flush=True)
