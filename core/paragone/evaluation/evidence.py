"""What metrics look at, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch

from ..spec import SampleSpec


@dataclass(frozen=True)
class Evidence:
    """A set of samples, seen through a feature extractor.

    Attributes:
        features: ``(N, D)`` float64, finite.
        numbers: ``(N,)`` int64 label of each, ``None`` without labels.
        read: ``(B,)`` int64 indices → the samples themselves, ``(B, *spec.shape)`` on
            the CPU; a large data set is not kept in memory for the few that are looked at.
        spec: what one sample is, where a metric wants to look at the samples themselves.
    """

    features: torch.Tensor
    numbers: torch.Tensor | None
    read: Callable[[torch.Tensor], torch.Tensor]
    spec: SampleSpec | None = None

    def __len__(self) -> int:
        return len(self.features)

    def part(self, indices: torch.Tensor) -> Evidence:
        """The samples at ``indices``, ``(B,)`` int64."""
        numbers = None if self.numbers is None else self.numbers[indices]
        return Evidence(self.features[indices], numbers, lambda wanted: self.read(indices[wanted]), self.spec)

    def of_label(self, number: int) -> Evidence:
        """The samples of one label."""
        if self.numbers is None:
            raise ValueError("there are no labels")
        return self.part((self.numbers == number).nonzero()[:, 0])


@dataclass(frozen=True)
class Score:
    """What a metric says.

    Attributes:
        value: the score; ``None`` where it cannot be computed at all.
        deviation: standard deviation of the estimate, where the metric knows it.
        doubt: why the value cannot be trusted, or empty.
    """

    value: float | None
    deviation: float | None = None
    doubt: str = ""


class Measure(Protocol):
    """The callable that a :class:`paragone.modality.Metric` names."""

    def __call__(self, candidate: Evidence, reference: Evidence, seed: int) -> Score:
        """Compare ``candidate`` (usually generated) with ``reference`` (always real).

        Args:
            candidate, reference: features of one extractor.
            seed: of whatever the metric draws.
        """
        ...


def too_few(candidate: Evidence, reference: Evidence, least: int, why: str) -> str:
    """The doubt when one of the two has fewer than ``least`` samples, else empty."""
    fewer = min(len(candidate), len(reference))
    return f"{fewer} samples, {why} wants at least {least}" if fewer < least else ""
