"""The loop itself, on tiny real networks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from paragone.errors import DivergenceError
from paragone.trainer import Trainer, adam_ramps

Make = Callable[..., Trainer]


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    state = {f"{name}.{key}": value for name, module in trainer.modules.items() for key, value in module.named_parameters()}
    return {key: value.detach().clone() for key, value in state.items()}


def advance(trainer: Trainer, steps: int) -> Trainer:
    for step in range(steps):
        trainer.advance(step / steps)
    return trainer


LARGE_STEPS = {"epsilon": 0.1, "learning_rate": 0.05}
PENALTIES = {"penalty__r1": 0.1, "penalty__r2": 0.1, "penalty__wgan_gp": 0.1, "penalty__fd_r1": 0.1, "penalty__fd_r2": 0.1}


def test_same_seed_same_weights(trainer: Make) -> None:
    first, second = (weights(advance(trainer(**PENALTIES), 3)) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = weights(advance(trainer(**PENALTIES, train__seed=1), 3))
    assert not torch.equal(first["generator.first.weight"], other["generator.first.weight"])


@pytest.mark.parametrize("parts", [2, 4, 32])
def test_accumulation_does_not_change_the_mathematics(trainer: Make, parts: int) -> None:
    """With every penalty, augmentation and label in play; only the order of additions differs."""
    settings: dict[str, Any] = {**PENALTIES, "train__batch": 32, "augment__mode": "fixed", "augment__p": 0.5, "augment__p_start": 0.5}
    # Adam divides a gradient by its own size: with the usual ε, rounding in one near 0 becomes a full step
    settings |= {f"{player}__{key}": value for player in ("generator", "discriminator") for key, value in LARGE_STEPS.items()}
    whole = weights(advance(trainer(**settings), 4))
    split = weights(advance(trainer(**settings, train__accumulate=parts), 4))
    for name in whole:
        torch.testing.assert_close(split[name], whole[name], rtol=1e-4, atol=1e-5)


def test_batch_normalisation_is_what_accumulation_cannot_split(trainer: Make) -> None:
    """The test above can fail: here is a network for which it would."""
    settings: dict[str, Any] = {"train__batch": 32, "network__batch_norm": True}
    whole, split = (weights(advance(trainer(**settings, train__accumulate=parts), 4)) for parts in (1, 4))
    assert not torch.allclose(whole["generator.first.weight"], split["generator.first.weight"], rtol=1e-4, atol=2e-6)


def test_a_turn_leaves_the_other_player_alone(trainer: Make) -> None:
    subject = trainer()
    for player, other in (("discriminator", "generator"), ("generator", "discriminator")):
        before = weights(subject)
        for batch in subject.micro_batches(player):
            loss = (
                subject.game.generator_loss(batch, 0.5)
                if player == "generator"
                else subject.game.discriminator_loss(batch, 0.5, 1.0, diversity=True)
            )
            subject.accumulate(player, loss)
        assert all(parameter.grad is None for parameter in subject.modules[other].parameters())
        subject.take_turn(player, 0.0)
        after = weights(subject)
        changed = {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])}
        assert changed == {player}
        assert all(parameter.grad is None for parameter in subject.modules[player].parameters())


@pytest.mark.parametrize("penalty", ["r1", "r2", "wgan_gp"])
def test_one_step_against_a_loop_by_hand(trainer: Make, penalty: str) -> None:
    """Non-saturating game, one penalty, no augmentation, one step: written out with plain torch."""
    settings: dict[str, Any] = {
        "train__objective": "non-saturating",
        f"penalty__{penalty}": 3.0,
        "augment__mode": "none",
        "train__batch": 16,
    }
    # as large an ε as this, for Adam's first step to be as long as the gradient and not as the learning rate
    settings |= {f"{player}__{key}": value for player in ("generator", "discriminator") for key, value in LARGE_STEPS.items()}
    subject = trainer(**settings)
    players = copy.deepcopy(subject.players)
    generator, discriminator = players.generator, players.discriminator
    (turn_d,), (turn_g,) = list(subject.micro_batches("discriminator")), list(subject.micro_batches("generator"))
    adam_g, adam_d = (torch.optim.Adam(player.parameters(), 0.05, betas=(0.0, 0.99), eps=0.1) for player in (generator, discriminator))
    for parameter in [*generator.parameters(), *discriminator.parameters()]:
        parameter.requires_grad_()

    real, fake = turn_d.real, generator(turn_d.latent, turn_d.label).detach()
    judged = [discriminator(sample, turn_d.label) for sample in (real, fake)]
    loss = -torch.log(torch.sigmoid(judged[0])).mean() - torch.log(1 - torch.sigmoid(judged[1])).mean()
    share = turn_d.mix[:, None]
    place = {"r1": real, "r2": fake, "wgan_gp": share * real + (1 - share) * fake}[penalty].requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(place, turn_d.label).sum(), place, create_graph=True)
    steep = slope.square().sum(1)
    (loss + (3 * (steep.sqrt() - 1).square() if penalty == "wgan_gp" else 3 / 2 * steep).mean()).backward()
    adam_d.step()
    (-torch.log(torch.sigmoid(discriminator(generator(turn_g.latent, turn_g.label), turn_g.label))).mean()).backward()
    adam_g.step()

    subject.advance(0.0)
    for mine, theirs in zip(subject.players.generator.parameters(), generator.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-7)
    for mine, theirs in zip(subject.players.discriminator.parameters(), discriminator.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-7)


def test_lazy_penalty_is_applied_every_kth_step_with_k_times_the_weight(trainer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, scales = trainer(penalty__r1=1.0, penalty__every=4, penalty__end=0.0), []
    inner = subject.game.discriminator_loss

    def spy(batch: Any, p: float, scale: float, diversity: bool) -> torch.Tensor:
        scales.append(scale)
        return inner(batch, p, scale, diversity)

    monkeypatch.setattr(subject.game, "discriminator_loss", spy)
    for progress in (0.0, 0.1, 0.2, 0.3, 0.5, 0.6):
        subject.advance(progress)
    assert scales == [4.0, 0.0, 0.0, 0.0, pytest.approx(2.0), 0.0]


def test_several_discriminator_turns_show_fresh_samples(trainer: Make) -> None:
    subject = trainer(train__discriminator_turns=3, train__batch=16)
    subject.advance(0.0)
    assert (subject.step, subject.samples) == (1, 48)
    turns = [next(iter(subject.micro_batches("discriminator", turn))).latent for turn in range(2)]
    assert not torch.equal(*turns)


def test_every_parameter_moves(trainer: Make) -> None:
    subject = trainer(train__objective="hinge")  # a relativistic game does not see the last bias
    before = weights(subject)
    after = weights(advance(subject, 2))
    assert [name for name in after if torch.equal(before[name], after[name])] == []


def test_frozen_parts_stay_frozen(trainer: Make) -> None:
    subject = trainer(train__objective="hinge")
    subject.players.discriminator.body.requires_grad_(False)
    again = Trainer(subject.players, subject.dataset, subject.settings, subject.execution)
    before = weights(again)
    after = weights(advance(again, 3))
    same = {name for name in after if torch.equal(before[name], after[name])}
    assert same == {name for name in after if name.startswith("discriminator.body")}


def test_schedules_reach_the_optimiser(trainer: Make) -> None:
    subject = trainer(generator__learning_rate=1e-3, generator__learning_rate_end=1e-5, generator__beta2=0.9, generator__beta2_end=0.99)
    subject.advance(1.0)
    group = subject.optimisers["generator"].param_groups[0]
    assert group["lr"] == pytest.approx(1e-5)
    assert group["betas"] == (0.0, pytest.approx(0.99))
    assert adam_ramps(subject.settings.discriminator, 1.0) == (2e-4, (0.0, 0.99))


def test_clipping_bounds_the_gradient(trainer: Make) -> None:
    subject = trainer(discriminator__clip=1e-3, train__objective="wasserstein")
    for batch in subject.micro_batches("discriminator"):
        subject.accumulate("discriminator", subject.game.discriminator_loss(batch, 0.0, 0.0, diversity=False) * 100)
    seen = []
    subject.optimisers["discriminator"].register_step_pre_hook(
        lambda optimiser, *_: seen.append(torch.nn.utils.get_total_norm([p.grad for p in optimiser.param_groups[0]["params"]]).item())
    )
    subject.take_turn("discriminator", 0.0)
    assert seen == [pytest.approx(1e-3, rel=1e-3)]


def test_non_finite_loss_names_step_and_player(trainer: Make) -> None:
    subject = trainer(network__fail_at=4)
    with pytest.raises(DivergenceError, match=r"(?s)step 1: the loss of the discriminator is not finite.*discriminator\.learning_rate"):
        advance(subject, 5)


def test_non_finite_gradient_names_the_parameter_before_it_reaches_a_weight(trainer: Make) -> None:
    subject = trainer()
    subject.players.generator.first.bias.register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(DivergenceError, match=r"step 0: the gradient of first\.bias of the generator"):
        subject.advance(0.0)
    assert all(torch.isfinite(value).all() for value in weights(subject).values())


def test_ema_follows_every_step(trainer: Make) -> None:
    subject = trainer(ema__half_life=0.0)
    subject.advance(0.5)
    for average, now in zip(subject.ema.module.parameters(), subject.players.generator.parameters(), strict=True):
        assert torch.equal(average, now)
    # 3 × 32 samples pass in a step of three turns: a half-life of 96 is over once, and of what was before half is left
    half = trainer(ema__half_life=96, ema__half_life_start=96, train__discriminator_turns=3, train__batch=32)
    start = weights(half)["generator.first.weight"]
    half.advance(0.5)
    torch.testing.assert_close(half.ema.module.first.weight, (start + half.players.generator.first.weight) / 2)
    slow = trainer(ema__half_life=1e12, ema__half_life_start=1e12)
    start = weights(slow)["generator.first.weight"]
    slow.advance(0.5)
    torch.testing.assert_close(slow.ema.module.first.weight, start, rtol=0, atol=1e-7)
