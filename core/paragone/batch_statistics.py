"""Running statistics of batch normalisation, kept the same in all processes."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from .ranks import Ranks


class BatchStatistics:
    """Buffers that follow the samples of a batch: each process sees other samples, so theirs differ after a step.

    Args:
        modules: those that have any; none if no player mixes the samples of a batch.
        ranks: the processes.
    """

    def __init__(self, modules: Iterable[nn.Module], ranks: Ranks) -> None:
        self.ranks = ranks
        self.buffers = [buffer for module in modules for buffer in module.buffers() if buffer.is_floating_point()] if ranks.size > 1 else []
        self.before: list[torch.Tensor] = []

    @torch.no_grad()
    def begin(self) -> None:
        """A step begins: all processes have the same."""
        self.before = [buffer.clone() for buffer in self.buffers]

    @torch.no_grad()
    def agree(self) -> None:
        """A step is done: let all processes have the mean of what they have.

        Of variances too: that of the whole batch would be larger by the variance of the processes' means.
        """
        if self.buffers:
            # of the changes, not of the values: so what is constant stays what it is to the last bit
            changes = [buffer - before for buffer, before in zip(self.buffers, self.before, strict=True)]
            self.ranks.average(changes)
            for buffer, before, change in zip(self.buffers, self.before, changes, strict=True):
                buffer.copy_(before + change)
