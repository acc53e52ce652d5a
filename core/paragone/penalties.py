"""Gradient penalties of the discriminator, for any game and any medium.

Each function returns one number a sample, ``(B,)`` float32; the engine weighs
and averages them. Gradients are flattened over everything but the batch, so a
sample may have any shape.

Where a discriminator compares samples, a logit is a function of several. Then the exact ones take
what a sample changes in all logits, and the finite-difference one what all samples change in
a logit: their weights do not carry over.

The exact ones differentiate twice. The finite-difference one needs no second
derivative, so it also works where an operation has none (fused attention,
cuDNN's recurrent networks, ``torch.compile``).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Critic = Callable[[torch.Tensor], torch.Tensor]
"""``(B, *shape)`` samples → ``(B,)`` logits, augmentation and label already bound."""


def squared_gradient_norm(critic: Critic, samples: torch.Tensor) -> torch.Tensor:
    """‖∇ₓD(x)‖²: R1 where x is real, R2 where x is fake (times γ/2).

    Mescheder et al. 2018, equations 9 and 10. Exact, by double backward.

    Args:
        critic: differentiable twice, each logit a function of its own sample.
        samples: ``(B, *shape)``.
    """
    return _gradient(critic, samples).square().sum(1)


def finite_difference_norm(
    critic: Critic, samples: torch.Tensor, noise: torch.Tensor, sigma: float, logits: torch.Tensor | None = None
) -> torch.Tensor:
    """((D(x + σn) − D(x)) / σ)²: an estimate of ‖∇ₓD(x)‖² without a second derivative.

    For n ~ N(0, I) and small σ the difference is σ n·∇D, and E[(n·∇D)²] =
    ‖∇D‖². Lin et al. 2025 (arXiv 2501.08316), the approximated R1 loss, there with
    the factor 1/σ² inside the weight.

    Args:
        critic: differentiable once.
        samples: ``(B, *shape)``.
        noise: of the same shape, standard normal.
        sigma: step, in units of the sample.
        logits: D(x) where it has been computed already, ``(B,)``.
    """
    logits = critic(samples) if logits is None else logits
    moved = critic(samples + sigma * noise)
    return ((moved.float() - logits.float()) / sigma).square()


def interpolated_gradient_norm(critic: Critic, real: torch.Tensor, fake: torch.Tensor, mix: torch.Tensor) -> torch.Tensor:
    """(‖∇D(x̂)‖ − 1)² at x̂ = t·x + (1 − t)·G(z), times λ.

    Gulrajani et al. 2017 (WGAN-GP), equation 3.

    Args:
        critic: differentiable twice.
        real, fake: ``(B, *shape)``.
        mix: ``(B,)`` t, uniform in [0, 1).
    """
    t = mix.view(-1, *[1] * (real.dim() - 1))
    norm = _gradient(critic, t * real + (1 - t) * fake).square().sum(1).add(1e-12).sqrt()
    return (norm - 1).square()


def _gradient(critic: Critic, samples: torch.Tensor) -> torch.Tensor:
    """∇ₓD(x), flattened: ``(B, numbers in a sample)`` float32, itself differentiable."""
    samples = samples.detach().requires_grad_()
    logits = critic(samples)
    (gradient,) = torch.autograd.grad(logits.float().sum(), samples, create_graph=True)
    return gradient.float().flatten(1)
