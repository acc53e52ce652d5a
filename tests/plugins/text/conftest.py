"""Fixtures of the text tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from paragone.spec import SampleSpec
from paragone_text import tokenizer
from paragone_text.config import TextData
from paragone_text.dataset import TextSet, open_dataset


class Opener:
    """Opens data sets with a cache in the test's own folder and keeps the notes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.notes = folder, folder / "cache", list[str]()

    def __call__(self, path: Path, cache: Path | None = None, like: SampleSpec | None = None, **config: Any) -> TextSet:
        self.notes = []
        note: Callable[[str], None] = self.notes.append
        return open_dataset(path, TextData(**config), cache or self.cache, note, like)

    def written(self, name: str, content: str | bytes) -> Path:
        """A file with that content, such as ``"a/b.txt"``."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    """See :class:`Opener`."""
    return Opener(tmp_path)


def texts_of(dataset: TextSet) -> list[str]:
    """All texts, decoded."""
    samples, _ = dataset.batch(torch.arange(len(dataset)), torch.device("cpu"))
    dataset.spec.check(samples)
    return [tokenizer.of(dataset.spec).decode(row) for row in samples.tolist()]


def labels_of(dataset: TextSet) -> list[str]:
    """The label of each text."""
    assert dataset.numbers is not None
    return [dataset.labels[number] for number in dataset.numbers.tolist()]
