"""What a second process gains, what averaging the gradients costs, and the numbers behind the estimate for GPUs."""

from __future__ import annotations

import contextlib
import statistics

import pytest
import torch
from processes import together
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.sharing import time_steps
from paragone import api
from paragone.trainer import Trainer

pytestmark = pytest.mark.benchmark

ROUNDS = 3


@pytest.mark.parametrize("accumulate", [1, 4])
@pytest.mark.parametrize("per_process", [32, 64])
def test_one_and_two_processes(per_process: int, accumulate: int, capsys: pytest.CaptureFixture[str]) -> None:
    """`small`, one thread a process: the same work a process, so that two do twice as much a step."""
    ratios, shares, waits = [], [], []
    for _ in range(ROUNDS):  # in turns, so that a busy machine slows both
        samples = per_process * accumulate
        steps = 16 // accumulate
        (one,) = together(time_steps, {"train.batch": samples, "train.accumulate": accumulate}, steps, size=1, limit=300)
        two = together(time_steps, {"train.batch": 2 * samples, "train.accumulate": accumulate}, steps, limit=300)
        assert not any(each.error for each in (one, *two)), [each.error for each in (one, *two)]
        step = max(each.value["step"] for each in two)
        ratios.append((step / 2) / one.value["step"])
        shares.append(min(each.value["reducing"] for each in two) / step)  # the one that came last did not wait inside
        waits.append(statistics.mean(each.value["waiting"] for each in two) / step)
    with capsys.disabled():
        print(
            f"\n{per_process} samples at once, {accumulate} times a turn: time a sample with two processes over one "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); of a step "
            f"{statistics.median(shares):.1%} in all-reduces, {statistics.median(waits):.1%} waiting for the other"
        )
    assert statistics.median(ratios) < 1


class _NoModules(contextlib.nullcontext[None]):
    """In place of the counter's own record of modules, which does not allow a gradient of a gradient."""

    parents = frozenset({"Global"})


def test_r3gan_at_128_pixels_on_paper(capsys: pytest.CaptureFixture[str]) -> None:
    """Work a sample and bytes an all-reduce: what docs/benchmarks.md computes with."""
    layer = {"train.preset": "r3gan", "data.size": "128", "train.batch": 2, "train.samples": 10**9, "train.device": "cpu"}
    plan = api.plan("image", layers=[("", layer)])
    trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution)
    sizes = {name: sum(p.numel() for p in module.parameters()) for name, module in trainer.modules.items()}
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]  # it is all that is used of it
    with counter:
        trainer.advance(0.0)
    with capsys.disabled():
        print(f"\n{sizes} parameters, {counter.get_total_flops() / 2 / 1e9:.0f} GFLOP a sample and step, {torch.get_num_threads()} threads")
    assert sizes["generator"] > 10**6
