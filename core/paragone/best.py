"""Now and then a small evaluation, and the best weights so far kept beside the last.

Adversarial training does not get better all the time. What is best is decided by one
metric on few samples, so it is an estimate; `evaluate` tells more.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any

import torch

from . import files, weights
from .data import Dataset
from .errors import RunError
from .evaluation.evidence import Evidence
from .evaluation.examiner import WORTH_HALVING, Examiner, ask, labels_like
from .reporting import Reporter
from .run import FORMAT, Run
from .settings import TrainSettings
from .stats_log import read_lines
from .trainer import Trainer

SEEDS = 2**40
"""The first seed that is looked at: not one that an evaluation begins with, for what was chosen by them says nothing of others."""
REAL = "real samples"
REFERENCES = 1024
"""Real samples that a look compares with, at most."""


class Best:
    """Looks at a trainer's moving average every so often, and keeps it when it is better than ever.

    Args:
        run: the folder to keep it in.
        trainer: that trains it.
        examiner: that knows the medium's metrics.
        held: samples held out of the training; ``None`` to compare with those trained on.
        train: the settings, with a ``keep_best``.
        reporter: told of every look.

    Raises:
        UsageError: if there is no such metric, or none of its values is better.
    """

    def __init__(
        self, run: Run, trainer: Trainer, examiner: Examiner, held: Dataset | None, train: TrainSettings, reporter: Reporter
    ) -> None:
        self.run, self.trainer, self.train, self.reporter = run, trainer, train, reporter
        self.metric = examiner.medium.goal(train.keep_best)
        self.examiner = examiner
        real, self.reference = self._sides(held, trainer.dataset)
        self.value = self._kept()
        self.real = ask([self.metric], real, self.reference, train.seed)[self.metric.name] if len(real) else None
        self.looked, self._free = -1, -math.inf

    def look(self, progress: float) -> None:
        """Evaluate, if ``train.best_every`` of the budget has passed since the last time.

        Raises:
            OutputError: if the weights cannot be kept.
        """
        turn = math.floor(progress / self.train.best_every + 1e-9)
        if self.looked < 0 and progress < 1:
            self.looked = turn if self._judged(turn, progress) else turn - 1
        # the time of a look counts: if looks are long, half of the training's is left to the training
        if turn <= self.looked or (self.train.samples is None and progress < 1 and time.monotonic() < self._free):
            return
        self.looked, begun = turn, time.monotonic()
        count, seed, samples = self.train.best_count, self.train.seed, self.trainer.samples
        numbers = labels_like(self.reference, count, seed)
        generated = self.examiner.generated(self.trainer.ema.module, range(SEEDS, SEEDS + count), numbers, self.run.clusters)
        score = ask([self.metric], generated, self.reference, seed)[self.metric.name]
        value, real = score.value, None if self.real is None else self.real.value
        files.append(self.run.scores, json.dumps({"samples": samples, self.metric.name: value, "real": real, "doubt": score.doubt}))
        better = value is not None and (
            self.value is None or ((value < self.value) == (self.metric.better == "lower") and value != self.value)
        )
        if better:
            facts = {"format": FORMAT, "samples": samples, "value": value, **self._kind()}
            weights.save(self.run.best, self.trainer.ema.module.state_dict(), facts)
            self.value = value
        said = "cannot be computed" if value is None else f"{value:.4g}"
        beside = [f"real {real:.4g}"] if real is not None else []
        beside += [f"doubtful: {score.doubt}"] if score.doubt else []
        told = f" ({'; '.join(beside)})" if beside else ""
        self.reporter.note(f"{self.metric.name} after {samples:,} samples: {said}{', the best so far' if better else ''}{told}")
        self._free = 2 * time.monotonic() - begun

    def _judged(self, turn: int, progress: float) -> bool:
        """Whether the turn that a begun or resumed training is in has had its look."""
        if turn == 0:
            return True
        looks = [line["samples"] for line in read_lines(self.run.scores) if isinstance(line, dict) and isinstance(line.get("samples"), int)]
        began = self.trainer.samples * turn * self.train.best_every / progress  # so many samples it had seen when the turn began
        return any(began - self.train.batch <= look <= self.trainer.samples for look in looks)

    def _sides(self, held: Dataset | None, training: Dataset) -> tuple[Evidence, Evidence]:
        """Real samples in the place of generated ones, as many as those if there are enough, and what both are held against."""
        count = self.train.best_count
        if held is not None:
            return self.examiner.real(training, REAL, count), self.examiner.real(held, REAL, REFERENCES)
        both = self.examiner.real(training, REAL, count + REFERENCES)
        apart = 0 if len(both) < WORTH_HALVING else min(count, len(both) // 2)
        real, reference = torch.arange(len(both)).tensor_split([apart])  # in the order of their hashes: at random
        return both.part(real), both.part(reference)

    def _kind(self) -> dict[str, Any]:
        """What a score depends on beside the weights: scores of other counts or data say nothing of these."""
        return {"metric": self.metric.name, "seeds": SEEDS, "count": self.train.best_count, "data": self.trainer.dataset.fingerprint}

    def _kept(self) -> float | None:
        """The score of the weights that were kept before a resume, if it can be compared with those to come."""
        try:
            facts = weights.read(self.run.best)[1]
        except RunError:
            return None  # there are none, or none that could be used
        alike = isinstance(facts, dict) and all(facts.get(name) == value for name, value in self._kind().items())
        value = facts.get("value") if alike else None
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
