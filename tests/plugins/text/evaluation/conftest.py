"""Texts as evidence, and town names to measure with."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
import torch

from paragone.data import Dataset
from paragone.evaluation.evidence import Evidence
from paragone.opening import bundled
from paragone.spec import SampleSpec
from paragone_text.characters import Characters
from paragone_text.dataset import spec_of
from paragone_text.tokenizer import Tokenizer, of

LENGTH = 40
ALPHABET = "".join(chr(point) for point in range(32, 0x250))


def tokens_of(texts: Sequence[str], spec: SampleSpec) -> torch.Tensor:
    """``(B, L)`` int64."""
    tokens = torch.zeros(len(texts), spec.shape[0], dtype=torch.int64)
    for row, text in zip(tokens, texts, strict=True):
        found = of(spec).encode(text)
        row[: len(found)] = torch.tensor(found, dtype=torch.int64)
    return tokens


@pytest.fixture
def spec() -> SampleSpec:
    """Of texts of up to 40 characters, Latin ones."""
    return spec_of(Characters(ALPHABET), LENGTH)


@pytest.fixture
def evidence(spec: SampleSpec) -> Callable[..., Evidence]:
    """``evidence(texts, labels, tokenizer)``; the features are of no use."""

    def make(
        texts: Sequence[str],
        labels: Sequence[int] | None = None,
        tokenizer: Tokenizer | None = None,
        training: Dataset | None = None,
        trained_on: bool = False,
    ) -> Evidence:
        described = spec if tokenizer is None else spec_of(tokenizer, LENGTH)
        tokens = tokens_of(texts, described)
        numbers = None if labels is None else torch.tensor(labels, dtype=torch.int64)
        return Evidence(torch.zeros(len(texts), 1), numbers, lambda wanted: tokens[wanted], described, training, trained_on)

    return make


@pytest.fixture(scope="session")
def towns() -> list[tuple[str, str]]:
    """(country, name) of all bundled towns of up to 40 characters, shuffled."""
    lines = bundled("paragone_text:starter/towns.tsv").read_text("utf-8").splitlines()[1:]
    rows = [
        (country, name)
        for country, _, name in (line.partition("\t") for line in lines)
        if len(name) <= LENGTH and set(name) <= set(ALPHABET)
    ]
    random.Random(0).shuffle(rows)
    return rows


@pytest.fixture(scope="session")
def names(towns: list[tuple[str, str]]) -> list[str]:
    """The names alone."""
    return [name for _, name in towns]
