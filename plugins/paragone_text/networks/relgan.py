"""``relgan``: Nie, Narodytska and Patel 2019 (ICLR), a reference.

A generator with a relational memory, and a discriminator that looks at a text through
many embeddings at once. As published, but for this:

- The discriminator gives one logit a sample, the mean over its representations; see there.
- It has no dropout (published: 0.25 before its last two layers). It would draw numbers of
  its own, and two processes would not train what one does.
- It sees tokens, with the derivative of the relaxed ones; the published one sees the
  relaxed ones themselves, and can tell them from real ones by their softness.
- Generation starts with a token of its own, not with the first of the vocabulary.
- Labels, which the published networks do not have.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import pad, relu

from paragone.players import Players
from paragone.spec import SampleSpec
from paragone.tokens import TokenEmbedding

from .decoding import Drawing
from .relational_memory import RelationalMemory

if TYPE_CHECKING:
    from ..presets import RelganNetwork

WIDTHS = (2, 3, 4, 5)
"""Tokens that the discriminator's filters read at a time."""

State = tuple[torch.Tensor, torch.Tensor | None]
"""The memory ``(B, slots, width)``, and the label ``(B,)``."""


class RelganGenerator(Drawing):
    """``(B, L)`` noise, ``(B,)`` → ``(B, L)`` int64: the memory reads the last token, and from it comes the next.

    The vector of the label is added to that of every token.
    """

    def __init__(self, spec: SampleSpec, labels: int, config: RelganNetwork) -> None:
        super().__init__(spec)
        self.embedding = nn.Embedding(self.vocabulary + 1, config.embedding)
        self.label = nn.Embedding(labels, config.embedding) if labels else None
        self.memory = RelationalMemory(config.embedding, config.slots, config.heads, config.head)
        self.out = nn.Linear(config.slots * self.memory.width, self.vocabulary)
        _initialise(self)
        for table in (self.embedding, self.label):
            if table is not None:
                _truncated_normal(table.weight, self.vocabulary**-0.5)

    def begin(self, latent: torch.Tensor, label: torch.Tensor | None) -> State:
        """See :meth:`Drawing.begin`."""
        return self.memory.begin(len(latent)), label

    def step(self, state: State, previous: torch.Tensor, position: int) -> tuple[torch.Tensor, State]:
        """See :meth:`Drawing.step`."""
        memory, label = state
        memory = self.memory(self.read(previous[:, None], label)[:, 0], memory)
        return self.out(memory.flatten(1)), (memory, label)

    def logits(
        self, latent: torch.Tensor, label: torch.Tensor | None, tokens: torch.Tensor, dropout: torch.Tensor | None = None
    ) -> torch.Tensor:
        """See :meth:`paragone.tokens.TokenGenerator.logits`."""
        memory, memories = self.memory.begin(len(tokens)), []
        for inputs in self.read(self.shifted(tokens), label).unbind(1):
            memory = self.memory(inputs, memory)
            memories.append(memory.flatten(1))
        return self.opened(self.out(torch.stack(memories, 1)))  # (B, L, slots·width) → (B, L, V)

    def read(self, tokens: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """``(B, T)`` → ``(B, T, embedding)``."""
        vectors = self.embedding(tokens)
        return vectors if self.label is None or label is None else vectors + self.label(label)[:, None]


class RelganDiscriminator(nn.Module):
    """``(B, L)`` int64 or ``(B, L, V)`` rows, ``(B,)`` labels → ``(B,)`` logits.

    Each representation is an embedding of one number a token. All share the filters,
    the highway layer (Srivastava et al. 2015) and what follows. Labels by projection
    (Miyato and Koyama 2018), of each representation.

    The published loss is the mean over S representations of softplus(−(rₛ − fₛ)); here
    it is softplus of the mean. The engine's games, penalties and rankings are of one
    logit a sample. What differs: a published representation learns until it alone tells
    the pair apart, here all learn until they do together. By Jensen's inequality this
    loss is never the larger one; they agree where the representations do.
    """

    def __init__(self, spec: SampleSpec, labels: int, config: RelganNetwork) -> None:
        super().__init__()
        axis = spec.tokens
        if axis is None or axis.vocabulary is None:
            raise ValueError(f"expected the spec of a text, got {spec}")
        self.embedding = TokenEmbedding(axis.vocabulary, config.representations)
        filters = [nn.Linear(width, config.filters) for width in WIDTHS]
        self.filters = nn.ModuleList(filters)
        found = config.filters * len(WIDTHS)
        self.transform, self.gate = nn.Linear(found, found, bias=False), nn.Linear(found, found, bias=False)
        self.features, self.out = nn.Linear(found, config.features), nn.Linear(config.features, 1)
        self.label = nn.Embedding(labels, config.features) if labels else None
        _initialise(self)
        _truncated_normal(self.embedding.weight, axis.vocabulary**-0.5)
        for layer, width in zip(filters, WIDTHS, strict=True):
            _truncated_normal(layer.weight, math.sqrt(2 / width))

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See :class:`paragone.players.Discriminator`."""
        return self.opinions(sample, label).mean(1)

    def opinions(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """A logit of each representation: ``(B, S)``."""
        seen = self.embedding(sample).transpose(1, 2)  # (B, S, L)
        found = self.find(seen.flatten(0, 1))
        gate = torch.sigmoid(self.gate(found))
        features = self.features(gate * relu(self.transform(found)) + (1 - gate) * found).unflatten(0, seen.shape[:2])
        logits = self.out(features)[:, :, 0]
        if self.label is None or label is None:
            return logits
        return logits + (features @ self.label(label)[:, :, None])[:, :, 0] / math.sqrt(features.shape[2])

    def find(self, series: torch.Tensor) -> torch.Tensor:
        """The most that each filter finds anywhere, if more than 0: ``(N, L)`` numbers → ``(N, filters of all widths)``."""
        series = pad(series, (0, max(0, max(WIDTHS) - series.shape[1])))  # the widest filter must fit
        # a convolution of one channel, as a product of its windows: less time on a CPU, and max keeps only where it found them
        each = [layer(series.unfold(1, width, 1)).max(1).values for layer, width in zip(self.filters, WIDTHS, strict=True)]
        return relu(torch.cat(each, 1))


def _truncated_normal(weight: torch.Tensor, deviation: float) -> None:
    """N(0, deviation²), drawn again beyond two deviations."""
    nn.init.trunc_normal_(weight, 0.0, deviation, -2 * deviation, 2 * deviation)


def _initialise(network: nn.Module) -> None:
    """Linear layers as the authors' code begins them: variance 1 / fan in, biases 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            _truncated_normal(layer.weight, layer.in_features**-0.5)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def build(spec: SampleSpec, labels: int, config: RelganNetwork) -> Players:
    """The pair for texts of any length."""
    return Players(RelganGenerator(spec, labels, config), RelganDiscriminator(spec, labels, config))
