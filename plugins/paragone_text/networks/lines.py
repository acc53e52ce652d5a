"""``lines`` and ``mle``: a recurrent generator that remembers all it has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from paragone.players import Players
from paragone.spec import SampleSpec

from .decoding import Drawing
from .judging import TextDiscriminator
from .memory import Kept, Memory

if TYPE_CHECKING:
    from ..presets import LinesNetwork


class LinesGenerator(Drawing):
    """``(B, L)`` noise, ``(B,)`` → ``(B, L)`` int64: an LSTM whose input and output vectors are the same.

    Tied embeddings: Press and Wolf 2017. Dropout keeps one mask for a whole text: Gal and Ghahramani 2016.
    """

    def __init__(self, spec: SampleSpec, labels: int, config: LinesNetwork) -> None:
        super().__init__(spec)
        self.drop = config.dropout
        self.embedding = nn.Embedding(self.vocabulary + 1, config.embedding)
        nn.init.normal_(self.embedding.weight, std=config.embedding**-0.5)
        self.label = nn.Embedding(labels, config.embedding) if labels else None
        self.memory = Memory(config.embedding * (2 if labels else 1), config.hidden)
        self.out = nn.Linear(config.hidden, config.embedding)
        self.bias = nn.Parameter(torch.zeros(self.vocabulary))
        self.masks = (config.embedding * (2 if labels else 1), config.hidden)
        self.dropout_size = sum(self.masks) if config.dropout else 0

    def begin(self, latent: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor | None, Kept]:
        """The label, and an empty memory."""
        return label, self.memory.begin(len(latent))

    def step(
        self, state: tuple[torch.Tensor | None, Kept], previous: torch.Tensor, position: int
    ) -> tuple[torch.Tensor, tuple[torch.Tensor | None, Kept]]:
        """See :meth:`Drawing.step`."""
        label, kept = state
        hidden, kept = self.memory.step(self.read(previous[:, None], label)[:, 0], kept)
        return self.score(hidden), (label, kept)

    def logits(
        self, latent: torch.Tensor, label: torch.Tensor | None, tokens: torch.Tensor, dropout: torch.Tensor | None = None
    ) -> torch.Tensor:
        """See :meth:`paragone.tokens.TokenGenerator.logits`."""
        inputs = self.read(self.shifted(tokens), label)
        if dropout is None:
            return self.opened(self.score(self.memory(inputs)))
        kept = (dropout >= self.drop).to(inputs.dtype)[:, None] / (1 - self.drop)  # (B, 1, sum of masks)
        first, second = kept.split_with_sizes(self.masks, 2)
        return self.opened(self.score(self.memory(inputs * first) * second))

    def read(self, tokens: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """``(B, T)`` → ``(B, T, input)``."""
        vectors = self.embedding(tokens)
        if self.label is None or label is None:
            return vectors
        return torch.cat([vectors, self.label(label)[:, None].expand(-1, vectors.shape[1], -1)], 2)

    def score(self, hidden: torch.Tensor) -> torch.Tensor:
        """``(…, hidden)`` → logits ``(…, V)``."""
        return self.out(hidden) @ self.embedding.weight[: self.vocabulary].T + self.bias


def build(spec: SampleSpec, labels: int, config: LinesNetwork) -> Players:
    """The players of ``lines`` and of ``mle``."""
    return Players(
        LinesGenerator(spec, labels, config),
        TextDiscriminator(spec, labels, config.filters, config.features),
    )
