"""``create MEDIUM evaluate``: how good a training's samples are."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from paragone.errors import OutputError, UsageError, shown
from paragone.modality import Modality
from paragone.options import setting
from paragone.reporting import Silent

from .faults import say
from .flags import MACHINE, OUTPUT, WHAT, Flag, flags_of, given, keyword, with_parameters
from .groups import DEBUG, HELP, single_command

EVERY_SECONDS = 5.0
"""Between two plain lines of progress."""

_PANELS = {
    "data": WHAT,
    "best": WHAT,
    "count": WHAT,
    "seed": WHAT,
    "extractor": WHAT,
    "report": OUTPUT,
    "overwrite": OUTPUT,
    "json": OUTPUT,
    "quiet": OUTPUT,
    "device": MACHINE,
}


@dataclass(frozen=True)
class EvaluateFlags:
    """Flags that every medium has."""

    data: str = setting("", "Other data to compare with, or where the training's own data is now.", metavar="DATA")
    best: bool = setting(False, "Evaluate the best weights that --keep-best kept, not the last.")
    count: int = setting(1024, "How many samples to generate.", minimum=2, maximum=50_000)
    seed: int = setting(0, "Number of the first one.", minimum=0, maximum=2**62)
    extractor: str = setting("", "What turns samples into features.", metavar="NAME")
    report: str = setting("", "Also write a report: one HTML file with pictures of everything.", metavar="FILE")
    overwrite: bool = setting(False, "Replace a report that is there already.")
    json: bool = setting(False, "Print one JSON object instead of a table.")
    quiet: bool = setting(False, "Say nothing on the way.")
    device: str = setting("auto", "Where to compute: auto, cpu, cuda, cuda:1, mps, …", metavar="DEVICE")


def build_evaluate(modality: Modality) -> Any:
    """The command ``create MEDIUM evaluate``."""
    flags = evaluate_flags(modality)
    run_argument = typer.Argument(
        metavar="RUN",
        help="Training to evaluate. Not given: the newest one under runs/, else the bundled one.",
        show_default=False,
        rich_help_panel=WHAT,
    )
    parameters = [keyword("run", Annotated[str | None, run_argument]), *(flag.parameter() for flag in flags), DEBUG, HELP]
    return single_command(with_parameters(partial(run, modality, flags), parameters), "evaluate", help_text(modality))


def evaluate_flags(modality: Modality) -> list[Flag]:
    """The flags; the medium gives the choice of feature extractors."""
    names = tuple(extractor.name for extractor in modality.extractors)
    flags = flags_of("cli", EvaluateFlags, _PANELS, {"extractor": names[0]} if names else None, switches=True, short={"count": "-n"})
    return [
        dataclasses.replace(flag, option=dataclasses.replace(flag.option, choices=names, metavar=None))
        if flag.option.name == "extractor" and names
        else flag
        for flag in flags
    ]


def help_text(modality: Modality) -> str:
    """The text of ``create MEDIUM evaluate --help``."""
    extractors = "\n".join(f"{extractor.name}: {extractor.summary}" for extractor in modality.extractors)
    metrics = "\n".join(f"{metric.title or metric.name}: {metric.summary}" for metric in modality.metrics)
    return (
        "Measure how good the samples of a training are.\n\n"
        "Beside each score stands that of real samples: no generator can be expected to do better.\n\n"
        f"Metrics:\n{metrics}\n\nFeature extractors:\n{extractors}"
    )


def run(modality: Modality, flags: Sequence[Flag], values: dict[str, Any]) -> None:
    """Evaluate; a table or JSON on stdout.

    Raises:
        ParagoneError: of the kind that fits.
    """
    asked = EvaluateFlags(**given(flags, values, "cli"))
    if values["run"] == "":
        raise UsageError("is given no value", where="RUN", fix="Name a training's folder, or leave it out.")
    report = Path(asked.report) if asked.report else None
    if report is not None and report.is_dir():
        raise OutputError("is a folder", where=report, fix="Name a file, such as report.html.")
    if report is not None and not asked.overwrite and report.exists():
        raise OutputError("is there already", where=report, fix="Choose another name for --report, or give --overwrite.")

    from paragone.opening import newest_run

    folder = Path(values["run"]) if values["run"] else newest_run(modality)  # told before torch is loaded, if there is none

    from paragone.evaluation.evaluate import evaluate

    from .evaluation_text import table

    with watching(asked.quiet) as progress:
        outcome = evaluate(
            folder,
            asked.data or None,
            modality=modality.name,
            count=asked.count,
            seed=asked.seed,
            extractor=asked.extractor or None,
            which="best" if asked.best else "last",
            device=asked.device,
            reporter=Silent() if asked.quiet else Notes(),
            progress=progress,
        )
    facts, failed = outcome.to_json(), None
    if not asked.json:
        print("\n".join(map(shown, table(facts, modality))))  # the scores took minutes: they are told first
    if report is not None:
        from paragone.evaluation.report import write_report

        try:
            write_report(outcome, report)
            facts["report"] = str(report)
        except OutputError as error:
            failed = error
    if asked.json:
        print(json.dumps(facts))
    if failed:
        raise failed
    if report is not None and not asked.json:
        print(report)


@contextlib.contextmanager
def watching(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """What is told of the long parts, and passes it on to stderr: as a bar where a person is watching."""
    if quiet:
        yield lambda what, done, total: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress, TaskID

        with Progress(console=Console(stderr=True), transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def draw(what: str, done: int, total: int) -> None:
                if what not in tasks:
                    tasks[what] = bars.add_task(what, total=total)
                bars.update(tasks[what], completed=done)

            yield draw
    else:
        spoken = time.monotonic()

        def print_line(what: str, done: int, total: int) -> None:
            nonlocal spoken
            if time.monotonic() - spoken >= EVERY_SECONDS:
                spoken = time.monotonic()
                say(f"{what}: {done:,} of {total:,}")

        yield print_line


class Notes(Silent):
    """Says what a user should know about the data, and nothing else."""

    def note(self, text: str) -> None:
        """Print it."""
        say(text)
