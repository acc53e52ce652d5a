"""Reconstruction against closed forms, and in the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from paragone.errors import UsageError
from paragone.reconstruction import divergence, draw, feature_distance, rows, sample_distance
from paragone.trainer import Trainer

Make = Callable[..., Trainer]
RECONSTRUCTED: dict[str, Any] = {"reconstruction__features": 1.0, "reconstruction__samples": 1.0, "train__batch": 32, "train__group": 4}


def test_divergence_is_that_of_torch() -> None:
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(divergence(mean, log_variance), expected)


def test_draws_have_the_mean_and_the_variance_they_should() -> None:
    drawn = draw(torch.full((100_000, 1), 2.0), torch.full((100_000, 1), -1.0), torch.randn(100_000, 1))
    assert drawn.mean().item() == pytest.approx(2.0, abs=0.01)
    assert drawn.var().log().item() == pytest.approx(-1.0, abs=0.03)


def test_feature_distance_by_hand_and_whatever_the_scale() -> None:
    wanted = [torch.tensor([[1.0, -3.0], [2.0, 2.0]]), torch.ones(2, 1, 2, 2)]
    maps = [torch.tensor([[1.0, -1.0], [2.0, 2.0]]), torch.ones(2, 1, 2, 2) * torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)]
    torch.testing.assert_close(feature_distance(maps, wanted), torch.tensor([(0.5 + 1.0) / 2, 0.0]))
    torch.testing.assert_close(feature_distance([m * 7 for m in maps], [w * 7 for w in wanted]), feature_distance(maps, wanted))
    assert torch.isfinite(feature_distance(maps, [torch.zeros_like(w) for w in wanted])).all()


def test_sample_distance_is_the_mean_of_each() -> None:
    x, y = torch.randn(3, 2, 5), torch.randn(3, 2, 5)
    torch.testing.assert_close(sample_distance(x, y), torch.stack([(x[i] - y[i]).abs().mean() for i in range(3)]))


@pytest.mark.parametrize(
    ("batch", "group", "share", "count"),
    [(64, 4, 0.5, 32), (64, 1, 0.25, 16), (6, 4, 1.0, 6), (64, 4, 0.0, 0), (40, 4, 0.3, 12), (16, 4, 0.2, 4), (4, 4, 0.5, 0)],
)
def test_whole_groups_are_chosen_evenly(batch: int, group: int, share: float, count: int) -> None:
    chosen = rows(batch, group, share)
    assert (chosen.shape, int(chosen.sum())) == ((batch,), count)
    assert all(len(set(part.tolist())) == 1 for part in chosen.split(group))
    halves = [int(half.sum()) for half in chosen.tensor_split(2)]
    assert abs(halves[0] - halves[1]) <= group


def test_only_some_of_the_generators_latents_come_from_the_encoder(trainer: Make) -> None:
    subject, asked = trainer(**RECONSTRUCTED, augment__mode="none"), []
    subject.players.generator.register_forward_hook(lambda module, inputs, output: asked.append(inputs[0].detach()))
    (batch,) = subject.micro_batches("generator")
    subject.game.generator_loss(batch, 0.0)
    same = (asked[0] == batch.latent).all(1)
    assert torch.equal(same, ~rows(32, 4, 0.5))
    (batch,) = subject.micro_batches("discriminator")
    subject.game.discriminator_loss(batch, 0.0, 0.0, diversity=False)
    assert torch.equal(asked[1], batch.latent)


def test_what_is_free_of_the_divergence_costs_nothing(trainer: Make) -> None:
    losses = []
    for free in (0.0, 0.5, 1e6):
        subject = trainer(**RECONSTRUCTED, augment__mode="none", reconstruction__free=free)
        (batch,) = subject.micro_batches("generator")
        losses.append(subject.game.generator_loss(batch, 0.0).item())
        again = batch.again
        assert again is not None
        mean, log_variance = subject.game.encode(batch, again)
    kl = divergence(mean, log_variance)
    weight = subject.settings.reconstruction.divergence
    assert losses[0] - losses[1] == pytest.approx(weight * (kl - (kl - 0.5).clamp_min(0)).mean().item(), rel=1e-3)
    assert losses[0] - losses[2] == pytest.approx(weight * kl.mean().item(), rel=1e-3)


def test_the_encoder_learns_in_the_generators_turn_only(trainer: Make) -> None:
    subject = trainer(**RECONSTRUCTED)
    before = {name: value.clone() for name, value in subject.modules["encoder"].state_dict().items()}
    for batch in subject.micro_batches("discriminator"):
        subject.accumulate("discriminator", subject.game.discriminator_loss(batch, 0.0, 0.0, diversity=False))
    assert all(parameter.grad is None for parameter in subject.modules["encoder"].parameters())
    subject.advance(0.0)
    after = subject.modules["encoder"].state_dict()
    assert [name for name in before if torch.equal(before[name], after[name])] == []


@pytest.mark.parametrize("parts", [2, 8])
def test_accumulation_does_not_change_the_mathematics(trainer: Make, parts: int) -> None:
    """With a third of the groups reconstructed, parts have different numbers of them."""
    settings = {**RECONSTRUCTED, "reconstruction__share": 0.34, "augment__mode": "fixed", "augment__p": 0.5, "augment__p_start": 0.5}
    # Adam divides a gradient by its own size: with the usual ε, rounding in one near 0 becomes a full step
    settings |= {
        f"{player}__{key}": value for player in ("generator", "discriminator") for key, value in (("epsilon", 0.1), ("learning_rate", 0.05))
    }
    whole, split = trainer(**settings), trainer(**settings, train__accumulate=parts)
    for subject in (whole, split):
        for step in range(4):
            subject.advance(step / 4)
    for name, module in whole.modules.items():
        for key, value in module.state_dict().items():
            torch.testing.assert_close(split.modules[name].state_dict()[key], value, rtol=1e-4, atol=1e-5)


def test_points_are_found_again(trainer: Make) -> None:
    """After a short training the codes of real points lead back to them, much better than other latents do."""
    rates = {"generator__learning_rate": 3e-3, "discriminator__learning_rate": 3e-3}
    subject = trainer(**RECONSTRUCTED | {"reconstruction__samples": 10.0}, augment__mode="none", **rates)
    for step in range(300):
        subject.advance(step / 300)
    real, label = subject.dataset.batch(torch.arange(0, len(subject.dataset), 7), torch.device("cpu"))
    with torch.no_grad():
        mean, log_variance = subject.modules["encoder"](real, label)
        again = subject.players.generator(mean, label)
        other = subject.players.generator(mean.roll(len(mean) // 3, 0), label)
    assert sample_distance(again, real).mean() < 0.3 * sample_distance(other, real).mean()
    assert 0.1 < divergence(mean, log_variance).mean() < 50


def test_a_preset_without_an_encoder_says_so(trainer: Make) -> None:
    subject = trainer()
    subject.players.encoder = None
    settings = subject.settings.replace("reconstruction", samples=1.0)
    with pytest.raises(UsageError, match=r"(?s)preset mlp has no encoder.*reconstruction\.samples to 0"):
        Trainer(subject.players, subject.dataset, settings, subject.execution)


def test_a_discriminator_that_hides_its_features_says_so(trainer: Make) -> None:
    subject = trainer()
    subject.players.discriminator = torch.nn.Linear(2, 1)
    settings = subject.settings.replace("reconstruction", features=1.0)
    with pytest.raises(UsageError, match=r"(?s)does not show its features.*reconstruction\.samples instead"):
        Trainer(subject.players, subject.dataset, settings, subject.execution)


class Hidden(torch.nn.Module):
    """A discriminator without ``judge``."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return self.inner(sample, label)  # type: ignore[no-any-return]  # calling a module


def test_without_a_share_nothing_is_asked_of_the_players(trainer: Make) -> None:
    subject = trainer(reconstruction__features=1.0, reconstruction__share=0.0)
    subject.players.encoder, subject.players.discriminator = None, Hidden(subject.players.discriminator)
    again = Trainer(subject.players, subject.dataset, subject.settings, subject.execution)
    again.advance(0.0)
    assert set(again.modules) == {"generator", "discriminator"}
