from __future__ import annotations

import pytest
import torch
from scipy import stats
from torch import nn

from paragone.estimators import Discrete, Pathwise, estimator_for, gumbels_of_a_draw, leave_one_out, straight_through
from paragone.settings import TokenSettings
from paragone.spec import Axis, SampleSpec
from paragone.tokens import draw, rows

SPEC = SampleSpec((Axis("position", 3, "tokens", vocabulary=4, padding=0),), "int64", 0, 3)


FULL = SampleSpec((Axis("position", 3, "tokens", vocabulary=4),), "int64", 0, 3)


class Table(nn.Module):
    """Three tokens that do not depend on each other."""

    latent_size, dropout_size = 3, 0

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)))

    def logits(self, latent: torch.Tensor, label: object, tokens: torch.Tensor, dropout: object = None) -> torch.Tensor:
        return self.table.expand(len(latent), -1, -1)

    def forward(self, latent: torch.Tensor, label: object) -> torch.Tensor:
        return torch.stack([draw(self.table[place].expand(len(latent), -1), latent[:, place]) for place in range(3)], 1)


def made(count: int, settings: TokenSettings, spec: SampleSpec = SPEC) -> tuple[Table, torch.Tensor, torch.Tensor, torch.Tensor | None]:
    table, numbers = Table(), torch.Generator().manual_seed(1)
    estimator = Discrete(spec, table, settings)
    latent = torch.randn(count, 3, generator=numbers)
    uniforms = torch.rand(count, estimator.uniforms, generator=numbers) if estimator.uniforms else None
    fakes = estimator.make(table, latent, None, uniforms, played=0.5)
    return table, fakes.seen, table(latent, None), fakes.nll


def exact_gradient(table: Table, value: torch.Tensor) -> torch.Tensor:
    """Of E[f(x₀, x₁, x₂)] by the table, over all 64 samples; ``value`` is f as ``(4, 4, 4)``."""
    chances = table.table.softmax(1)
    expected = torch.einsum("abc,a,b,c->", value, *chances)
    return torch.autograd.grad(expected, table.table)[0]


def test_samples_of_real_numbers_are_seen_as_they_are() -> None:
    estimator = estimator_for(SampleSpec((Axis("x", 2, "features"),)), nn.Linear(1, 2), TokenSettings())
    assert isinstance(estimator, Pathwise)
    samples = torch.randn(3, 2)
    assert estimator.seen(samples, differentiable=True) is samples
    assert estimator.shape == (2,)


def test_tokens_are_seen_as_rows_only_where_a_derivative_is_wanted() -> None:
    estimator = estimator_for(SPEC, Table(), TokenSettings())
    tokens = torch.tensor([[1, 3, 0]])
    assert estimator.seen(tokens, differentiable=False) is tokens
    assert estimator.seen(tokens, differentiable=True).argmax(2).equal(tokens)
    assert estimator.shape == (3, 4)


@pytest.mark.parametrize("relaxation", ["straight-through", "gumbel"])
def test_what_was_not_drawn_has_no_gradient(relaxation: str) -> None:
    """After the end padding follows, whatever the logits say."""

    class Ended(Table):
        def logits(self, latent: torch.Tensor, label: object, tokens: torch.Tensor, dropout: object = None) -> torch.Tensor:
            self.scored = super().logits(latent, label, tokens).clone().requires_grad_()
            self.scored.retain_grad()
            return self.scored

        def forward(self, latent: torch.Tensor, label: object) -> torch.Tensor:
            return torch.tensor([[2, 0, 0]]).expand(len(latent), -1)

    table = Ended()
    estimator = Discrete(SPEC, table, TokenSettings(relaxation=relaxation))
    uniforms = torch.rand(4, estimator.uniforms) if estimator.uniforms else None
    seen = estimator.make(table, torch.randn(4, 3), None, uniforms, 0.0).seen
    (seen * torch.randn(3, 4)).sum().backward()
    assert table.scored.grad is not None
    assert table.scored.grad[:, :2].abs().sum(2).min() > 0  # the token, and the end
    assert not table.scored.grad[:, 2].any()


@pytest.mark.parametrize("relaxation", ["straight-through", "gumbel"])
def test_forward_the_discriminator_sees_the_very_tokens(relaxation: str) -> None:
    _, seen, tokens, _ = made(200, TokenSettings(relaxation=relaxation))
    torch.testing.assert_close(seen, rows(tokens, 4))
    assert seen.requires_grad


def test_backward_straight_through_is_the_softmax() -> None:
    logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(2), requires_grad=True)
    tokens, weight = torch.randint(4, (2, 3)), torch.randn(2, 3, 4)
    (mine,) = torch.autograd.grad((straight_through(logits, tokens, 0.7) * weight).sum(), logits)
    (softmax,) = torch.autograd.grad(((logits / 0.7).softmax(-1) * weight).sum(), logits)
    torch.testing.assert_close(mine, softmax)


def test_straight_through_is_exact_for_a_linear_judge_of_one_token() -> None:
    """E over a linear f of one-hot rows: the softmax's derivative is the true one."""
    table, seen, _, _ = made(2000, TokenSettings(), FULL)
    weight = torch.randn(3, 4, generator=torch.Generator().manual_seed(3))
    (mine,) = torch.autograd.grad((seen * weight).sum((1, 2)).mean(), table.table)
    value = weight[0][:, None, None] + weight[1][None, :, None] + weight[2][None, None]
    torch.testing.assert_close(mine, exact_gradient(table, value))


def test_the_gumbels_of_a_draw_are_gumbels_and_its_token_has_the_largest() -> None:
    logits = torch.tensor([1.0, -0.5, 0.3, 0.0])
    numbers = torch.Generator().manual_seed(4)
    many = logits.expand(20_000, 1, -1)
    tokens = torch.multinomial(logits.softmax(0), len(many), replacement=True, generator=numbers)[:, None]
    noisy = gumbels_of_a_draw(many, tokens, torch.rand(many.shape, generator=numbers))
    assert torch.equal(noisy.argmax(-1), tokens)
    for entry in range(4):  # over all draws, each entry is a Gumbel around its own logit, as if the noise had come first
        assert stats.kstest((noisy[:, 0, entry] - logits[entry]).numpy(), "gumbel_r").pvalue > 0.01


def test_the_gumbels_of_a_draw_are_finite_at_the_ends_of_the_uniforms() -> None:
    logits = torch.tensor([[[0.0, 20.0, -20.0]]])
    for uniform in (0.0, 1 - 2**-24):
        assert torch.isfinite(gumbels_of_a_draw(logits, torch.tensor([[2]]), torch.full((1, 1, 3), uniform))).all()


def test_the_score_function_gradient_is_the_true_one_on_average() -> None:
    count = 60_000
    table, _, tokens, nll = made(count, TokenSettings(relaxation="none"))
    value = torch.randn(4, 4, 4, generator=torch.Generator().manual_seed(5))
    value = value.clone()
    value[0] = value[0, 0, 0]  # what follows the end is not written, and must not count
    value[:, 0] = value[:, 0, :1]
    rewards = value[tokens[:, 0], tokens[:, 1], tokens[:, 2]]
    assert nll is not None
    (mine,) = torch.autograd.grad((leave_one_out(rewards) * nll).mean(), table.table)
    torch.testing.assert_close(-mine, exact_gradient(table, value), atol=0.02, rtol=0)


def test_leave_one_out_is_each_reward_less_the_mean_of_the_others() -> None:
    rewards = torch.tensor([1.0, 4.0, -2.0])
    torch.testing.assert_close(leave_one_out(rewards), torch.tensor([1.0 - 1.0, 4.0 + 0.5, -2.0 - 2.5]))
    assert leave_one_out(torch.tensor([3.0])).tolist() == [0.0]


def test_the_temperature_falls_by_equal_factors_over_the_game() -> None:
    settings = TokenSettings(temperature=1.0, temperature_end=0.25)
    table = Table()
    estimator = Discrete(FULL, table, settings)
    latent = torch.randn(5, 3, generator=torch.Generator().manual_seed(6))
    weight = torch.randn(3, 4, generator=torch.Generator().manual_seed(7))
    for played, temperature in ((0.0, 1.0), (0.5, 0.5), (1.0, 0.25)):
        (mine,) = torch.autograd.grad((estimator.make(table, latent, None, None, played).seen * weight).sum(), table.table)
        wanted = straight_through(table.logits(latent, None, latent), table(latent, None), temperature)
        torch.testing.assert_close(mine, torch.autograd.grad((wanted * weight).sum(), table.table)[0])


def test_samples_of_real_numbers_are_no_tokens() -> None:
    with pytest.raises(ValueError, match="tokens"):
        Discrete(SampleSpec((Axis("x", 2, "features"),)), Table(), TokenSettings())
