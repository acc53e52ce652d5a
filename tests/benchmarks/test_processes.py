"""What a second process gains, what averaging the gradients costs, and the numbers behind the estimate for GPUs."""

from __future__ import annotations

import statistics

import pytest
import torch
from processes import together

from benchmarks.machine import count_work
from benchmarks.sharing import time_steps
from paragone import api
from paragone.trainer import Trainer

pytestmark = pytest.mark.benchmark

ROUNDS = 3


@pytest.mark.parametrize("accumulate", [1, 4])
def test_one_and_two_processes(accumulate: int, capsys: pytest.CaptureFixture[str]) -> None:
    """`small`, one thread a process, 32 samples at once: the same work a process, so that two do twice as much a step."""
    samples, steps = 32 * accumulate, 16 // accumulate
    rows = []
    for _ in range(ROUNDS):  # in turns, so that a busy machine slows both
        (one,) = together(time_steps, {"train.batch": samples, "train.accumulate": accumulate}, steps, size=1, limit=300)
        two = together(time_steps, {"train.batch": 2 * samples, "train.accumulate": accumulate}, steps, limit=300)
        assert not any(each.error for each in (one, *two)), [each.error for each in (one, *two)]
        for clock in (0, 1):
            step = max(each.value["step"][clock] for each in two)
            # the one that comes last does not wait inside
            shares = [min(each.value[part][clock] for each in two) / step for part in ("reducing", "waiting")]
            rows.append((clock, step / 2 / one.value["step"][clock], *shares))
    for clock, name in enumerate(("clock", "processor")):
        ratios, reducing, waiting = zip(*(row[1:] for row in rows if row[0] == clock), strict=True)
        with capsys.disabled():
            print(
                f"\n{accumulate} parts, {name}: time a sample with two processes over one "
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); of a step "
                f"{statistics.median(reducing):.1%} in all-reduces, {statistics.median(waiting):.1%} waiting for the other"
            )
    assert statistics.median(row[1] for row in rows if row[0] == 1) < 0.7, "by the processor's time, which a busy machine spoils less"


def test_r3gan_at_128_pixels_on_paper(capsys: pytest.CaptureFixture[str]) -> None:
    """Work a sample and bytes an all-reduce: what docs/benchmarks/engine.md computes with."""
    layer = {"train.preset": "r3gan", "data.size": "128", "train.batch": 2, "train.samples": 10**9, "train.device": "cpu"}
    plan = api.plan("image", layers=[("", layer)])
    trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution)
    sizes = {name: sum(p.numel() for p in module.parameters()) for name, module in trainer.modules.items()}
    work = count_work(lambda: trainer.advance(0.0)) / 2
    with capsys.disabled():
        print(f"\n{sizes} parameters, {work / 1e9:.0f} GFLOP a sample and step, {torch.get_num_threads()} threads")
    assert sizes["generator"] > 10**6
