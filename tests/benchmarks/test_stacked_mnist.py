"""Stacked MNIST: of a thousand modes, how many does a generator find, and does it find them equally often?

Three random digits are the red, green and blue of one picture, so there are
1000 kinds. 26,000 generated pictures are classified, one channel at a time.
Counted are the kinds that occur at all, and KL(generated ‖ data), the "reverse"
divergence. Metz et al. 2017 (unrolled GAN), section 3.3.1; Lin et al. 2018
(PacGAN), section 4.2; Huang et al. 2024 (R3GAN), section 4.1.

All rows train the same two small networks with the same rates; they differ in
the game and in the penalty. A longer table is made row by row:

    PARAGONE_BENCHMARK_MINUTES=60 pytest -m benchmark -s tests/benchmarks/test_stacked_mnist.py -k "relativistic and finite"
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from paragone.spec import Axis, SampleSpec

from . import knobs
from .digits import DigitJudge, Digits, digit_judge, load_digits
from .pictures import save_sheet
from .training import picture_trainer, sample, train

pytestmark = pytest.mark.benchmark

GENERATED = 26_000
STACKED = 1_000_000
"""Pictures in the stacked set: so many that a training rarely sees one twice."""
DEFAULT_MINUTES = "60"
BAR_MODES, BAR_KL = 995, 0.10
"""What the best row is to reach within an hour on two cores; said of each, asserted of none: budgets differ."""

RECIPE: Mapping[str, Any] = {
    "train.preset": "small",
    "train.batch": 64,
    "augment.mode": "none",  # a mirrored digit is no digit
    # three independent digits have no colours: what is left of the opponent colours is a rotation, which loses nothing
    "network.chroma_seen": 1.0,
    "network.materials": 0,  # nor does one light shade all three
    "reconstruction.features": 0.0,
    "reconstruction.samples": 0.0,
    "generator.learning_rate": 1.5e-3,
    "discriminator.learning_rate": 1.5e-3,
    "ema.half_life": 20_000.0,
    "penalty.every": 1,
}
OBJECTIVES = ("non-saturating", "relativistic")
GAMMA = 0.03
PENALTIES: Mapping[str, Mapping[str, float]] = {
    "none": {},
    "R1": {"penalty.r1": GAMMA},
    "R1+R2": {"penalty.r1": GAMMA, "penalty.r2": GAMMA},
    "finite R1+R2": {"penalty.fd_r1": GAMMA, "penalty.fd_r2": GAMMA},
}
NO_PENALTY = {f"penalty.{name}": 0.0 for name in ("r1", "r2", "fd_r1", "fd_r2")}


class StackedDigits:
    """Three digits as one picture, stacked when they are asked for.

    Which three is a function of the index alone. The pictures are ``(3, 28, 28)``.

    Args:
        digits: to stack.
        count: how many stacked pictures there are.
        seed: says which ones.
    """

    labels: tuple[str, ...] = ()
    numbers: torch.Tensor | None = None

    def __init__(self, digits: Digits, count: int = STACKED, seed: int = 0) -> None:
        axes = (Axis("channels", 3, "channels"), Axis("height", 28, "pixels"), Axis("width", 28, "pixels"))
        self.spec = SampleSpec(axes, traits={"mode": "RGB"})
        self.fingerprint = f"stacked-{seed}-{count}"
        self._digits = digits
        self.chosen = torch.randint(len(digits.numbers), (count, 3), generator=torch.Generator().manual_seed(seed))

    def __len__(self) -> int:
        return len(self.chosen)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See :meth:`paragone.data.Dataset.batch`."""
        return self._digits.samples(self.chosen[indices].flatten()).view(-1, *self.spec.shape).to(device), None


def modes(judge: DigitJudge, pictures: torch.Tensor) -> torch.Tensor:
    """``(N, 3, 28, 28)`` → ``(1000,)`` int64, how many pictures there are of each kind."""
    digits = judge.classes(pictures.flatten(0, 1)[:, None]).view(-1, 3)  # (N, 3)
    return torch.bincount(digits @ torch.tensor([100, 10, 1]), minlength=1000)


def divergence(counts: torch.Tensor, data: torch.Tensor) -> float:
    """KL(p ‖ q) = Σ p log(p / q) in nats, p the shares of ``counts``, q of ``data``; what p lacks adds nothing."""
    p, q = counts.double() / counts.sum(), data.double() / data.sum()
    return torch.where(p > 0, p * (p / q).log(), 0.0).sum().item()


def stacked_shares(numbers: torch.Tensor) -> torch.Tensor:
    """``(1000,)`` share of each kind when three digits with these ``(N,)`` labels are drawn: not quite 1/1000."""
    share = torch.bincount(numbers, minlength=10).double() / len(numbers)
    return torch.einsum("i,j,k->ijk", share, share, share).flatten()


def judged(judge: DigitJudge, pictures: torch.Tensor, data: torch.Tensor) -> dict[str, float]:
    """Kinds found, and the divergence from equal shares and from the data's."""
    counts = modes(judge, pictures)
    return {
        "modes": int((counts > 0).sum()),
        "kl": round(divergence(counts, data), 4),
        "kl_uniform": round(divergence(counts, torch.ones(1000)), 4),
    }


def test_the_divergence_in_closed_form() -> None:
    """Equal shares: 0. One kind of 1000: log 1000. Half of the kinds: log 2. And a set that lacks nothing."""
    equal, one, half = torch.full((1000,), 26), torch.eye(1000)[7] * 26_000, torch.arange(1000) % 2
    for counts, expected in ((equal, 0.0), (one, math.log(1000)), (half, math.log(2))):
        assert divergence(counts, torch.ones(1000)) == pytest.approx(expected, abs=1e-12)
    assert divergence(equal, equal) == pytest.approx(0.0, abs=1e-12)


def test_stacking_is_a_function_of_the_index() -> None:
    digits = Digits(torch.arange(20, dtype=torch.uint8).view(20, 1, 1, 1).expand(20, 1, 28, 28), torch.arange(20) % 10)
    stacked, cpu = StackedDigits(digits, count=100), torch.device("cpu")
    batch, _ = stacked.batch(torch.tensor([5, 50, 5]), cpu)
    stacked.spec.check(batch)
    assert torch.equal(batch[0], batch[2])
    assert torch.equal(batch[1], StackedDigits(digits, count=100).batch(torch.tensor([50]), cpu)[0][0])
    assert stacked_shares(digits.numbers).sum().item() == pytest.approx(1)


@pytest.fixture(scope="module")
def halves() -> tuple[Digits, Digits]:
    return load_digits(knobs.mnist_folder())


@pytest.fixture(scope="module")
def judge(halves: tuple[Digits, Digits]) -> DigitJudge:
    return digit_judge(*halves)


def test_real_against_real(halves: tuple[Digits, Digits], judge: DigitJudge, capsys: pytest.CaptureFixture[str]) -> None:
    """What 26,000 stacked test digits score: the best that a generator can hope for.

    Even a perfect one does not reach 0: of n draws from k kinds the expected
    divergence is about (k − 1) / 2n, here 0.019 (Miller 1955).
    """
    data = stacked_shares(halves[0].numbers)
    for name, half in zip(("training", "test"), halves, strict=True):
        real = StackedDigits(half, GENERATED, seed=1).batch(torch.arange(GENERATED), torch.device("cpu"))[0]
        scores = judged(judge, real, data)
        with capsys.disabled():
            print(f"\nreal {name} digits: {_line(scores)}", end="")
        knobs.record({"benchmark": "stacked-mnist", "row": f"real {name}", **scores})
        assert scores["modes"] == 1000
        assert scores["kl"] < 0.04


@pytest.mark.parametrize("seed", knobs.seeds())
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("game", OBJECTIVES)
def test_stacked_mnist(
    game: str, penalty: str, seed: int, halves: tuple[Digits, Digits], judge: DigitJudge, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"train.objective": game, "train.seed": seed, **NO_PENALTY, **PENALTIES[penalty], **knobs.budget(DEFAULT_MINUTES)}
    trainer = picture_trainer(StackedDigits(halves[0]), RECIPE, row)
    data, curve = stacked_shares(halves[0].numbers), []

    def look(share: float) -> None:
        curve.append({"samples": trainer.samples, **judged(judge, sample(trainer, GENERATED), data)})
        with capsys.disabled():
            print(f"\n    after {share:.0%}, {trainer.samples:9,} samples: {_line(curve[-1])}", end="", flush=True)

    watch = train(trainer, knobs.looks(), look)
    wall, cpu = watch.wall, watch.cpu
    pictures = sample(trainer, GENERATED)
    scores = judged(judge, pictures, data)
    bar = scores["modes"] >= BAR_MODES and scores["kl"] <= BAR_KL
    facts = {"samples": trainer.samples, "wall_seconds": round(wall), "cpu_seconds": round(cpu), **scores, "bar": bar}
    with capsys.disabled():
        times = f"{wall / 60:5.1f} min ({cpu / 60:.1f} of processor time)"
        print(f"\n{game:15} {penalty:13} seed {seed}: {trainer.samples:9,} samples, {times}, {_line(scores)}{', the bar' * bar}", end="")
    settings = trainer.settings.to_dict()
    knobs.record({"benchmark": "stacked-mnist", "row": f"{game} {penalty}", "seed": seed, **facts, "curve": curve, "settings": settings})
    save_sheet(pictures[:64], trainer.dataset.spec, f"stacked-mnist-{game}-{penalty}-{seed}".replace(" ", "-"))
    assert torch.isfinite(pictures).all()


def _line(scores: Mapping[str, float]) -> str:
    return f"{scores['modes']:4} of 1000 modes, KL {scores['kl']:.3f} ({scores['kl_uniform']:.3f} to equal shares)"
