"""``article``: the pair the project began with, for 28×28 grey pictures.

Generator 100 → 128 → 128 → 784, discriminator 784 → 128 → 128 → 1, fully
connected, leaky ReLU between.
"""

from __future__ import annotations

import torch
from torch import nn

from paragone.players import Players, refuse_labels
from paragone.spec import SampleSpec

from ..presets import ArticleNetwork


class ArticleGenerator(nn.Module):
    """``(B, 100)`` → ``(B, 1, 28, 28)`` in [-1, 1]. Labels are ignored."""

    def __init__(self, spec: SampleSpec, config: ArticleNetwork) -> None:
        super().__init__()
        self.latent_size, self.shape = config.latent, spec.shape
        self.layers = nn.Sequential(
            nn.Linear(config.latent, config.width),
            nn.LeakyReLU(0.2),
            nn.Linear(config.width, config.width),
            nn.LeakyReLU(0.2),
            nn.Linear(config.width, spec.size),
            nn.Tanh(),
        )

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        return self.layers(latent).view(-1, *self.shape)  # (B, 784) → (B, 1, 28, 28)


class ArticleDiscriminator(nn.Module):
    """``(B, 1, 28, 28)`` → ``(B,)`` logits. Labels are ignored."""

    def __init__(self, spec: SampleSpec, config: ArticleNetwork) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(spec.size, config.width),
            nn.LeakyReLU(0.2),
            nn.Linear(config.width, config.width),
            nn.LeakyReLU(0.2),
            nn.Linear(config.width, 1),
        )

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        return self.layers(sample)[:, 0]  # (B, 1) → (B,)


def build(spec: SampleSpec, labels: int, config: ArticleNetwork) -> Players:
    """The article's pair.

    Raises:
        UsageError: if labels or clusters are to be learned.
    """
    refuse_labels(labels, "article", "small or r3gan")
    return Players(ArticleGenerator(spec, config), ArticleDiscriminator(spec, config))
