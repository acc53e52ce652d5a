from __future__ import annotations

from collections.abc import Callable

import pytest

from paragone.errors import UsageError
from paragone.trainer import Trainer


def test_a_discriminator_that_cannot_be_differentiated_twice_is_refused_by_name(trainer: Callable[..., Trainer]) -> None:
    subject = trainer(penalty__fd_r1=1.0)
    subject.players.discriminator.twice_differentiable = False
    Trainer(subject.players, subject.dataset, subject.settings, subject.execution)  # finite differences are fine
    exact = subject.settings.replace("penalty", r1=1.0)
    with pytest.raises(UsageError, match=r"cannot be differentiated twice"):
        Trainer(subject.players, subject.dataset, exact, subject.execution)


def test_finite_difference_terms_match_exact_ones_in_the_mean(trainer: Callable[..., Trainer]) -> None:
    penalties = {}
    for kind in ("r1", "fd_r1"):
        subject = trainer(**{f"penalty__{kind}": 1.0}, train__batch=4096, penalty__sigma=1e-3, augment__mode="none")
        (batch,) = subject.micro_batches("discriminator", noise=True)
        subject.game.discriminator_loss(batch, 0.0, 1.0, diversity=False)
        penalties[kind] = subject.meters.take()["penalty"]
    assert penalties["fd_r1"] == pytest.approx(penalties["r1"], rel=0.15)
