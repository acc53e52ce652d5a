"""Features to compare: correlated normal clouds, and a set with labels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from paragone.evaluation.evidence import Evidence
from paragone.randomness import generator_for


@pytest.fixture
def cloud() -> Callable[..., torch.Tensor]:
    """``cloud(count, size, name, shift)``: ``(count, size)`` float64, correlated."""

    def make(count: int, size: int, name: str, shift: float = 0.0) -> torch.Tensor:
        numbers = generator_for(0, name)
        mix = torch.randn(size, size, generator=numbers, dtype=torch.float64) / size**0.5
        return torch.randn(count, size, generator=numbers, dtype=torch.float64) @ mix + shift

    return make


@pytest.fixture
def evidence() -> Callable[..., Evidence]:
    """``evidence(features, numbers)``: the features are the samples."""

    def make(features: torch.Tensor, numbers: torch.Tensor | None = None) -> Evidence:
        return Evidence(features.double(), numbers, lambda wanted: features[wanted])

    return make
