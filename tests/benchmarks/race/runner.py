"""What every runner of the race is, and what it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from paragone.data import Dataset


@dataclass(frozen=True)
class Sprites:
    """The pictures to learn from, in both forms that a runner may want.

    Attributes:
        pictures: ``(N, 4, 32, 32)`` float32 in [-1, 1], colour premultiplied with alpha.
        numbers: ``(N,)`` int64, the label of each; a runner may ignore them.
        names: of the labels.
        part: the same as the engine knows them.
    """

    pictures: torch.Tensor
    numbers: torch.Tensor
    names: tuple[str, ...]
    part: Dataset


Sampler = Callable[[int], tuple[torch.Tensor, torch.Tensor | None]]
"""``count`` → ``(count, 4, 32, 32)`` as :attr:`Sprites.pictures`, the same ones each time, and their labels if it knows any."""


@dataclass(frozen=True)
class Trained:
    """What a runner leaves behind.

    Attributes:
        sample: asks its generator; only until the runner goes on.
        wall, cpu: seconds that were learned for, of the clock and of processor time.
        shown: training pictures shown, counting repeats: to the discriminator, or to the denoiser.
        parameters: of the network that makes the pictures.
        facts: anything else worth a place in the results.
    """

    sample: Sampler
    wall: float
    cpu: float
    shown: int
    parameters: int
    facts: dict[str, Any] = field(default_factory=dict)


class Unavailable(Exception):
    """This runner needs something that is not installed, or that does not work here; it says what."""


Runner = Callable[[Sprites, Sequence[float], int, Path], Iterator[Trained]]
"""``runner(sprites, budgets, seed, scratch)``: learn for so many seconds of the clock, all start-up included.

For each of the ascending budgets it says what it has by then. A recipe that is the same whatever the budget goes on from one
to the next; one that follows the budget, as falling rates do, begins anew each time.
"""


def parameters(network: torch.nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(parameter.numel() for parameter in network.parameters())
