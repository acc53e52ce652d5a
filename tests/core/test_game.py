from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from paragone.errors import UsageError
from paragone.trainer import Trainer


def test_a_discriminator_that_cannot_be_differentiated_twice_is_refused_by_name(trainer: Callable[..., Trainer]) -> None:
    subject = trainer(penalty__fd_r1=1.0)
    subject.players.discriminator.twice_differentiable = False
    Trainer(subject.players, subject.dataset, subject.settings, subject.execution)  # finite differences are fine
    exact = subject.settings.replace("penalty", r1=1.0)
    with pytest.raises(UsageError, match=r"cannot be differentiated twice"):
        Trainer(subject.players, subject.dataset, exact, subject.execution)


@pytest.mark.parametrize("kinds", [("r1", "fd_r1"), ("r2", "fd_r2")])
def test_finite_difference_terms_match_exact_ones_in_the_mean(trainer: Callable[..., Trainer], kinds: tuple[str, str]) -> None:
    penalties = {}
    for kind in kinds:
        subject = trainer(**{f"penalty__{kind}": 1.0}, train__batch=4096, penalty__sigma=1e-3, augment__mode="none")
        (batch,) = subject.micro_batches("discriminator", noise=True)
        subject.game.discriminator_loss(batch, 0.0, 1.0, diversity=False)
        penalties[kind] = subject.meters.take()["penalty"]
    assert penalties[kinds[1]] == pytest.approx(penalties[kinds[0]], rel=0.15)


class Forgetful(nn.Module):
    """A discriminator with dropout."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.drop = inner, nn.Dropout(0.3)

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return self.inner(self.drop(torch.cat([sample] * 8, 1)).view(len(sample), 8, -1).mean(1), label)


def test_dropout_draws_the_same_for_both_ends_of_a_finite_difference(trainer: Callable[..., Trainer]) -> None:
    """Else the penalty would measure how much two draws differ, over σ²."""
    penalties = {}
    for kind in ("r1", "fd_r1"):
        subject = trainer(**{f"penalty__{kind}": 1.0}, train__batch=4096, penalty__sigma=1e-3, augment__mode="none")
        subject.game.players.discriminator = Forgetful(subject.players.discriminator)
        (batch,) = subject.micro_batches("discriminator", noise=True)
        torch.manual_seed(0)
        subject.game.discriminator_loss(batch, 0.0, 1.0, diversity=False)
        penalties[kind] = subject.meters.take()["penalty"]
    assert penalties["fd_r1"] == pytest.approx(penalties["r1"], rel=0.2)


class Comparing(nn.Module):
    """A discriminator that tells every sample the mean of its group."""

    def __init__(self, compares: int) -> None:
        super().__init__()
        self.compares = compares

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        size = math.gcd(len(sample), self.compares)
        return sample.sum(1).view(-1, size).mean(1).repeat_interleave(size)


@pytest.mark.parametrize("batch", [1, 2, 6, 8])
def test_no_group_holds_reals_and_fakes(trainer: Callable[..., Trainer], batch: int) -> None:
    subject = trainer(train__batch=batch, train__group=1, augment__mode="none")
    subject.game.players.discriminator = Comparing(4)
    (of,) = subject.micro_batches("discriminator")
    critics, both = subject.game.critics(of, 0.0), torch.cat([of.real, of.real - 5])
    apart = torch.cat([critics.real(both[:batch]), critics.fake(both[batch:])])
    torch.testing.assert_close(critics.both(both), apart)


def test_the_penalty_that_is_told_is_the_mean_of_all_turns(trainer: Callable[..., Trainer]) -> None:
    told = {}
    for every in (1, 4):
        subject = trainer(
            penalty__r1=1.0, penalty__every=every, train__batch=512, generator__learning_rate=0.0, discriminator__learning_rate=0.0
        )
        for _ in range(16):
            subject.advance(0.0)
        told[every] = subject.meters.take()["penalty"]
    assert told[4] == pytest.approx(told[1], rel=0.1)
