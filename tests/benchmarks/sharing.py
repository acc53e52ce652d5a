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

WARM_UP = 4


def time_steps(settings: Mapping[str, Any], steps: int) -> dict[str, float]:
    """Train ``steps`` steps with one thread.

    Args:
        settings: of the pictures' trainer, by dotted name.
        steps: after a few that are not timed; penalties may be lazy: choose a multiple of four.

    Returns:
        Seconds a step, and of those: waiting for the other process, and the all-reduces themselves.
    """
    plan = api.plan("image", layers=[("", {"train.samples": 10**9, "train.device": "cpu", "train.threads": 1, **settings})])
    keep_freed_memory()
    with joined() as ranks:
        trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution, ranks)
        spent, inner = {"waiting": 0.0, "reducing": 0.0}, ranks.average

        def average(tensors: Sequence[torch.Tensor], numbers: Sequence[float] = ()) -> list[float]:
            before = time.perf_counter()
            ranks.wait()  # else waiting for the slower one would count as communication
            between = time.perf_counter()
            means = inner(tensors, numbers)
            spent["waiting"] += between - before
            spent["reducing"] += time.perf_counter() - between
            return means

        for _ in range(WARM_UP):
            trainer.advance(0.0)
        ranks.average = average  # type: ignore[method-assign]  # this process only
        ranks.wait()
        begun = time.perf_counter()
        for _ in range(steps):
            trainer.advance(0.0)
        whole = time.perf_counter() - begun
        del ranks.average
    return {"step": whole / steps, **{name: seconds / steps for name, seconds in spent.items()}}
