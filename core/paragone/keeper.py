"""What is kept and told of a training beside its state: statistics, sheets, the best weights.

Of several processes only the first has a :class:`Keeper`; the others have an
:class:`Onlooker`, which answers to the same names and does nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

import torch

from . import files
from .artefacts import Artefacts, Audible
from .best import Best
from .generating import generate
from .health import PAST, judge
from .modality import returned, running
from .players import latent_size
from .randomness import latents
from .reporting import Reporter, Stats
from .run import Run
from .settings import Settings
from .stats_log import StatsLog
from .trainer import Trainer

SHEET_ROWS = 12
SHEET_COLUMNS = 8
MEDLEY_COLUMNS = 2
"""Of each row of a sheet so many are heard beside it: all would take minutes."""

GAME = ("loss_generator", "loss_discriminator", "penalty", "margin", "r_t", "gradient_discriminator")
"""Statistics that are 0 as long as no game is played."""


class Onlooker:
    """Keeps nothing."""

    def look(self, progress: float) -> None:
        """Evaluate and keep the best weights, if it is time."""

    def tell(self, fraction: float) -> None:
        """Tell the reporter how far the training is."""

    def write_stats(self, means: Mapping[str, float], progress: float) -> None:
        """Add a line to ``stats.jsonl`` and tell the reporter.

        Args:
            means: of the meters, since the last line.
            progress: share of the budget that the last step began with.
        """

    def write_real(self) -> None:
        """Write ``real.png``: samples as they are learned, a row a label, so that one sees, or hears, what has become of the data."""

    def write_sheet(self) -> None:
        """Write ``samples/<real samples shown>.png``, of sounds a medley too: the same seeds every time, a row a label."""

    def close(self) -> None:
        """The training has ended, for whatever reason."""


class Keeper(Onlooker):
    """Keeps the run folder current.

    Args:
        run: the folder.
        trainer: what is trained.
        settings: of it.
        artefacts: writes sheets.
        reporter: hears everything.
        best: looks for the best weights, if anyone wants them.
    """

    def __init__(
        self, run: Run, trainer: Trainer, settings: Settings, artefacts: Artefacts, reporter: Reporter, best: Best | None = None
    ) -> None:
        self.run, self.trainer, self.settings, self.artefacts, self.reporter = run, trainer, settings, artefacts, reporter
        self.best = best
        self.log = StatsLog(run.stats, trainer.samples, PAST)
        self.rate_mark = (trainer.samples, trainer.seconds)

    def look(self, progress: float) -> None:
        """See :meth:`Onlooker.look`."""
        if self.best:
            self.best.look(progress)

    def tell(self, fraction: float) -> None:
        """See :meth:`Onlooker.tell`."""
        self.reporter.progress(fraction, self.trainer.samples)

    def write_stats(self, means: Mapping[str, float], progress: float) -> None:
        """See :meth:`Onlooker.write_stats`."""
        trainer, (samples, seconds) = self.trainer, self.rate_mark
        self.rate_mark = (trainer.samples, trainer.seconds)
        last = self.log.history[-1].diversity if self.log.history else 1.0  # not every line has it: it is measured every eighth step
        stats = Stats(
            **{**dict.fromkeys(GAME, 0.0), "diversity": last, **means},  # type: ignore[arg-type]  # mypy cannot see the names
            step=trainer.step,
            samples=trainer.samples,
            seconds=trainer.seconds,
            progress=progress,
            samples_per_second=(trainer.samples - samples) / max(trainer.seconds - seconds, 1e-9),
            augment_p=trainer.controller.p,
            learning_rate_generator=_rate(trainer, "generator"),
            learning_rate_discriminator=_rate(trainer, "discriminator"),
        )
        verdict = judge([*self.log.history, stats], self.settings)
        stats = dataclasses.replace(stats, health=verdict.health, advice=verdict.advice)
        self.log.append(stats)
        self.reporter.stats(stats)

    def write_real(self) -> None:
        """See :meth:`Onlooker.write_real`."""
        dataset, labels = self.trainer.dataset, tuple(self.run.config["labels"])[:SHEET_ROWS]
        order = dataset.hashes.argsort(stable=True)  # at random, and the same ones every time
        shown = order[: SHEET_COLUMNS**2]
        if labels and dataset.numbers is not None:
            of = dataset.numbers[order]
            rows = [order[of == number][:SHEET_COLUMNS] for number in range(len(labels))]
            # of a label with few samples some stand there twice: each has a row
            shown = torch.cat([row[torch.arange(SHEET_COLUMNS) % len(row)] for row in rows if len(row)])
            labels = tuple(label for label, row in zip(labels, rows, strict=True) if len(row))
        samples, _ = dataset.batch(shown, torch.device("cpu"))
        self._write("real", samples, labels)

    def write_sheet(self) -> None:
        """See :meth:`Onlooker.write_sheet`."""
        labels = tuple(self.run.config["labels"])[:SHEET_ROWS]
        rows = max(len(labels), 1) if labels else SHEET_COLUMNS
        numbers = [row for row in range(rows) for _ in range(SHEET_COLUMNS)] if labels else None
        generator = self.trainer.ema.module
        latent = latents(range(rows * SHEET_COLUMNS), latent_size(generator))
        told = self.run.clusters.told(range(len(latent)), numbers) if self.run.clusters else numbers
        samples = generate(generator, self.trainer.dataset.spec, self.trainer.execution, latent, told)
        self._write(f"samples/{self.trainer.samples:09d}", samples, labels)

    def _write(self, name: str, samples: torch.Tensor, labels: tuple[str, ...]) -> None:
        facts: Mapping[str, Any] = {"modality": self.run.modality, "samples": self.trainer.samples}
        code = f"{type(self.artefacts).__module__}:{type(self.artefacts).__name__}"
        with running(code):
            sheet = self.artefacts.sheet(samples, SHEET_COLUMNS, labels, facts)
        returned(code, sheet, bytes, "the bytes of a sheet")
        files.write(self.run.path / f"{name}{self.artefacts.sheet_extension}", sheet)
        if hasattr(self.artefacts, "medley"):
            self._write_medley(cast(Audible, self.artefacts), code, name, samples, facts)

    def _write_medley(self, artefacts: Audible, code: str, name: str, samples: torch.Tensor, facts: Mapping[str, Any]) -> None:
        heard = [place for place in range(len(samples)) if place % SHEET_COLUMNS < MEDLEY_COLUMNS]
        with running(code):
            medley, extension = artefacts.medley(samples[heard], facts), artefacts.medley_extension
        returned(code, medley, bytes, "the bytes of a medley")
        files.write(self.run.path / f"{name}{extension}", medley)

    def close(self) -> None:
        """See :meth:`Onlooker.close`."""
        self.reporter.close()


def _rate(trainer: Trainer, player: str) -> float:
    """The learning rate of its last step."""
    return float(trainer.optimisers[player].param_groups[0]["lr"])
