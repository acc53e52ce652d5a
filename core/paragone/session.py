"""One sitting of a training: the trainer, and around it saving, sheets, statistics, signals.

Several processes go through it in step. What one of them cannot know by itself (the
time, a signal, whether it is time to save) they settle together after every step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from . import checkpoint
from .budget import Budget
from .cores import Cores
from .errors import Interrupted
from .files import quoted
from .interrupt import interruptible
from .keeper import Onlooker
from .run import Run
from .settings import Settings
from .trainer import Trainer

FIRST_SHEET_SECONDS = 15.0
LOOK_SECONDS = 2.0
"""How often to look for other programs on the processor."""


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

    def again(self) -> None:
        """Count the next time from now: what takes longer than its interval would be due again after every step."""
        self._next = time.monotonic() + self.seconds


@dataclass
class Moment:
    """What all processes know between two steps.

    Attributes:
        progress: share of the budget used; 1 or more means: stop.
        stop: whether anybody asked to stop.
        save: whether it is time to save.
    """

    progress: float
    stop: bool
    save: bool


class Session:
    """Runs a trainer until its budget is used up, and keeps the run folder current."""

    def __init__(self, run: Run, trainer: Trainer, settings: Settings, keeper: Onlooker) -> None:
        self.run, self.trainer, self.settings, self.keeper = run, trainer, settings, keeper
        self.budget = Budget.of(settings.train)

    def train(self) -> None:
        """Train to the end of the budget.

        Raises:
            Interrupted: after Ctrl-C or SIGTERM; the state was saved.
            DivergenceError: the last saved state is kept.
            OutputError: if the run folder cannot be written.
            ProcessError: if another process of this training has ended; the last saved state is kept.
        """
        trainer, train = self.trainer, self.settings.train
        devices = [trainer.execution.device] if trainer.execution.device.type == "cuda" else []
        with torch.random.fork_rng(devices), interruptible() as interrupted:
            # counted from before the first save: what the user waits for is the whole of it
            started = time.monotonic() - trainer.seconds
            checkpoint.save(self.run, trainer)
            save, sheet, look = Every(train.save_seconds), Every(train.sheet_seconds, first=FIRST_SHEET_SECONDS), Every(LOOK_SECONDS)
            cores = self.flexible_cores()
            now = self.moment(trainer.seconds, interrupted, save)
            while now.progress < 1:
                if now.stop:
                    self.finish()
                    raise self.stopped()
                self.keeper.look(now.progress)
                before, shown = now.progress, trainer.samples
                trainer.advance(before)
                now = self.moment(time.monotonic() - started, interrupted, save)
                self.keeper.tell(min(now.progress, 1.0))
                if trainer.samples // train.stats_every > shown // train.stats_every:
                    self.keeper.write_stats(trainer.meters.take(), before)
                if cores and look.due():
                    cores.adapt()
                if now.save:
                    checkpoint.save(self.run, trainer)
                    save.again()
                if sheet.due():
                    self.keeper.write_sheet()
                    sheet.again()
            self.keeper.look(1.0)
            self.finish()

    def moment(self, seconds: float, interrupted: Callable[[], bool], save: Every) -> Moment:
        """Settle with all other processes where the training is; the first one's clock counts."""
        trainer, ranks = self.trainer, self.trainer.ranks
        (trainer.seconds, due), (stop,) = ranks.beat([seconds, float(save.due())], [interrupted() or ranks.abandoned])
        return Moment(self.budget.progress(trainer.samples, trainer.seconds), stop, bool(due))

    def flexible_cores(self) -> Cores | None:
        """Other programs' use of the processor, where the training may give way to it.

        A budget in samples promises the same bits again, and those depend on the
        number of threads: it keeps what it began with. So do several processes, which
        would take each other for other programs.
        """
        flexible = self.budget.samples is None and self.settings.train.threads == 0 and self.trainer.ranks.size == 1
        return Cores() if flexible and self.trainer.execution.device.type == "cpu" else None

    def stopped(self) -> Interrupted:
        """The error that ends an interrupted training."""
        return Interrupted(
            f"stopped after {self.trainer.samples:,} samples; the state is saved",
            where=self.run.path,
            fix=f"Continue with --resume {quoted(self.run.path)}",
        )

    def finish(self) -> None:
        """Save everything, and a sheet of the last state."""
        checkpoint.save(self.run, self.trainer)
        self.keeper.write_sheet()
        self.trainer.ranks.wait()  # whoever ends earlier might have the launcher end the others
