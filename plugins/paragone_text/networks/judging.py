"""The discriminator and the encoder of texts: convolutions over the tokens."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from paragone.spec import SampleSpec
from paragone.tokens import TokenEmbedding

VECTOR = 64
"""Length of a token's vector in the discriminator."""

BLOCKS = 3
"""Residual blocks of a :class:`Reader`."""

WIDTHS = (3, 5)
"""Tokens side by side that it looks at."""


class Reader(nn.Module):
    """Reads a text into one vector: ``(B, L)`` int64 or ``(B, L, V)`` rows → ``(B, features)``.

    Residual convolutions; the second one halves the length. What stands where
    matters, in a name above all, so the last layer sees the places and not their mean.

    Args:
        spec: of a text.
        width: channels.
        features: of the vector.
    """

    def __init__(self, spec: SampleSpec, width: int, features: int) -> None:
        super().__init__()
        axis = spec.tokens
        if axis is None or axis.vocabulary is None:
            raise ValueError(f"expected the spec of a text, got {spec}")
        self.embedding = TokenEmbedding(axis.vocabulary, width)
        self.place = nn.Parameter(torch.randn(axis.size, width) / width**0.5)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(BLOCKS))
        left = axis.size
        self.halves = [number % 2 == 1 and left > 4 for number in range(BLOCKS)]
        for halve in self.halves:
            left = -(-left // 2) if halve else left
        self.last = nn.Linear(width * left, features)

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        """See the class."""
        # vectors of length 1 have small entries: the layers after this expect entries of about 1
        hidden = ((self.embedding(sample) + self.place) * self.place.shape[1] ** 0.5).transpose(1, 2)  # (B, width, L)
        for block, halve in zip(self.blocks, self.halves, strict=True):
            hidden = block(hidden)
            if halve:
                hidden = nn.functional.avg_pool1d(hidden, 2, ceil_mode=True)
        return leaky_relu(self.last(hidden.flatten(1)), 0.2)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(width, width, 3, padding=1), nn.Conv1d(width, width, 3, padding=1)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + self.second(leaky_relu(self.first(leaky_relu(hidden, 0.2)), 0.2))


class TextDiscriminator(nn.Module):
    """``(B, L)`` int64 or ``(B, L, V)`` rows, ``(B,)`` labels → ``(B,)`` logits.

    Wide and shallow: which few tokens stand side by side, wherever that is (Kim 2014). On
    14,000 names it learned in a tenth of the time what a deep one did (docs/benchmarks/words.md).
    Labels by projection: Miyato and Koyama 2018, equation 3.

    Args:
        spec: of a text.
        labels: how many there are.
        filters: of each width.
        features: of the last layer.
    """

    def __init__(self, spec: SampleSpec, labels: int, filters: int, features: int) -> None:
        super().__init__()
        axis = spec.tokens
        if axis is None or axis.vocabulary is None:
            raise ValueError(f"expected the spec of a text, got {spec}")
        self.embedding = TokenEmbedding(axis.vocabulary, VECTOR)
        self.edge = nn.Parameter(torch.randn(VECTOR) / VECTOR**0.5)  # stands before the first token: what begins a text is seen
        self.filters = nn.ModuleList(nn.Linear(VECTOR * width, filters) for width in WIDTHS)
        self.body = nn.Linear(filters * len(WIDTHS), features)
        self.out = nn.Linear(features, 1)
        self.label = nn.Embedding(labels, features) if labels else None

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See :class:`paragone.players.Discriminator`."""
        return self.judge(sample, label)[0]

    def judge(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The logits, and the features that they are made of."""
        vectors = self.embedding(sample)
        edge = self.edge.expand(len(vectors), 1, -1).to(vectors.dtype)
        vectors = torch.cat([edge, vectors, edge.expand(-1, max(WIDTHS) - 1, -1)], 1) * VECTOR**0.5  # layers expect entries of about 1
        found = []
        for width, layer in zip(WIDTHS, self.filters, strict=True):
            windows = vectors.unfold(1, width, 1).transpose(2, 3).flatten(2)  # (B, places, width · VECTOR)
            found.append(leaky_relu(layer(windows), 0.2).amax(1))
        features = torch.cat(found, 1)
        vector = leaky_relu(self.body(features), 0.2)
        logits = self.out(vector)[:, 0]
        if self.label is not None and label is not None:
            logits = logits + (vector * self.label(label)).sum(1) / vector.shape[1] ** 0.5
        return logits, [features]


class TextEncoder(nn.Module):
    """Finds the code of a text. Satisfies :class:`paragone.players.Encoder`.

    The rest of the latent draws tokens: of it nothing is known, so it stays what it is, N(0, 1).
    """

    def __init__(self, spec: SampleSpec, labels: int, code: int, width: int, features: int) -> None:
        super().__init__()
        self.reader = Reader(spec, width, features)
        self.label = nn.Embedding(labels, features) if labels else None
        self.out = nn.Linear(features, 2 * code)
        self.noise = spec.shape[0]

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and logarithm of the variance of the latent, each ``(B, code + L)``."""
        vector = self.reader(sample)
        if self.label is not None and label is not None:
            vector = vector + self.label(label)
        rest = vector.new_zeros(len(vector), self.noise)
        mean, log_variance = self.out(vector).chunk(2, 1)
        return torch.cat([mean, rest], 1), torch.cat([log_variance, rest], 1)
