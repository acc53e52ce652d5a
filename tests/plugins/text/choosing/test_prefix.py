from __future__ import annotations

import pytest
import torch

from paragone.errors import UsageError
from paragone_text.bpe import BytePairs
from paragone_text.characters import Characters
from paragone_text.prefix import allowed_tokens, tokens_of
from paragone_text.tokenizer import Tokenizer
from paragone_text.words import Words

LETTERS = Characters(" ABCabcdefghlnorstuü'")
PLACES = ["New York", "New Yorkshire", "New London", "London", "Long Lane", "Yosemite", "Lyon", "Newton"] * 5


def texts(kind: Tokenizer, allowed: torch.Tensor) -> list[set[str]]:
    """What each position may hold, as text."""
    return [{kind.decode([1, token]).removeprefix(kind.decode([1])) for token in row.nonzero()[:, 0].tolist()} for row in allowed]


def test_of_characters_each_is_forced() -> None:
    allowed = allowed_tokens(LETTERS, "Bur'", 12)
    assert allowed.sum(1).tolist() == [1, 1, 1, 1]
    assert allowed.long().argmax(1).tolist() == LETTERS.encode("Bur'")


def test_a_prefix_in_another_form_of_unicode_is_the_same() -> None:
    assert torch.equal(allowed_tokens(LETTERS, "u\u0308b", 12), allowed_tokens(LETTERS, "üb", 12))


def test_of_words_the_last_may_go_on() -> None:
    words = Words.train(PLACES, " LNYeghikmnorstw", 40)
    allowed = allowed_tokens(words, "New Yo", 12)
    forced, last = texts(words, allowed)
    assert forced == {" New"}
    assert last == {" York", " Yorkshire", " Yosemite"} | {" "}  # or spelt out: then it begins with the space
    assert texts(words, allowed_tokens(words, "New ", 12))[1] >= {" York", " London", " "}


@pytest.mark.parametrize("prefix", ["New Yo", "New ", "L", "Lo", "London", "Newt", "ﬁ", "Ü", "東京", "New York, "])
@pytest.mark.parametrize("vocabulary", [257, 280, 400])
def test_of_parts_of_words_every_way_to_write_it_that_the_mask_promises_is_there(prefix: str, vocabulary: int) -> None:
    parts = BytePairs.train(PLACES, vocabulary)
    allowed = allowed_tokens(parts, prefix, 24)
    own = parts.encode(prefix)
    forced = len(allowed) - 1
    assert allowed[:forced].sum(1).tolist() == [1] * forced
    assert allowed[torch.arange(forced + 1), own[: forced + 1]].all()
    assert not allowed[:, 0].any()
    reached = 0
    for token in range(1, parts.vocabulary):
        text = parts.decode([*own[:forced], token])
        if allowed[forced, token] and token != own[forced]:
            assert text.startswith(prefix) or prefix.startswith(text)
        elif not allowed[forced, token]:
            assert not text.startswith(prefix)
        reached += text.startswith(prefix)
    assert reached > 0


def test_a_word_that_is_one_token_can_follow() -> None:
    parts = BytePairs.train(PLACES, 400)
    (london,) = parts.encode("London")
    allowed = allowed_tokens(parts, "Lon", 12)
    assert len(allowed) == 1
    assert allowed[0, london]


def test_an_unknown_character_is_named_and_known_ones_near_it() -> None:
    with pytest.raises(UsageError) as caught:
        allowed_tokens(LETTERS, "Bú", 12)
    assert str(caught.value) == (
        "prefix: 'ú' (U+00FA LATIN SMALL LETTER U WITH ACUTE) is not in the vocabulary\n"
        "The run was trained on texts without it. Near it, they have: ü u"
    )
    with pytest.raises(UsageError, match=r"suffix: 'X' .*\n.*they have: a b c d e f$"):
        tokens_of(LETTERS, "oX", "suffix")


def test_a_prefix_longer_than_a_text() -> None:
    assert allowed_tokens(LETTERS, "Bath", 4).shape == (4, LETTERS.vocabulary)
    with pytest.raises(UsageError, match=r"prefix: is longer than a text of this run can be: 5 tokens\nGive a shorter one: at most 4 "):
        allowed_tokens(LETTERS, "Baths", 4)
