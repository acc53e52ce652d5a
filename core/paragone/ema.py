"""The moving average of the generator: the weights that are kept, shown and sampled."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Ema:
    """An average of a module's parameters; buffers are copied as they are, but for those that are in no state: they never change.

    Attributes:
        module: a copy in evaluation mode that holds the average.
    """

    def __init__(self, source: nn.Module) -> None:
        self.module = copy.deepcopy(source).eval().requires_grad_(False)
        self._average: list[torch.Tensor] = list(self.module.parameters())
        self._source: list[torch.Tensor] = list(source.parameters())
        kept = source.state_dict().keys()
        theirs = dict(source.named_buffers())
        self._buffers = [(mine, theirs[name]) for name, mine in self.module.named_buffers() if name in kept]

    @torch.no_grad()
    def update(self, decay: float) -> None:
        """average ← decay · average + (1 − decay) · source, in place, for every parameter."""
        torch._foreach_lerp_(self._average, self._source, 1 - decay)
        for mine, theirs in self._buffers:
            mine.copy_(theirs)
