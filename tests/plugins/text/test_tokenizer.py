"""Texts to tokens and back: exact, for every script, and the same when read from JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from paragone.spec import Axis, SampleSpec
from paragone_text import tokenizer
from paragone_text.bpe import BytePairs, _letters
from paragone_text.characters import Characters
from paragone_text.dataset import spec_of
from paragone_text.tokenizer import Tokenizer, UnknownCharacter
from paragone_text.words import Words, pattern

HARD = [
    "Saint-Étienne", "a", "  two  spaces ", "don't, won't; can’t!", "x²+y²=z²", '"quoted" (bracketed)', "naïve Ångström", "ﬁn",
    "שלום עולם", "مرحبا بالعالم", "abc \u202eright to left\u202c", "नमस्ते दुनिया", "สวัสดี", "東京都 新宿区", "\u00a0no-break\u3000wide",
    "👩‍👩‍👧‍👦 family", "👍🏽", "🇫🇮🇯🇵", "❤️‍🔥", "e\u0301 and \u00e9", "q\u0323\u0307", "Zalgo H\u0351\u0352e", "<end>",
    "\\n {} []^-", "'", "1,000.50",
]  # fmt: skip
"""Scripts from right to left, combining characters, emoji of several code points, and marks that mean something elsewhere."""

NORMAL = [unicodedata.normalize("NFC", text) for text in HARD]
CHARACTERS = "".join(sorted(set("".join(NORMAL))))


def tokenizers() -> list[Tokenizer]:
    return [Characters(CHARACTERS), BytePairs.train(NORMAL * 3, 400), Words.train(NORMAL * 3, CHARACTERS, 400)]


@pytest.fixture(params=tokenizers(), ids=lambda each: each.kind)
def each(request: pytest.FixtureRequest) -> Tokenizer:
    found: Tokenizer = request.param
    return found


def test_every_text_comes_back(each: Tokenizer) -> None:
    for given, normal in zip(HARD, NORMAL, strict=True):
        tokens = each.encode(given)
        assert each.decode(tokens) == normal
        assert min(tokens) > tokenizer.END
        assert max(tokens) < each.vocabulary


def test_many_at_once_are_the_same(each: Tokenizer) -> None:
    tokens, lengths = each.encode_many(NORMAL)
    assert tokens.dtype == lengths.dtype == np.int64
    ends = lengths.cumsum()
    assert [tokens[end - length : end].tolist() for end, length in zip(ends, lengths, strict=True)] == [
        each.encode(text) for text in NORMAL
    ]
    assert [part.tolist() for part in each.encode_many([])] == [[], []]


def test_json_gives_it_back(each: Tokenizer) -> None:
    again = tokenizer.from_json(each.to_json())
    assert (again.kind, again.vocabulary, again.to_json()) == (each.kind, each.vocabulary, each.to_json())
    assert [again.encode(text) for text in HARD] == [each.encode(text) for text in HARD]


def test_reading_stops_at_the_end(each: Tokenizer) -> None:
    tokens = each.encode("family")
    assert each.decode([*tokens, 0, *tokens, 0]) == "family"
    assert each.decode(np.array([*tokens, 0], np.int64)) == "family"
    assert each.decode([0, 0]) == each.decode([]) == ""
    assert each.encode("") == []


def test_any_tokens_can_be_read(each: Tokenizer) -> None:
    rows = np.random.default_rng(0).integers(0, each.vocabulary, (200, 12)).tolist()
    assert all(each.decode(row).encode().decode() == each.decode(row) for row in rows)
    assert len(each.decode(list(range(1, each.vocabulary)))) > 100


def test_a_spec_keeps_its_tokenizer(each: Tokenizer) -> None:
    spec = SampleSpec.from_json(json.loads(json.dumps(spec_of(each, 12).to_json())))
    assert tokenizer.of(spec).encode("a") == each.encode("a")
    assert tokenizer.of(spec) is tokenizer.of(spec)


def test_what_is_no_text_has_no_tokenizer() -> None:
    with pytest.raises(ValueError, match="description of a text"):
        tokenizer.of(SampleSpec((Axis("height", 3, "pixels"),)))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "{}", '{"kind": "runes"}', '{"kind": "characters"}', '{"kind": "characters", "characters": ""}',
        '{"kind": "characters", "characters": "aa"}', '{"kind": "characters", "characters": 7}', '{"kind": "bpe", "merges": ["ab"]}',
        '{"kind": "bpe", "merges": ["ab c"]}', '{"kind": "bpe", "merges": 7}', '{"kind": "words", "characters": "ab", "words": []}',
        '{"kind": "words", "characters": "a ", "words": ["a"]}', '{"kind": "words", "characters": "a ", "words": [""]}',
        '{"kind": "bpe", "merges": [], "more": 1}',
    ],
)  # fmt: skip
def test_what_describes_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no tokenizer"):
        tokenizer.from_json(text)


@pytest.mark.parametrize("kind", [Characters("abc "), Words("abc ", ["abc"])])
def test_an_unknown_character_is_named(kind: Tokenizer) -> None:
    with pytest.raises(UnknownCharacter, match=r"'ß' \(U\+00DF LATIN SMALL LETTER SHARP S\) is not in the vocabulary") as caught:
        kind.encode("aßc")
    assert caught.value.character == "ß"
    with pytest.raises(UnknownCharacter):
        kind.encode("\U0010ffff")
    tokens, lengths = kind.encode_many(["ab", "ß", "c\U0001f600c", "c"])
    assert lengths.tolist() == [len(kind.encode("ab")), -1, -1, len(kind.encode("c"))]
    assert tokens.tolist() == kind.encode("ab") + kind.encode("c")


def test_a_character_is_its_place_in_the_set() -> None:
    assert Characters("xyz").encode("zyx") == [3, 2, 1]
    assert Characters("xyz").vocabulary == 4


def replay(parts: list[bytes], pair: tuple[bytes, bytes]) -> None:
    """Merge ``pair`` wherever it stands, from the left."""
    place = 0
    while place < len(parts) - 1:
        if (parts[place], parts[place + 1]) == pair:
            parts[place : place + 2] = [pair[0] + pair[1]]
        place += 1


def test_each_merge_is_the_most_frequent_pair_and_is_applied_in_turn() -> None:
    """Algorithm 1 of Sennrich et al. (2016), step by step, word by word."""
    texts = ["low"] * 5 + ["lower low"] * 2 + ["newest"] * 6 + ["widest wide"] * 3 + ["é"] * 7
    words = Counter(word for text in texts for word in f" {text}".replace(" ", "| ").strip("|").split("|"))
    split = {word: [bytes([byte]) for byte in word.encode()] for word in words}
    trained = BytePairs.train(texts, 257 + 12)
    spelt = {letter: bytes([byte]) for byte, letter in enumerate(_letters())}
    for merge in trained.merges:
        first, second = (b"".join(spelt[letter] for letter in part) for part in merge.split(" "))
        pairs: Counter[tuple[bytes, bytes]] = Counter()
        for word, parts in split.items():
            for pair in pairwise(parts):
                pairs[pair] += words[word]
        assert pairs[first, second] == max(pairs.values())
        for parts in split.values():
            replay(parts, (first, second))
    assert len(trained.merges) == 12
    for word, parts in split.items():
        assert [trained._bytes[token] for token in trained.encode(word.strip())] == parts


def test_bytes_come_first_and_any_text_has_tokens() -> None:
    bare = BytePairs([])
    assert bare.vocabulary == 257
    assert bare.encode("é") == [1 + ord(" "), 1 + 0xC3, 1 + 0xA9]
    trained = BytePairs.train(["only ascii here"] * 9, 300)
    for text in NORMAL:
        assert trained.decode(trained.encode(text)) == text


def test_broken_bytes_are_read_as_such() -> None:
    assert BytePairs([]).decode([1 + 0xC3, 1 + ord("a")]) == "\ufffda"


def test_a_word_is_the_same_at_the_beginning_and_inside() -> None:
    for trained in (BytePairs.train(["york new york york"] * 9, 300), Words.train(["york new york york"] * 9, "newyork ", 50)):
        assert trained.encode("york new york york")[:1] * 2 == trained.encode("york york")


def test_learning_does_not_depend_on_the_process() -> None:
    code = (
        "from paragone_text.bpe import BytePairs; import hashlib; "
        "texts = [f'{a}{b} {b}{a}' for a in ('ab', 'cd', 'ef', 'gh') for b in ('ij', 'kl', 'mn')] * 3; "
        "print(hashlib.sha256(BytePairs.train(texts, 330).to_json().encode()).hexdigest())"
    )
    results = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **more}).stdout
        for more in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "TOKENIZERS_PARALLELISM": "false"})
    }
    assert len(results) == 1


def test_rare_words_are_spelt_out_and_frequent_ones_are_one_token() -> None:
    texts = ["the cat sat.", "the dog sat.", "the emu ran."]
    trained = Words.train(texts, "".join(set("".join(texts))), 100)
    assert trained.words == [" the", " sat"]
    assert len(trained.encode("the cat sat.")) == 1 + len(" cat") + 1 + 1
    assert trained.decode(trained.encode("the cat ran.")) == "the cat ran."


def test_the_most_frequent_words_fit_the_vocabulary() -> None:
    texts = ["aa aa aa bb bb cc cc cc cc dd"]
    assert Words.train(texts, "abcd", 1 + 5 + 2).words == [" cc", " aa"]
    assert Words.train(texts, "abcd", 3).words == []


def test_words_are_split_where_a_reader_would() -> None:
    split = pattern("".join(CHARACTERS))
    assert split.findall(" don't stop (now), 1,000 €!") == [" don't", " stop", " (", "now", ")", ",", " 1", ",", "000", " €", "!"]
    assert split.findall(" नमस्ते दुनिया") == [" नमस्ते", " दुनिया"]
    for text in NORMAL:
        assert "".join(split.findall(text)) == text
