"""Sounds as evidence, and synthetic hits to measure with."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from paragone.data import Dataset
from paragone.evaluation.evidence import Evidence
from paragone.spec import SampleSpec
from paragone_audio.evaluation.octaves import Octaves
from paragone_audio.sound import spec_of

RATE, LENGTH = 16_000, 8192


def seconds(length: int = LENGTH, rate: int = RATE) -> torch.Tensor:
    """``(length,)`` the time of each sample."""
    return torch.arange(length, dtype=torch.float64) / rate


def sine(hertz: float, length: int = LENGTH, rate: int = RATE, phase: float = 0.0) -> torch.Tensor:
    """``(length,)`` float32 of amplitude 1."""
    return (2 * math.pi * hertz * seconds(length, rate) + phase).sin().float()


def hits(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """``(count, LENGTH)`` decaying sweeps, noises and chords, an onset at 4 ms; and which of the three, ``(count,)``."""
    numbers = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    time, waves = seconds() - 0.004, torch.zeros(count, LENGTH)
    for wave, label in zip(waves, labels.tolist(), strict=True):
        a, b = torch.rand(2, generator=numbers).tolist()
        if label == 0:
            sound = (2 * math.pi * (50 + 30 * a) * (time - 0.06 * (-30 * time).exp())).sin() * (-time / (0.05 + 0.1 * b)).exp()
        elif label == 1:
            noise = torch.randn(LENGTH, generator=numbers).double()
            sound = (noise - noise.roll(1)) / 4 * (-time / (0.02 + 0.06 * b)).exp()
        else:
            sound = sum((2 * math.pi * (200 + 300 * a) * k * time).sin() / k for k in range(1, 8)) * (-time / (0.1 + 0.1 * b)).exp()
        sound = torch.where(time < 0, 0, sound)
        wave.copy_(sound / sound.abs().max() * 0.89)
    return waves + 1e-4 * torch.randn(waves.shape, generator=numbers), labels


@dataclass
class Memory:
    """A :class:`paragone.data.Dataset` of waves in memory."""

    waves: torch.Tensor
    spec: SampleSpec
    labels: tuple[str, ...] = ()
    numbers: torch.Tensor | None = None
    fingerprint: str = ""

    @property
    def hashes(self) -> torch.Tensor:
        """Of the content of each wave."""
        digests = [hashlib.sha256(wave.numpy().tobytes()).digest() for wave in self.waves]
        return torch.tensor([int.from_bytes(digest[:8], "little", signed=True) for digest in digests], dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.waves)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, None]:
        return self.waves[indices][:, None].to(device), None


Make = Callable[..., Evidence]


@pytest.fixture
def evidence() -> Make:
    """``evidence(waves, labels, loop, training, trained_on)``; the features are levels of octaves."""

    def make(
        waves: torch.Tensor,
        labels: torch.Tensor | None = None,
        loop: bool = False,
        training: torch.Tensor | None = None,
        trained_on: bool = False,
    ) -> Evidence:
        spec = spec_of(waves.shape[1], RATE, loop)
        data: Dataset | None = None if training is None else Memory(training, spec)
        features = Octaves(spec)(waves[:, None]).double()
        return Evidence(features, labels, lambda wanted: waves[wanted][:, None], spec, data, trained_on)

    return make
