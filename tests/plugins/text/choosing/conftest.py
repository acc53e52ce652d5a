"""Runs of the tiny generator of tests/bigrams.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import bigrams
import pytest

from paragone.registry import registry
from paragone.sampler import Sampler
from paragone_text.tokenizer import Tokenizer

ENGLAND = ("Aldford", "Alford", "Ashford", "Bedford", "Dartford", "Lincoln", "London", "Luton", "Newton", "New Mills", "Oxford", "Stafford")
GERMANY = ("Altenburg", "Bamberg", "Coburg", "Hamburg", "Heidelberg", "Lüneburg", "Marburg", "Nürnberg", "Oldenburg", "Würzburg")
TOWNS = [f"England\t{name}" for name in ENGLAND] + [f"Germany\t{name}" for name in GERMANY]

Make = Callable[..., Sampler]


@pytest.fixture
def medium(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is found as any file's is."""
    monkeypatch.setenv("PARAGONE_PLUGIN_FILES", bigrams.__file__)
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def make(medium: None, tmp_path: Path) -> Make:
    """``make(texts, likes)``: a sampler of a run that has learned them."""

    def make(texts: Sequence[str] = TOWNS, likes: str = "", kind: Tokenizer | None = None) -> Sampler:
        return Sampler.load(bigrams.make_run(tmp_path / "bigrams", texts, likes, kind), "cpu")

    return make
