"""The discriminator and the encoder of texts: convolutions over the tokens."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from paragone.spec import SampleSpec
from paragone.tokens import TokenEmbedding


class Reader(nn.Module):
    """Reads a text into one vector: ``(B, L)`` int64 or ``(B, L, V)`` rows → ``(B, features)``.

    Residual convolutions; every second one halves the length. What stands where
    matters, in a name above all, so the last layer sees the places and not their mean.

    Args:
        spec: of a text.
        width: channels.
        features: of the vector.
        blocks: residual blocks.
    """

    def __init__(self, spec: SampleSpec, width: int, features: int, blocks: int) -> None:
        super().__init__()
        axis = spec.tokens
        if axis is None or axis.vocabulary is None:
            raise ValueError(f"expected the spec of a text, got {spec}")
        self.embedding = TokenEmbedding(axis.vocabulary, width)
        self.place = nn.Parameter(torch.randn(axis.size, width) * 0.1)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(blocks))
        left = axis.size
        self.halves = [number % 2 == 1 and left > 4 for number in range(blocks)]
        for halve in self.halves:
            left = -(-left // 2) if halve else left
        self.last = nn.Linear(width * left, features)

    def forward(self, sample: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The vector, and the feature maps on the way to it."""
        hidden = (self.embedding(sample) + self.place).transpose(1, 2)  # (B, width, L)
        maps = []
        for block, halve in zip(self.blocks, self.halves, strict=True):
            hidden = block(hidden)
            maps.append(hidden)
            if halve:
                hidden = nn.functional.avg_pool1d(hidden, 2, ceil_mode=True)
        return leaky_relu(self.last(hidden.flatten(1)), 0.2), maps


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(width, width, 3, padding=1), nn.Conv1d(width, width, 3, padding=1)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + self.second(leaky_relu(self.first(leaky_relu(hidden, 0.2)), 0.2))


class TextDiscriminator(nn.Module):
    """``(B, L)`` int64 or ``(B, L, V)`` rows, ``(B,)`` labels → ``(B,)`` logits, by projection.

    Miyato and Koyama 2018, equation 3.
    """

    def __init__(self, spec: SampleSpec, labels: int, width: int, features: int, blocks: int) -> None:
        super().__init__()
        self.reader = Reader(spec, width, features, blocks)
        self.out = nn.Linear(features, 1)
        self.label = nn.Embedding(labels, features) if labels else None

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See :class:`paragone.players.Discriminator`."""
        return self.judge(sample, label)[0]

    def judge(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The logits, and the feature maps."""
        vector, maps = self.reader(sample)
        logits = self.out(vector)[:, 0]
        if self.label is not None and label is not None:
            logits = logits + (vector * self.label(label)).mean(1)
        return logits, maps


class TextEncoder(nn.Module):
    """Finds the code of a text. Satisfies :class:`paragone.players.Encoder`.

    The rest of the latent draws tokens: of it nothing is known, so it stays what it is, N(0, 1).
    """

    def __init__(self, spec: SampleSpec, labels: int, code: int, width: int, features: int, blocks: int) -> None:
        super().__init__()
        self.reader = Reader(spec, width, features, blocks)
        self.label = nn.Embedding(labels, features) if labels else None
        self.out = nn.Linear(features, 2 * code)
        self.noise = spec.shape[0]

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and logarithm of the variance of the latent, each ``(B, code + L)``."""
        vector = self.reader(sample)[0]
        if self.label is not None and label is not None:
            vector = vector + self.label(label)
        rest = vector.new_zeros(len(vector), self.noise)
        mean, log_variance = self.out(vector).chunk(2, 1)
        return torch.cat([mean, rest], 1), torch.cat([log_variance, rest], 1)
