"""Fixtures of the sound tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from paragone.spec import SampleSpec
from paragone_audio.config import AudioData
from paragone_audio.dataset import SoundSet, open_dataset


class Opener:
    """Writes sounds, opens data sets with a cache in the test's own folder and keeps the notes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.notes = folder, folder / "cache", list[str]()

    def __call__(self, path: Path, cache: Path | None = None, like: SampleSpec | None = None, **config: Any) -> SoundSet:
        self.notes = []
        note: Callable[[str], None] = self.notes.append
        return open_dataset(path, AudioData(**config), cache or self.cache, note, like)

    def sound(self, name: str, wave: NDArray[Any], rate: int = 8000, subtype: str | None = None, **more: Any) -> Path:
        """A sound file, such as ``"a/b.wav"``; ``wave`` is ``(n,)`` or ``(n, channels)``."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wave, rate, subtype=subtype, **more)
        return path

    def written(self, name: str, content: bytes) -> Path:
        """A file with that content."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    """See :class:`Opener`."""
    return Opener(tmp_path)


def waves_of(sounds: SoundSet) -> NDArray[np.float32]:
    """All sounds, ``(N, L)``."""
    samples, _ = sounds.batch(torch.arange(len(sounds)), torch.device("cpu"))
    sounds.spec.check(samples)
    return samples[:, 0].numpy()


def hit(seconds: float = 0.2, rate: int = 8000, frequency: float = 440.0, decay: float = 0.03, before: float = 0.0) -> NDArray[np.float64]:
    """A sine from its peak on that falls by e in ``decay`` seconds, after ``before`` seconds of silence."""
    time = np.arange(round(seconds * rate)) / rate
    return np.concatenate([np.zeros(round(before * rate)), 0.5 * np.cos(2 * np.pi * frequency * time) * np.exp(-time / decay)])
