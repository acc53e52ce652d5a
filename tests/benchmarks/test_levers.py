"""What each lever of `small`'s step costs or gains: seconds a step without it over those of a step as it is, in turns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from paragone import api
from paragone.allocator import keep_freed_memory
from paragone.execution import Execution
from paragone.trainer import Trainer

from . import knobs
from .machine import alternate

pytestmark = pytest.mark.benchmark

ROUNDS = 9
EVERY = 4
"""Steps measured at once: `small` has its penalty in one of so many."""

SETTINGS: dict[str, dict[str, object]] = {
    "fp32 instead of bf16": {"train.precision": "fp32"},
    "penalty in every step": {"penalty.every": 1},
    "no penalty": {"penalty.fd_r1": 0.0, "penalty.fd_r2": 0.0},
    "penalty by double backward": {"penalty.fd_r1": 0.0, "penalty.fd_r2": 0.0, "penalty.r1": 0.1, "penalty.r2": 0.1},
    "no reconstruction": {"reconstruction.features": 0.0, "reconstruction.samples": 0.0},
    "no augmentation": {"augment.mode": "none"},
    "batch 32, twice": {"train.batch": 32},
    "batch 128, half": {"train.batch": 128},
}


def trainer_of(**settings: object) -> Trainer:
    plan = api.plan("image", layers=[("", {"train.preset": "small", "train.samples": 10**9, "train.device": "cpu", **settings})])
    return Trainer(plan.players, plan.dataset, plan.settings, plan.execution)


def steps(trainer: Trainer) -> Callable[[], None]:
    """As many samples as four steps of the default batch have."""
    count = EVERY * 64 // trainer.settings.train.batch

    def run() -> None:
        for _ in range(count):
            trainer.advance(0.5)

    return run


def measure(capsys: pytest.CaptureFixture[str], what: str, changed: Trainer) -> None:
    torch.set_num_threads(knobs.threads())
    keep_freed_memory()
    without, asis = steps(changed), steps(trainer_of())
    without()
    asis()
    changed_seconds, seconds = alternate(without, asis, ROUNDS)
    line = {"benchmark": "levers", "lever": what, "ratio": round(changed_seconds / seconds, 3), "threads": torch.get_num_threads()}
    knobs.record(line)
    with capsys.disabled():
        print(f"\n{what}: {changed_seconds / seconds:.2f} of the time")


@pytest.mark.parametrize("what", SETTINGS)
def test_a_setting(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    measure(capsys, what, trainer_of(**SETTINGS[what]))


def test_memory_in_planes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights and what reads them as they come, not in channels_last. Where a layer asks for channels_last it still gets it."""
    with monkeypatch.context() as patch:
        patch.setattr(Execution, "place", lambda self, module: module.to(self.device))
        trainer = trainer_of()
    measure(capsys, "weights not in channels_last", trainer)


@pytest.mark.parametrize("how", [{"foreach": True}, {"foreach": False}], ids=["lists", "one by one"])
def test_adam(how: dict[str, bool], capsys: pytest.CaptureFixture[str]) -> None:
    """Adam over lists of weights, and over one weight at a time, instead of fused."""
    trainer = trainer_of()
    for name, fused in trainer.optimisers.items():
        group = fused.param_groups[0]
        trainer.optimisers[name] = torch.optim.Adam(group["params"], lr=group["lr"], betas=group["betas"], eps=group["eps"], **how)
    measure(capsys, f"Adam not fused, {'over lists' if how['foreach'] else 'one by one'}", trainer)
