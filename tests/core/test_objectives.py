"""Each loss against its closed form, written with other functions than the product uses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import get_args

import pytest
import torch

from paragone.errors import UsageError
from paragone.objectives import OBJECTIVES, certainty, objective
from paragone.settings import ObjectiveName

REAL = [1.5, -0.3, 0.2, 4.0]
FAKE = [-2.0, 0.7, 0.1, -0.4]


def sigma(t: float) -> float:
    return 1 / (1 + math.exp(-t))


def mean(function: Callable[[float, float], float]) -> float:
    return sum(function(real, fake) for real, fake in zip(REAL, FAKE, strict=True)) / len(REAL)


CLOSED = {
    "minimax": (lambda r, f: -math.log(sigma(r)) - math.log(1 - sigma(f)), lambda r, f: math.log(1 - sigma(f))),
    "non-saturating": (lambda r, f: -math.log(sigma(r)) - math.log(1 - sigma(f)), lambda r, f: -math.log(sigma(f))),
    "least-squares": (lambda r, f: ((r - 1) ** 2 + f**2) / 2, lambda r, f: (f - 1) ** 2 / 2),
    "hinge": (lambda r, f: max(0, 1 - r) + max(0, 1 + f), lambda r, f: -f),
    "wasserstein": (lambda r, f: f - r, lambda r, f: -f),
    "relativistic": (lambda r, f: -math.log(sigma(r - f)), lambda r, f: -math.log(sigma(f - r))),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_closed_form(name: str) -> None:
    game = objective(name)
    discriminator, generator = CLOSED[name]
    real, fake = torch.tensor(REAL, dtype=torch.float64), torch.tensor(FAKE, dtype=torch.float64)
    assert game.discriminator(real, fake).item() == pytest.approx(mean(discriminator), rel=1e-12)
    assert game.generator(real, fake).item() == pytest.approx(mean(generator), rel=1e-12)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_by_finite_differences(name: str) -> None:
    game = objective(name)
    real, fake = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (REAL, FAKE))
    assert torch.autograd.gradcheck(game.discriminator, (real, fake))
    assert torch.autograd.gradcheck(lambda f: game.generator(real.detach(), f), (fake,))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_players_pull_in_opposite_directions(name: str) -> None:
    game = objective(name)
    fake = torch.zeros(1, requires_grad=True)
    real = torch.zeros(1)
    (up,) = torch.autograd.grad(game.discriminator(real, fake).sum(), fake)
    (down,) = torch.autograd.grad(game.generator(real, fake).sum(), fake)
    # least squares: undecided at ½, and at 0 the discriminator is content
    assert up.item() >= 0 > down.item()


def test_extreme_logits_stay_finite() -> None:
    big = torch.tensor([1e4, -1e4])
    for game in OBJECTIVES.values():
        assert torch.isfinite(game.discriminator(big, -big)).all()
        assert torch.isfinite(game.generator(big, -big)).all()


def test_certainty() -> None:
    real, fake = torch.tensor([2.0, 0.7, 0.3, -1.0]), torch.tensor([3.0, 0.0, 0.0, -2.0])
    assert certainty(objective("hinge"), real, fake).item() == 0.5
    assert certainty(objective("least-squares"), real, fake).item() == 0.0
    assert certainty(objective("relativistic"), real, fake).item() == 0.5  # −, +, +, +
    shift = 100.0  # a relativistic game does not know where zero is
    assert certainty(objective("relativistic"), real + shift, fake + shift).item() == 0.5


def test_settings_offer_exactly_these() -> None:
    assert get_args(ObjectiveName) == tuple(OBJECTIVES)


def test_unknown_name() -> None:
    with pytest.raises(UsageError, match="Did you mean 'hinge'"):
        objective("hing")
