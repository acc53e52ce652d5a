"""An LSTM that can be asked for a whole text at once, or token by token."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import linear

Kept = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
"""Hidden and cell state, each ``(B, hidden)``; and both weights side by side and both biases summed, laid out once for all steps."""


class Memory(nn.Module):
    """One layer of Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.LSTM(inputs, hidden, batch_first=True)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, T, inputs)`` → ``(B, T, hidden)``."""
        return self.layer(inputs)[0]

    def begin(self, batch: int) -> Kept:
        """The state before the first step."""
        weight, recurrent, bias, other = self.layer.all_weights[0]
        empty = weight.new_zeros(batch, self.layer.hidden_size)
        both, device = torch.cat([weight, recurrent], 1), weight.device.type
        if torch.is_autocast_enabled(device):  # else it would be cast again at every step
            both = both.to(torch.get_autocast_dtype(device))
        return empty, empty, both, bias + other

    def step(self, inputs: torch.Tensor, kept: Kept) -> tuple[torch.Tensor, Kept]:
        """The same as :meth:`forward` for one place: ``(B, inputs)`` → ``(B, hidden)``.

        i, f, o = σ(Wx + Uh + b), c ← f·c + i·tanh(Wx + Uh + b), h ← o·tanh(c).
        """
        hidden, cell, weight, bias = kept
        gates = linear(torch.cat([inputs, hidden.to(inputs.dtype)], 1), weight, bias).float()
        i, f, g, o = gates.chunk(4, 1)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        return hidden, (hidden, cell, weight, bias)
