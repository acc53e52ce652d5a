"""``names``: a plan of the whole text from the latent, spelled out by a memory of what is written so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import gelu

from paragone.players import Players
from paragone.spec import SampleSpec

from .decoding import Drawing
from .judging import TextDiscriminator, TextEncoder
from .memory import Kept, Memory

if TYPE_CHECKING:
    from ..presets import NamesNetwork

State = tuple[torch.Tensor, Kept]
"""The plan ``(B, L, plan)``, and what the memory keeps."""


class NamesGenerator(Drawing):
    """``(B, code + L)``, ``(B,)`` → ``(B, L)`` int64.

    A generator that only remembers what it has written needs no code, and there is
    nothing to walk through (Bowman et al. 2016). So in training it forgets some of it,
    and what stands where is planned from the code alone.
    """

    def __init__(self, spec: SampleSpec, labels: int, config: NamesNetwork) -> None:
        super().__init__(spec, config.code)
        self.forget = config.forget
        self.dropout_size = self.length if config.forget else 0
        self.label = nn.Embedding(labels, config.code) if labels else None
        self.plan = Plan(config.code * (2 if labels else 1), config.plan, self.length)
        self.embedding = nn.Embedding(self.vocabulary + 1, config.embedding)
        self.memory = Memory(config.embedding + config.plan, config.hidden)
        self.out = nn.Linear(config.hidden + config.plan, self.vocabulary)

    def begin(self, latent: torch.Tensor, label: torch.Tensor | None) -> State:
        """The plan, and an empty memory."""
        return self.planned(latent, label), self.memory.begin(len(latent))

    def step(self, state: State, previous: torch.Tensor, position: int) -> tuple[torch.Tensor, State]:
        """See :meth:`Drawing.step`."""
        plan, kept = state
        here = plan[:, position]
        hidden, kept = self.memory.step(torch.cat([self.embedding(previous), here], 1), kept)
        return self.out(torch.cat([hidden, here], 1)), (plan, kept)

    def logits(
        self, latent: torch.Tensor, label: torch.Tensor | None, tokens: torch.Tensor, dropout: torch.Tensor | None = None
    ) -> torch.Tensor:
        """See :meth:`paragone.tokens.TokenGenerator.logits`."""
        before, plan = self.shifted(tokens), self.planned(latent, label)
        if dropout is not None:  # what is forgotten must be read from the code: Bowman et al. 2016, section 3.1
            before = before.masked_fill(dropout < self.forget, self.start)
        hidden = self.memory(torch.cat([self.embedding(before), plan], 2))
        return self.opened(self.out(torch.cat([hidden, plan], 2)))

    def planned(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """``(B, L, plan)``."""
        code = latent[:, : self.code]
        if self.label is not None and label is not None:
            code = torch.cat([code, self.label(label)], 1)
        return self.plan(code)


class Plan(nn.Module):
    """``(B, code)`` → ``(B, L, width)``: a coarse row first, made finer twice."""

    def __init__(self, code: int, width: int, length: int) -> None:
        super().__init__()
        self.length, self.coarse, self.width = length, -(-length // 4), width
        self.first = nn.Linear(code, width * self.coarse)
        self.finer = nn.ModuleList(nn.Conv1d(width, width, 3, padding=1) for _ in range(3))

    def forward(self, code: torch.Tensor) -> torch.Tensor:
        """See the class."""
        hidden = self.first(code).view(-1, self.width, self.coarse)
        for number, layer in enumerate(self.finer):
            hidden = hidden if number == 0 else hidden.repeat_interleave(2, 2)
            hidden = hidden + layer(gelu(hidden))
        return hidden[:, :, : self.length].transpose(1, 2)


def build(spec: SampleSpec, labels: int, config: NamesNetwork) -> Players:
    """The players of ``names``."""
    return Players(
        NamesGenerator(spec, labels, config),
        TextDiscriminator(spec, labels, config.filters, config.features),
        encoder=TextEncoder(spec, labels, config.code, config.encoder, config.features),
    )
