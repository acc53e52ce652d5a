"""Penalties against closed forms and against each other."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from paragone.penalties import finite_difference_norm, interpolated_gradient_norm, squared_gradient_norm

SHAPES = [(5,), (3, 4, 6), (2, 50), (1, 2, 3, 4)]
"""A vector, a picture, a sound, a video."""


@pytest.mark.parametrize("shape", SHAPES)
def test_linear_critic_closed_form(shape: tuple[int, ...]) -> None:
    weight = torch.randn(math.prod(shape), dtype=torch.float64)
    x = torch.randn(7, *shape, dtype=torch.float64)

    def critic(samples: torch.Tensor) -> torch.Tensor:
        return samples.flatten(1).double() @ weight

    norm = weight.square().sum()
    torch.testing.assert_close(squared_gradient_norm(critic, x), norm.float().expand(7), rtol=1e-5, atol=0)
    mix = torch.rand(7, dtype=torch.float64)
    expected = (norm.sqrt() - 1).square().float().expand(7)
    torch.testing.assert_close(interpolated_gradient_norm(critic, x, -x, mix), expected, rtol=1e-5, atol=1e-6)
    noise = torch.randn_like(x)
    by_hand = (noise.flatten(1) @ weight).square().float()
    torch.testing.assert_close(finite_difference_norm(critic, x, noise, 0.01), by_hand, rtol=1e-3, atol=1e-4)


def test_quadratic_critic_closed_form() -> None:
    """D(x) = ½‖x‖² has ∇D = x."""
    x = torch.randn(6, 3, 4)
    penalty = squared_gradient_norm(lambda s: s.flatten(1).square().sum(1) / 2, x)
    torch.testing.assert_close(penalty, x.flatten(1).square().sum(1))


def test_finite_differences_agree_with_double_backward_on_average() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
    x = torch.randn(1, 8).expand(20_000, 8)
    exact = squared_gradient_norm(lambda s: network(s)[:, 0], x[:1])[0]
    estimates = finite_difference_norm(lambda s: network(s)[:, 0], x, torch.randn(20_000, 8), 1e-2)
    # a squared normal has a variance of 2: the mean of n is within 5·√(2/n) with near certainty
    assert estimates.mean().item() == pytest.approx(exact.item(), rel=5 * math.sqrt(2 / 20_000))


def test_weights_gradient_of_both_kinds_agree_on_average() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    x = torch.randn(1, 4)

    def gradient(penalty: torch.Tensor) -> torch.Tensor:
        return torch.cat([g.flatten() for g in torch.autograd.grad(penalty.mean(), list(network.parameters())[:3])])

    exact = gradient(squared_gradient_norm(lambda s: network(s)[:, 0], x))
    many = x.expand(100_000, 4)
    estimate = gradient(finite_difference_norm(lambda s: network(s)[:, 0], many, torch.randn(100_000, 4), 1e-2))
    assert torch.nn.functional.cosine_similarity(exact, estimate, dim=0) > 0.999
    assert estimate.norm().item() == pytest.approx(exact.norm().item(), rel=0.03)


def test_second_derivative_by_finite_differences() -> None:
    torch.manual_seed(2)
    x = torch.randn(3, 4, dtype=torch.float64)
    hidden = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)

    def penalty(weight: torch.Tensor) -> torch.Tensor:
        return squared_gradient_norm(lambda s: torch.tanh(s @ weight).sum(1), x).sum().double()

    (analytic,) = torch.autograd.grad(penalty(hidden), hidden)
    step, bump = 1e-3, torch.zeros(4, 5, dtype=torch.float64)
    bump[2, 3] = step
    numeric = (penalty(hidden + bump) - penalty(hidden - bump)) / (2 * step)
    assert numeric.item() == pytest.approx(analytic[2, 3].item(), rel=1e-2)


def test_known_logits_are_reused() -> None:
    calls = []

    def critic(samples: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return samples.sum(1)

    x = torch.randn(2, 3)
    finite_difference_norm(critic, x, torch.randn(2, 3), 0.1, critic(x))
    assert len(calls) == 2
