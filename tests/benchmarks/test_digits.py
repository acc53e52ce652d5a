"""MNIST: how far are generated digits from real ones, for the article's two perceptrons and for ``small``?

The Fréchet distance on features of the benchmark's own digit classifier, Heusel
et al. 2017 (FID), equation 6. It compares the rows with each other and with real
against real, and with no number from elsewhere.

    PARAGONE_BENCHMARK_MINUTES=4 pytest -m benchmark -s tests/benchmarks/test_digits.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from paragone.evaluation.frechet import frechet_distance
from paragone.spec import Axis, SampleSpec

from . import knobs
from .digits import DigitJudge, Digits, digit_judge, load_digits
from .pictures import save_sheet
from .training import picture_trainer, sample, train

pytestmark = pytest.mark.benchmark

GENERATED = 10_000
DEFAULT_MINUTES = "4"
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "article": {},
    "small": {"augment.mode": "none"},  # a mirrored digit is no digit, and there are plenty
}


class DigitSet:
    """MNIST's training half as the engine wants it, without labels, in memory."""

    labels: tuple[str, ...] = ()
    numbers: torch.Tensor | None = None
    fingerprint = "mnist"

    def __init__(self, digits: Digits) -> None:
        axes = (Axis("channels", 1, "channels"), Axis("height", 28, "pixels"), Axis("width", 28, "pixels"))
        self.spec, self._digits = SampleSpec(axes, traits={"mode": "L"}), digits

    def __len__(self) -> int:
        return len(self._digits.numbers)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See :meth:`paragone.data.Dataset.batch`."""
        return self._digits.samples(indices).to(device), None


@pytest.fixture(scope="module")
def halves() -> tuple[Digits, Digits]:
    return load_digits(knobs.mnist_folder())


@pytest.fixture(scope="module")
def judge(halves: tuple[Digits, Digits]) -> DigitJudge:
    return digit_judge(*halves)


@pytest.fixture(scope="module")
def real(halves: tuple[Digits, Digits], judge: DigitJudge) -> torch.Tensor:
    """Features of the 10,000 test digits, which no row has trained on."""
    return judge.features(halves[1].samples())


def test_real_against_real(
    halves: tuple[Digits, Digits], judge: DigitJudge, real: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    some = torch.randperm(len(halves[0].numbers), generator=torch.Generator().manual_seed(0))[:GENERATED]
    distance = frechet_distance(judge.features(halves[0].samples(some)), real)
    with capsys.disabled():
        print(f"\n{'real':8} Fréchet distance {distance:.2f}", end="")
    knobs.record({"benchmark": "digits", "row": "real", "frechet": round(distance, 3)})


@pytest.mark.parametrize("seed", knobs.seeds())
@pytest.mark.parametrize("preset", PRESETS)
def test_digits(
    preset: str,
    seed: int,
    halves: tuple[Digits, Digits],
    judge: DigitJudge,
    real: torch.Tensor,
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = {"train.preset": preset, "train.seed": seed, **PRESETS[preset], **knobs.budget(DEFAULT_MINUTES)}
    trainer = picture_trainer(DigitSet(halves[0]), row)
    watch = train(trainer)
    wall, cpu = watch.wall, watch.cpu
    pictures = sample(trainer, GENERATED)
    distance = frechet_distance(judge.features(pictures), real)
    classes = torch.bincount(judge.classes(pictures), minlength=10) / GENERATED
    facts = {
        "samples": trainer.samples,
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "samples_per_second": round(trainer.samples / wall, 1),
        "frechet": round(distance, 3),
        "rarest_digit": round(classes.min().item(), 4),
    }
    with capsys.disabled():
        speed = f"{trainer.samples:9,} samples, {facts['samples_per_second']:8.1f}/s"
        print(f"\n{preset:8} seed {seed}: {speed}, Fréchet distance {distance:.2f}, rarest digit {classes.min():.1%}", end="")
    knobs.record({"benchmark": "digits", "row": preset, "seed": seed, **facts, "settings": trainer.settings.to_dict()})
    save_sheet(pictures[:64], trainer.dataset.spec, f"digits-{preset}-{seed}")
    assert torch.isfinite(pictures).all()
