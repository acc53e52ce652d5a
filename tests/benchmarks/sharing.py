"""One process's part in the measurement of several: a trainer whose steps and all-reduces are timed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from paragone import api
from paragone.allocator import keep_freed_memory
from paragone.distributed import joined
from paragone.trainer import Trainer

WARM_UP = 2


class Clock:
    """Seconds of the clock and of the processor, all threads of this process together."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def since(self, other: Clock) -> tuple[float, float]:
        """Both since ``other``."""
        return self.wall - other.wall, self.processor - other.processor


def time_steps(settings: Mapping[str, Any], steps: int) -> dict[str, tuple[float, float]]:
    """Train ``steps`` steps with one thread.

    Args:
        settings: of the pictures' trainer, by dotted name.
        steps: after a few that are not timed; penalties may be lazy: choose a multiple of four.

    Returns:
        Seconds a step, of the clock and of the processor; and of those, waiting for the
        other process, and the all-reduces themselves.
    """
    plan = api.plan("image", layers=[("", {"train.samples": 10**9, "train.device": "cpu", "train.threads": 1, **settings})])
    keep_freed_memory()
    with joined() as ranks:
        trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution, ranks)
        waiting, reducing, inner = [], [], ranks.average

        def average(tensors: Sequence[torch.Tensor], numbers: Sequence[float] = ()) -> list[float]:
            begun = Clock()
            ranks.wait()  # else waiting for the slower one would count as communication
            all_here = Clock()
            means = inner(tensors, numbers)
            waiting.append(all_here.since(begun))
            reducing.append(Clock().since(all_here))
            return means

        for _ in range(WARM_UP):
            trainer.advance(0.0)
        ranks.average = average  # type: ignore[method-assign]  # this process only
        ranks.wait()
        begun = Clock()
        for _ in range(steps):
            trainer.advance(0.0)
        whole = Clock().since(begun)
        del ranks.average
    parts = {"step": [whole], "waiting": waiting, "reducing": reducing}
    return {name: (sum(each[0] for each in times) / steps, sum(each[1] for each in times) / steps) for name, times in parts.items()}
