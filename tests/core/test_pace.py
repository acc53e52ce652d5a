"""What a training would take is measured, and leaves no trace."""

from __future__ import annotations

import dataclasses
import time

import pytest
import torch

from paragone import api, pace
from paragone.trainer import Trainer


def test_the_pace_is_that_of_its_steps_and_the_plan_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = api.plan("points", layers=[("", {"train.samples": 10**6, "train.device": "cpu", "train.batch": 32})])
    before = {name: value.clone() for name, value in plan.players.generator.state_dict().items()}
    advance = Trainer.advance
    monkeypatch.setattr(Trainer, "advance", lambda self, progress: (time.sleep(0.02), advance(self, progress))[1])
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    found = pace.pace(plan, 0.2)
    assert found is not None
    assert 10 < found < 32 / 0.02
    assert torch.equal(torch.rand(2), expected)
    assert all(torch.equal(value, before[name]) for name, value in plan.players.generator.state_dict().items())


def test_what_may_take_minutes_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = api.plan("points", layers=[("", {"train.samples": 64, "train.device": "cpu"})])
    assert pace.pace(dataclasses.replace(plan, processes=2)) is None
    monkeypatch.setattr(pace, "LARGEST", 10)
    assert pace.pace(plan) is None
