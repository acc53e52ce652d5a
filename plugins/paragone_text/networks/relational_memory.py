"""The relational memory core of Santoro et al. 2018: rows of memory that attend to each other and to what comes in."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

FORGET = 1.0
"""Bias of the forget gate: at first the memory keeps most of what it has."""


class RelationalMemory(nn.Module):
    """One step of the memory: ``(B, inputs)`` and ``(B, slots, heads·head)`` → the memory after it.

    With x the input after a linear layer, M the memory, [M; x] both as rows, and
    h = tanh(M) (arXiv 1806.01822, equations 2, 4, 5 and 7)::

        M̃ = softmax(M·Wq ([M; x]·Wk)ᵀ / √head) [M; x]·Wv      for each head
        M' = σ(x·Wf + h·Uf + 1) ∘ M + σ(x·Wi + h·Ui) ∘ tanh(g(M̃))

    g adds the memory to M̃ and then a perceptron of two layers to that, each followed by
    layer normalisation; queries, keys and values are normalised as well. The gates are
    per unit, without output gate; the tanh around g is of the authors' code.

    The normalisations are per row. RelGAN's code normalises over all rows of a sample at
    once, a default of its library, and divides by √(3·head).

    Args:
        inputs: length of an input.
        slots: rows of the memory.
        heads: attention heads.
        head: length of a head.
    """

    def __init__(self, inputs: int, slots: int, heads: int, head: int) -> None:
        super().__init__()
        self.slots, self.heads, self.width = slots, heads, heads * head
        self.enter = nn.Linear(inputs, self.width)
        self.attend, self.attend_norm = nn.Linear(self.width, 3 * self.width, bias=False), nn.LayerNorm(3 * self.width)
        self.attended_norm, self.thought_norm = nn.LayerNorm(self.width), nn.LayerNorm(self.width)
        self.think = nn.Sequential(nn.Linear(self.width, self.width), nn.ReLU(), nn.Linear(self.width, self.width))
        self.gate_input = nn.Linear(self.width, 2 * self.width, bias=False)
        self.gate_memory = nn.Linear(self.width, 2 * self.width, bias=False)

    def begin(self, count: int) -> torch.Tensor:
        """``count`` new memories: the rows of an identity matrix, so that no two slots are alike."""
        weight = self.enter.weight
        return torch.eye(self.slots, self.width, dtype=weight.dtype, device=weight.device).expand(count, -1, -1)

    def forward(self, inputs: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        """See the class."""
        entered = self.enter(inputs)[:, None]  # (B, 1, width)
        attended = self.attended_norm(memory + self.attention(torch.cat([memory, entered], 1)))
        proposed = self.thought_norm(attended + self.think(attended))
        write, keep = (self.gate_input(entered) + self.gate_memory(memory.tanh())).chunk(2, 2)  # each (B, slots, width)
        return torch.sigmoid(keep + FORGET) * memory + torch.sigmoid(write) * proposed.tanh()

    def attention(self, rows: torch.Tensor) -> torch.Tensor:
        """What the slots find in all rows: ``(B, slots + 1, width)`` → ``(B, slots, width)``."""
        split = self.attend_norm(self.attend(rows)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)  # each (B, heads, slots + 1, head)
        found = scaled_dot_product_attention(query[:, :, : self.slots], key, value)
        return found.transpose(1, 2).flatten(2)  # (B, heads, slots, head) → (B, slots, width)
