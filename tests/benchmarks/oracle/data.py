"""Sequences of an oracle as a dataset, so that the engine trains on them as on any other."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from paragone.in_memory import InMemory
from paragone.spec import Axis, SampleSpec

from .lstm import LENGTH, Oracle

TRAIN, TEST = 10_000, 5_000
"""Sequences to learn from, as in SeqGAN, and held out, as in Caccia et al. 2020."""


@dataclass(frozen=True)
class Halves:
    """What one oracle wrote.

    Attributes:
        train: to learn from.
        test: ``(N, L)`` int64, to judge by.
        fresh: ``(N, L)`` int64, never used to choose anything: for what is reported.
    """

    train: InMemory
    test: torch.Tensor
    fresh: torch.Tensor


def spec(vocabulary: int, length: int = LENGTH) -> SampleSpec:
    """A sample of the oracle: ``(length,)`` int64, no padding, for its sequences have no end."""
    return SampleSpec((Axis("position", length, "tokens", vocabulary=vocabulary),), "int64", 0, vocabulary - 1)


def write(oracle: Oracle, train: int = TRAIN, test: int = TEST, length: int = LENGTH) -> Halves:
    """Independent samples of ``oracle``, always the same ones."""
    drawn = [oracle.sample(count, seed, length) for seed, count in enumerate((train, test, test))]
    return Halves(InMemory(spec(oracle.vocabulary, length), drawn[0]), drawn[1], drawn[2])
