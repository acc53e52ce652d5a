"""The discriminator and the encoder of ``small`` and ``studio``."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from paragone.layers import SLOPE, LabelEmbedding, group_deviation, initialise
from paragone.spec import SampleSpec

from ..presets import SoundNetwork, numbers
from .judges import PeriodJudge, SpectralJudge

DITHER = 10 ** (-75 / 20)
"""Root mean square of the noise that the discriminator hears under every sound."""


class SoundDiscriminator(nn.Module):
    """``(B, 1, L)``, ``(B,)`` → ``(B,)`` logits; labels by projection (Miyato and Koyama 2018).

    Under each sound, real or made, lies the same faint noise: the zeros after a short
    recording are exact, a generator's never are, and that must not decide the game.
    """

    dither: torch.Tensor

    def __init__(self, spec: SampleSpec, labels: int, config: SoundNetwork) -> None:
        super().__init__()
        self.compares, length = config.group, spec.shape[1]
        noise = torch.randn(1, length, generator=torch.Generator().manual_seed(0)) * DITHER
        self.register_buffer("dither", noise, persistent=False)
        judges: list[SpectralJudge | PeriodJudge] = [
            *(SpectralJudge(spec, window, config.filters, config.most_filters, True) for window in numbers(config.windows)),
            *(PeriodJudge(period, config.period_filters) for period in numbers(config.periods)),
        ]
        reads = [initialise(nn.Linear(judge.outputs + 1, config.features)) for judge in judges]
        for read in reads:
            nn.init.normal_(read.weight[:, -1], 0.0, 0.5)
        self.judges, self.features = nn.ModuleList(judges), nn.ModuleList(reads)
        total = config.features * len(self.judges)
        self.last = initialise(nn.Linear(total, 1), gain=1.0)
        self.label = LabelEmbedding(labels, total, total**-0.5) if labels else None

    def judge(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits, and how loud each sound is in mel bands; see :class:`paragone.players.Discriminator`.

        Not the feature maps themselves: compared in these, reconstructions taught the codes nothing.
        """
        sample = sample + self.dither
        features, maps = [], list[torch.Tensor]()
        for judge, read in zip(self.judges, self.features, strict=True):
            if isinstance(judge, SpectralJudge):
                summary, loudness = judge(sample)
                maps.append(loudness)
            else:
                summary = judge(sample)
            summary = torch.cat([summary, group_deviation(summary, self.compares).to(summary.dtype)], 1)
            features.append(leaky_relu(read(summary), SLOPE))
        x = torch.cat(features, 1)  # (B, F)
        logits = self.last(x)[:, 0]
        return logits if self.label is None else logits + (x * self.label(label)).sum(1), maps

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        return self.judge(sample, label)[0]


class SoundEncoder(nn.Module):
    """``(B, 1, L)`` → mean and logarithm of the variance of a latent, each ``(B, latent + 1)``. Labels are ignored.

    Of the place in the noise it says nothing: that stays standard normal.
    """

    def __init__(self, spec: SampleSpec, config: SoundNetwork) -> None:
        super().__init__()
        windows = numbers(config.windows)
        self.trunk = SpectralJudge(spec, windows[0], config.filters, config.most_filters, False)
        self.last = initialise(nn.Linear(self.trunk.outputs, 2 * config.latent), gain=0.5)
        self.last.bias.data[config.latent :] = -2.0  # certain at first, so that the codes say something

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """See the class."""
        summary, _ = self.trunk(sample)
        mean, log_variance = self.last(summary).chunk(2, 1)
        free = torch.zeros_like(mean[:, :1])
        return torch.cat([mean, free], 1), torch.cat([log_variance, free], 1)
