"""What metrics look at, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import torch

from ..data import Dataset
from ..spec import SampleSpec

Result = TypeVar("Result")


@dataclass(frozen=True)
class Evidence:
    """A set of samples, seen through a feature extractor.

    Attributes:
        features: ``(N, D)`` float64, finite.
        numbers: ``(N,)`` int64 label of each, ``None`` without labels.
        read: ``(B,)`` int64 indices → the samples themselves, ``(B, *spec.shape)`` on
            the CPU; a large data set is not kept in memory for the few that are looked at.
        spec: what one sample is, where a metric wants to look at the samples themselves.
        training: all that the generator was trained on, for metrics that ask what is new;
            ``None`` where it is not at hand.
        trained_on: whether these samples are some of ``training``.
    """

    features: torch.Tensor
    numbers: torch.Tensor | None
    read: Callable[[torch.Tensor], torch.Tensor]
    spec: SampleSpec | None = None
    training: Dataset | None = None
    trained_on: bool = False
    _found: dict[Callable[[Evidence], Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.features)

    def part(self, indices: torch.Tensor) -> Evidence:
        """The samples at ``indices``, ``(B,)`` int64."""
        numbers = None if self.numbers is None else self.numbers[indices]
        features = self.features[indices]
        return replace(self, features=features, numbers=numbers, read=lambda wanted: self.read(indices[wanted]))

    def of_label(self, number: int) -> Evidence:
        """The samples of one label."""
        if self.numbers is None:
            raise ValueError("there are no labels")
        return self.part((self.numbers == number).nonzero()[:, 0])

    def once(self, work: Callable[[Evidence], Result]) -> Result:
        """``work(self)``, worked out the first time and kept: several metrics may need the same."""
        if work not in self._found:
            self._found[work] = work(self)
        found: Result = self._found[work]
        return found


@dataclass(frozen=True)
class Score:
    """What a metric says.

    Attributes:
        value: the score; ``None`` where it cannot be computed at all.
        deviation: standard deviation of the estimate, or its spread over subsets, where the metric knows it.
        doubt: why the value cannot be trusted, or empty.
    """

    value: float | None
    deviation: float | None = None
    doubt: str = ""


def share_of(count: int, of: int, doubt: str = "") -> Score:
    """How many of how many, 0 to 1, with the standard deviation of such a share.

    That is of the Beta(k + 1, n − k + 1) of all shares that k of n may come of; by k/n alone it would be 0 for none and for
    all, as if that were certain.

    Args:
        count: k.
        of: n, at least 1.
        doubt: as in :class:`Score`.
    """
    likely = (count + 1) / (of + 2)
    return Score(count / of, (likely * (1 - likely) / (of + 3)) ** 0.5, doubt)


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
