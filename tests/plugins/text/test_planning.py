"""What a corpus decides for itself."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import pytest

from paragone.errors import UsageError
from paragone_text import planning
from paragone_text.config import TextData
from paragone_text.planning import Plan
from paragone_text.sources import open_source
from paragone_text.survey import survey
from paragone_text.words import Words


def planned(folder: Path, texts: list[str], **config: object) -> Plan:
    (folder / "a.txt").write_text("\n".join(texts))
    with open_source(folder / "a.txt") as source:
        return planning.plan(survey(source, 10**6), TextData(**config))  # type: ignore[arg-type]


def nouns(count: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice("abcdefghij") for _ in range(rng.randint(3, 9))) for _ in range(count)]


def sentences(count: int, words: int) -> list[str]:
    rng, known = random.Random(1), nouns(60)
    return [" ".join(rng.choice(known) for _ in range(words)) for _ in range(count)]


def test_short_texts_are_characters_and_long_ones_parts_of_words(tmp_path: Path) -> None:
    short = planned(tmp_path, nouns(500))
    assert short.tokenizer.kind == "characters"
    assert short.notes == ("Tokens are characters, 11 different, up to 9 in a text; data.tokenizer decides.",)
    long = planned(tmp_path, sentences(300, 9))
    assert long.tokenizer.kind == "bpe"
    assert long.notes[0].startswith("Tokens are parts of words (bpe), ")
    assert planned(tmp_path, nouns(500), tokenizer="words").notes == ()


def test_the_vocabulary_of_bpe_grows_with_the_corpus(tmp_path: Path) -> None:
    assert [planning._bpe_vocabulary(size) for size in (0, 10**3, 65_535, 65_536, 131_072, 10**9)] == [512, 512, 512, 1024, 2048, 2048]
    assert planned(tmp_path, sentences(50, 9)).tokenizer.vocabulary <= 512
    assert planned(tmp_path, sentences(300, 9), tokenizer="bpe", vocabulary=300).tokenizer.vocabulary == 300


@pytest.mark.parametrize(("tokenizer", "vocabulary"), [("bpe", 256), ("characters", 1), ("words", 1)])
def test_too_small_a_vocabulary_is_refused(tmp_path: Path, tokenizer: str, vocabulary: int) -> None:
    with pytest.raises(UsageError, match=r"data\.vocabulary: .* too few") as caught:
        planned(tmp_path, nouns(10), tokenizer=tokenizer, vocabulary=vocabulary)
    assert caught.value.fix


def test_a_large_set_of_characters_is_cut_to_the_frequent_ones_and_said(tmp_path: Path) -> None:
    texts = [chr(0x4E00 + number) * 3 for number in range(50)] + [chr(0x5E00 + number) for number in range(30)]
    plan = planned(tmp_path, texts, tokenizer="characters", vocabulary=51)
    assert plan.notes == ("Only the 50 most frequent of 80 different characters have a token; data.vocabulary decides.",)
    assert plan.tokenizer.encode(texts[49])
    assert plan.tokenizer.encode_many(texts[50:])[1].tolist() == [-1] * 30


def test_many_rare_characters_make_parts_of_words_the_better_choice(tmp_path: Path) -> None:
    rng = random.Random(0)
    texts = ["".join(chr(0x4E00 + rng.randrange(3000)) for _ in range(7)) for _ in range(2000)]
    assert planned(tmp_path, texts).tokenizer.kind == "bpe"
    assert planned(tmp_path, texts, vocabulary=4096).tokenizer.kind == "characters"


def test_100_000_words_are_cut_to_the_vocabulary(tmp_path: Path) -> None:
    known = ["".join(letters) for letters in product("abcdefghij", repeat=5)]
    random.Random(0).shuffle(known)
    texts = [" ".join(known[start : start + 10]) for start in range(0, 100_000, 10)] * 2
    plan = planned(tmp_path, texts, tokenizer="words")
    assert plan.tokenizer.vocabulary == planning.VOCABULARY["words"]
    assert isinstance(plan.tokenizer, Words)
    assert set(plan.tokenizer.words) <= {f" {word}" for word in known}
    assert plan.tokenizer.decode(plan.tokenizer.encode(texts[0])) == texts[0]


def lengths(folder: Path, *counts: tuple[int, int], **config: object) -> tuple[int, bool]:
    texts = [chr(97 + number % 26) * length for count, length in counts for number in range(count)]
    plan = planned(folder, texts, tokenizer="characters", **config)
    return plan.length, plan.cut


def test_the_length_is_enough_for_nearly_all(tmp_path: Path) -> None:
    assert lengths(tmp_path, (100, 20)) == (20, False)
    assert lengths(tmp_path, (996, 20), (4, 40)) == (20, False)
    assert lengths(tmp_path, (990, 20), (10, 40)) == (40, False)
    assert lengths(tmp_path, (996, 20), (4, 25)) == (25, False)  # a little more, and none is left out
    assert lengths(tmp_path, (100, 3)) == (8, False)
    assert lengths(tmp_path, (100, 30), (1, 60), length=25) == (25, True)


def test_a_few_longer_texts_are_skipped_and_many_cut(tmp_path: Path) -> None:
    assert lengths(tmp_path, (90, 30), (10, 200)) == (30, False)
    assert lengths(tmp_path, (89, 30), (11, 200)) == (64, True)
    assert lengths(tmp_path, (89, 30), (11, 200), longer="skip") == (64, False)
    assert lengths(tmp_path, (99, 30), (1, 200), longer="cut") == (30, True)
    assert lengths(tmp_path, (99, 30), (1, 200)) == (30, False)
