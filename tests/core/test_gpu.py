"""The same engine on an accelerator: ``pytest -m gpu``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import paragone
from paragone import api, weights

pytestmark = pytest.mark.gpu

PENALTIES = {"penalty.r1": 0.1, "penalty.r2": 0.1, "penalty.fd_r1": 0.1, "penalty.wgan_gp": 0.1}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("preset", ["small", "r3gan", "dcgan"])
def test_pictures_train_resume_and_sample(preset: str, precision: str, tmp_path: Path) -> None:
    shrunk: dict[str, Any] = {"r3gan": {"network.width": 32, "network.blocks": 1}}.get(preset, {})
    settings = {"train.device": "cuda", "train.precision": precision, "train.batch": 16, **PENALTIES, **shrunk}
    run = paragone.train("image", preset=preset, out=tmp_path / "run", samples=256, settings=settings)
    api.resume(run.path, layers=[("", {"train.samples": 512})])
    tensors, facts = weights.read(run.state)
    assert facts["samples"] == 512
    assert all(torch.isfinite(value).all() for value in tensors.values() if value.is_floating_point())


def test_a_seed_is_the_same_picture_on_both_devices(tmp_path: Path) -> None:
    run = paragone.train("image", out=tmp_path / "run", samples=256)
    here, there = (paragone.load(run.path, device).sample(range(20)).samples for device in ("cpu", "cuda"))
    torch.testing.assert_close(here, there, rtol=0, atol=2e-2)


def test_a_compiled_generator_learns_the_same(tmp_path: Path) -> None:
    states = []
    for compiled in (False, True):
        settings = {"train.device": "cuda", "train.precision": "fp32", "train.compile": compiled, **PENALTIES}
        run = paragone.train("points", out=tmp_path / str(compiled), samples=640, settings=settings)
        states.append(weights.read(run.generator)[0])
    for name in states[0]:
        torch.testing.assert_close(states[0][name], states[1][name], rtol=1e-2, atol=1e-3)
