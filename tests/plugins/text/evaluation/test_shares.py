"""The share of texts that are unique, and of those that are new."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from paragone.data import Subset
from paragone.evaluation.evidence import Evidence
from paragone.spec import SampleSpec
from paragone_text.dataset import TextSet
from paragone_text.evaluation import shares
from paragone_text.evaluation.shares import novel, unique

from ..conftest import Opener

Make = Callable[..., Evidence]


def test_unique_counts_each_text_once(evidence: Make) -> None:
    nothing = evidence([])
    assert unique(evidence(["a", "b", "a", "", "", "c"]), nothing).value == pytest.approx(4 / 6)
    assert unique(evidence([str(number) for number in range(25)]), nothing).value == 1
    assert "5 samples" in unique(evidence(["a"] * 5), nothing).doubt
    assert not unique(evidence(["a"] * 25), nothing).doubt
    assert unique(nothing, nothing).value is None


@pytest.fixture
def training(opener: Opener) -> TextSet:
    return opener(opener.written("lines.txt", "Akaa\nOulu\nOulu\nRome\nTurin\n"), tokenizer="characters")


def test_novel_is_what_no_training_text_is(evidence: Make, training: TextSet) -> None:
    made = evidence(["Akaa", "Oulu", "Akaaa", "oulu", "Oulu"], training=training)
    score = novel(made, evidence([]))
    assert score.value == pytest.approx(2 / 5)
    assert score.deviation == pytest.approx((3 / 7 * 4 / 7 / 8) ** 0.5)
    assert "5 samples" in score.doubt


def test_of_training_texts_those_are_novel_that_stand_there_once(evidence: Make, training: TextSet) -> None:
    texts = ["Akaa", "Oulu", "Oulu", "Rome", "Turin"]
    assert novel(evidence(texts, training=training, trained_on=True), evidence([])).value == pytest.approx(3 / 5)


def test_the_real_share_foretells_that_of_texts_to_come(evidence: Make, opener: Opener) -> None:
    """Good's estimate: 4,000 draws from 2,000 names, one more likely than the next, and what 4,000 further draws find new."""
    shares_of = 1 / torch.arange(1, 2001, dtype=torch.float64)
    drawn = torch.multinomial(shares_of, 8000, replacement=True, generator=torch.Generator().manual_seed(0))
    names = [f"name {number}" for number in drawn.tolist()]
    data = opener(opener.written("names.txt", "\n".join(names)), tokenizer="characters", longer="cut")
    training = Subset(data, torch.arange(4000))
    foretold = novel(evidence(names[:4000], training=training, trained_on=True), evidence([])).value
    assert foretold == pytest.approx(novel(evidence(names[4000:], training=training), evidence([])).value, abs=0.02)


def test_without_the_training_texts_it_cannot_be_told(evidence: Make, training: TextSet) -> None:
    assert novel(evidence(["a"]), evidence([])).value is None
    assert novel(evidence([], training=training), evidence([])).value is None


def test_of_very_many_training_texts_it_says_how_many_were_looked_through(
    evidence: Make, training: TextSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "MOST", 3)
    score = novel(evidence(["Akaa", "Rome"], training=training), evidence([]))
    assert score.value == pytest.approx(0.5)
    assert "only 3 of 5" in score.doubt


def test_another_way_to_write_the_same_is_no_news(training: TextSet, spec: SampleSpec) -> None:
    """A tokenizer of bytes can write one text in several ways: texts are compared, not tokens."""
    from paragone_text.bpe import BytePairs
    from paragone_text.dataset import spec_of

    tokenizer = BytePairs(["Ġ O", "u l", "ul u"])
    described = spec_of(tokenizer, 12)
    usual = tokenizer.encode("Oulu")
    spelt = [byte + 1 for byte in b" Oulu"]
    assert usual != spelt
    tokens = torch.zeros(2, 12, dtype=torch.int64)
    for row, found in zip(tokens, (usual, spelt), strict=True):
        row[: len(found)] = torch.tensor(found)
    made = Evidence(torch.zeros(2, 1), None, lambda wanted: tokens[wanted], described, training)
    assert novel(made, made).value == 0
    assert unique(made, made).value == 0.5
