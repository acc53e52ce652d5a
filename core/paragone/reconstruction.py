"""Reconstruction: an encoder finds latents of real samples, and the generator is asked for those samples again.

Larsen et al. 2016 (VAE/GAN), equation 8. An adversarial game alone says of a fake
only that it is not real enough; here the generator also hears, for some of its
latents, which sample was wanted. So it draws the data's shapes after far fewer
steps, and keeps the kinds of sample that a game alone would forget. (Unlike there, the
loss of such a fake in the game reaches the encoder too.)

The distance is measured in the discriminator's own feature maps (their equation
7): where pixels, characters or waves cannot be matched one by one, blur would be
the best answer to a distance between the samples themselves.

A generator that can do without the codes would make them say nothing at all. So some
of their divergence may be free (Kingma et al. 2016, equation 16, but over all of a code at once and for
each sample, not for the mean of a batch).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

LOG_VARIANCE = (-8.0, 4.0)
"""Bounds of what an encoder may say: beyond them its noise or its divergence would overflow."""


def draw(mean: torch.Tensor, log_variance: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """z = μ + σ·ε, differentiable in μ and σ. Kingma and Welling 2014, section 2.4.

    Args:
        mean, log_variance: ``(B, latent_size)``.
        noise: of the same shape, standard normal.
    """
    return mean + (log_variance / 2).exp() * noise


def divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) in nats: ½·Σ(μ² + σ² − 1 − log σ²), ``(B,)`` from ``(B, latent_size)``.

    Kingma and Welling 2014, appendix B.
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def feature_distance(maps: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor]) -> torch.Tensor:
    """Mean over the maps of Σ|f(x̂) − f(x)| / Σ|f(x)|, ``(B,)``: 0 where they agree, about 1 where nothing does.

    Relative, so that it does not depend on the scale of the features, which a
    discriminator is free to choose.

    Args:
        maps: features of the reconstructions, each ``(B, *any)``.
        wanted: the same of the real samples.
    """
    shares = [
        (mine.float() - theirs.float()).flatten(1).abs().sum(1) / theirs.float().flatten(1).abs().sum(1).clamp_min(1e-6)
        for mine, theirs in zip(maps, wanted, strict=True)
    ]
    return torch.stack(shares).mean(0)


def sample_distance(samples: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean of |x̂ − x| over each sample, ``(B,)``, both ``(B, *shape)``."""
    return (samples.float() - wanted.float()).flatten(1).abs().mean(1)


def rows(batch: int, group: int, share: float) -> torch.Tensor:
    """Which of a batch are reconstructions, ``(batch,)`` truth values: ``share`` of the groups, evenly spread, and one at least of several.

    Whole groups, because a discriminator may compare the samples of one.

    Args:
        batch: samples.
        group: consecutive samples that stay together.
        share: 0 to 1.
    """
    numbers = torch.arange(-(-batch // group), dtype=torch.float64)
    chosen = ((numbers + 1) * share + 1e-9).floor() > (numbers * share + 1e-9).floor()
    if share > 0 and len(chosen) > 1 and not chosen.any():
        chosen[0] = True
    return chosen.repeat_interleave(group)[:batch]
