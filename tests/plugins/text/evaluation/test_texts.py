"""Samples read as texts, and what is counted in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from paragone.evaluation.evidence import Evidence
from paragone.spec import Axis, SampleSpec
from paragone_text.bpe import BytePairs
from paragone_text.evaluation.texts import READ, decoded, grams, streamed, texts, units, words
from paragone_text.words import Words

Make = Callable[..., Evidence]


def test_texts_come_back_from_their_tokens_even_as_floats(evidence: Make, spec: SampleSpec) -> None:
    written = ["Akaa", "", "São Paulo", "a b  c"]
    made = evidence(written)
    assert texts(made) == written
    assert decoded(made.read(torch.arange(4)).float(), spec) == written


def test_texts_are_read_in_parts_of_a_bounded_size(spec: SampleSpec) -> None:
    asked: list[int] = []

    def read(wanted: torch.Tensor) -> torch.Tensor:
        asked.append(len(wanted))
        return torch.ones(len(wanted), spec.shape[0], dtype=torch.int64)

    assert sum(1 for _ in streamed(read, 2 * READ + 5, spec)) == 2 * READ + 5
    assert asked == [READ, READ, 5]
    assert list(streamed(read, 0, spec)) == []
    assert len(asked) == 3, "of nothing, nothing is read"


def test_what_is_no_text_is_refused() -> None:
    plain = SampleSpec((Axis("position", 3, "tokens", vocabulary=5),), "int64", 0, 4)
    numbers = torch.zeros(2, 3, dtype=torch.int64)
    with pytest.raises(ValueError, match="description of a text"):
        texts(Evidence(torch.zeros(2, 1), None, lambda wanted: numbers[wanted], plain))
    with pytest.raises(ValueError, match="description"):
        texts(Evidence(torch.zeros(2, 1), None, lambda wanted: numbers[wanted]))


def test_units_are_characters_or_words_as_the_tokenizer_is(evidence: Make) -> None:
    line = "Don't stop, it's 3 o'clock."
    split = ("Don't", "stop", ",", "it's", "3", "o'clock", ".")
    assert units(evidence([line])) == [line]
    assert units(evidence([line, ""], tokenizer=Words.train([line], "".join(sorted(set(line))), 100))) == [split, ()]
    assert units(evidence([line], tokenizer=BytePairs([]))) == [split]


def test_words_do_not_end_at_combining_marks_nor_depend_on_the_other_texts() -> None:
    hindi = "हिन्दी भाषा"
    assert list(words([hindi])) == [("हिन्दी", "भाषा")]
    assert next(words([hindi, "x - y*z"])) == ("हिन्दी", "भाषा")
    assert list(words(["x - y*z"])) == [("x", "-", "y", "*", "z")]
    assert list(words([])) == []


def test_grams_are_all_runs_of_a_length() -> None:
    assert grams("abcab", 2) == ["ab", "bc", "ca", "ab"]
    assert grams(("a", "b", "c"), 3) == [("a", "b", "c")]
    assert grams("ab", 3) == []
