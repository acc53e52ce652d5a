"""Fixtures of the picture tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paragone_image.config import PictureData
from paragone_image.dataset import PictureSet, open_dataset


class Opener:
    """Opens data sets with a cache in the test's own folder and keeps the notes."""

    def __init__(self, cache: Path) -> None:
        self.cache, self.notes = cache, list[str]()

    def __call__(self, path: Path, cache: Path | None = None, **config: Any) -> PictureSet:
        self.notes = []
        note: Callable[[str], None] = self.notes.append
        return open_dataset(path, PictureData(**config), cache or self.cache, note)


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    """See :class:`Opener`."""
    return Opener(tmp_path / "cache")
