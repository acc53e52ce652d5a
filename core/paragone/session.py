"""One sitting of a training: the trainer, and around it saving, sheets, statistics, signals."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from typing import Any

import torch

from . import checkpoint, files
from .artefacts import Artefacts
from .best import Best
from .budget import Budget
from .cores import Cores
from .errors import Interrupted
from .health import judge
from .interrupt import interruptible
from .randomness import latents
from .reporting import Reporter, Stats
from .run import Run
from .sampler import generate
from .settings import Settings
from .stats_log import StatsLog
from .trainer import Trainer, adam_ramps

FIRST_SHEET_SECONDS = 15.0
LOOK_SECONDS = 2.0
"""How often to look for other programs on the processor."""
SHEET_ROWS = 12
SHEET_COLUMNS = 8


class Every:
    """Says once every so many seconds that it is time."""

    def __init__(self, seconds: float, first: float = math.inf) -> None:
        self.seconds, self._next = seconds, time.monotonic() + min(first, seconds)

    def due(self) -> bool:
        """Whether it is time; the next time is counted from the call that says so."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self.seconds
        return True


class Session:
    """Runs a trainer until its budget is used up, and keeps the run folder current."""

    def __init__(
        self, run: Run, trainer: Trainer, settings: Settings, artefacts: Artefacts, reporter: Reporter, best: Best | None = None
    ) -> None:
        self.run, self.trainer, self.settings, self.artefacts, self.reporter = run, trainer, settings, artefacts, reporter
        self.best = best
        self.budget = Budget.of(settings.train)
        self.log = StatsLog(run.stats, trainer.samples)
        self.rate_mark = (trainer.samples, trainer.seconds)

    def train(self) -> None:
        """Train to the end of the budget.

        Raises:
            Interrupted: after Ctrl-C or SIGTERM; the state was saved.
            DivergenceError: the last saved state is kept.
            OutputError: if the run folder cannot be written.
        """
        trainer, train = self.trainer, self.settings.train
        devices = [trainer.execution.device] if trainer.execution.device.type == "cuda" else []
        with torch.random.fork_rng(devices), interruptible() as interrupted:
            # counted from before the first save: what the user waits for is the whole of it
            started = time.monotonic() - trainer.seconds
            checkpoint.save(self.run, trainer)
            save, sheet, look = Every(train.save_seconds), Every(train.sheet_seconds, first=FIRST_SHEET_SECONDS), Every(LOOK_SECONDS)
            cores = self.flexible_cores()
            while (progress := self.budget.progress(trainer.samples, trainer.seconds)) < 1:
                if interrupted():
                    self.finish()
                    raise self.stopped()
                if self.best:
                    self.best.look(progress)
                trainer.advance(progress)
                trainer.seconds = time.monotonic() - started
                self.reporter.progress(min(self.budget.progress(trainer.samples, trainer.seconds), 1.0), trainer.samples)
                if trainer.samples // train.stats_every > self.rate_mark[0] // train.stats_every:
                    self.write_stats(progress)
                if cores and look.due():
                    cores.adapt()
                if save.due():
                    checkpoint.save(self.run, trainer)
                if sheet.due():
                    self.write_sheet()
            if self.best:
                self.best.look(1.0)
            self.finish()

    def flexible_cores(self) -> Cores | None:
        """Other programs' use of the processor, where the training may give way to it.

        A budget in samples promises the same bits again, and those depend on the
        number of threads: it keeps what it began with.
        """
        flexible = self.budget.samples is None and self.settings.train.threads == 0
        return Cores() if flexible and self.trainer.execution.device.type == "cpu" else None

    def stopped(self) -> Interrupted:
        """The error that ends an interrupted training."""
        return Interrupted(
            f"stopped after {self.trainer.samples:,} samples; the state is saved",
            where=self.run.path,
            fix=f"Continue with --resume {self.run.path}",
        )

    def finish(self) -> None:
        """Save everything, and a sheet of the last state."""
        checkpoint.save(self.run, self.trainer)
        self.write_sheet()

    def write_stats(self, progress: float) -> None:
        """Add a line to ``stats.jsonl`` and tell the reporter."""
        trainer, (samples, seconds) = self.trainer, self.rate_mark
        self.rate_mark = (trainer.samples, trainer.seconds)
        last = self.log.history[-1].diversity if self.log.history else 1.0  # not every line has it: it is measured every eighth step
        stats = Stats(
            **{"penalty": 0.0, "diversity": last, **trainer.meters.take()},  # type: ignore[arg-type]  # mypy cannot see the names
            step=trainer.step,
            samples=trainer.samples,
            seconds=trainer.seconds,
            progress=progress,
            samples_per_second=(trainer.samples - samples) / max(trainer.seconds - seconds, 1e-9),
            augment_p=trainer.controller.p,
            learning_rate_generator=adam_ramps(self.settings.generator, progress)[0],
            learning_rate_discriminator=adam_ramps(self.settings.discriminator, progress)[0],
        )
        verdict = judge([*self.log.history, stats], self.settings)
        stats = dataclasses.replace(stats, health=verdict.health, advice=verdict.advice)
        self.log.append(stats)
        self.reporter.stats(stats)

    def write_sheet(self) -> None:
        """Write ``samples/<real samples shown>.png``: the same seeds every time, a row a label."""
        labels = tuple(self.run.config["labels"])[:SHEET_ROWS]
        rows = max(len(labels), 1) if labels else SHEET_COLUMNS
        numbers = [row for row in range(rows) for _ in range(SHEET_COLUMNS)] if labels else None
        generator = self.trainer.ema.module
        latent = latents(range(rows * SHEET_COLUMNS), int(generator.latent_size))  # type: ignore[arg-type]  # nn.Module hides it
        samples = generate(generator, self.trainer.dataset.spec, self.trainer.execution, latent, numbers)
        facts: Mapping[str, Any] = {"modality": self.run.modality, "samples": self.trainer.samples}
        sheet = self.artefacts.sheet(samples, SHEET_COLUMNS, labels, facts)
        files.write(self.run.samples / f"{self.trainer.samples:09d}{self.artefacts.sheet_extension}", sheet)
