"""Files and lines: exact both ways, one line a sample, and robust to strangers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from paragone.errors import DataError
from paragone.spec import Axis, SampleSpec
from paragone_text.artefacts import Lines
from paragone_text.bpe import BytePairs
from paragone_text.characters import Characters
from paragone_text.dataset import spec_of
from paragone_text.tokenizer import Tokenizer
from paragone_text.words import Words

FACTS = {"seed": 7, "label": "Zürich ☂", "config": {"a": [1, 2.5, None]}}
TEXTS = ["new york", "york", "👩‍👧 é", "a"]
LENGTH = 12
KINDS = [
    Characters("".join(sorted(set("".join(TEXTS))))),
    BytePairs.train(TEXTS * 5, 270),
    Words.train(TEXTS * 5, "".join(set("".join(TEXTS))), 60),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.kind)
def kind(request: pytest.FixtureRequest) -> Tokenizer:
    found: Tokenizer = request.param
    return found


def writer(tokens: Tokenizer) -> Lines:
    return Lines(spec_of(tokens, LENGTH))


def sample(tokens: Tokenizer, text: str) -> torch.Tensor:
    found = tokens.encode(text)
    return torch.tensor(found + [0] * (LENGTH - len(found)))


def test_texts_come_back_and_the_file_says_no_more_than_them(kind: Tokenizer) -> None:
    for text in [text for text in TEXTS if len(kind.encode(text)) <= LENGTH]:
        data = writer(kind).encode(sample(kind, text), FACTS)
        assert json.loads(data) == {"text": text, "provenance": FACTS}
        back, facts = writer(kind).decode(data)
        assert back.dtype == torch.int64
        assert torch.equal(back, sample(kind, text))
        assert facts == FACTS


def test_any_tokens_come_back(kind: Tokenizer) -> None:
    rows = torch.randint(kind.vocabulary, (100, LENGTH), generator=torch.Generator().manual_seed(0))
    rows[0] = 0
    for row in rows:
        back, facts = writer(kind).decode(writer(kind).encode(row, {}))
        assert torch.equal(back, row)
        assert facts == {}


@pytest.mark.parametrize("tokens", [Characters("n\u0300"), Words.train(["n", "\u0300"] * 5, "n\u0300", 60)], ids=["characters", "words"])
def test_characters_that_would_be_composed_to_an_unknown_one_come_back(tokens: Tokenizer) -> None:
    row = torch.tensor([*tokens.encode("n"), *tokens.encode("\u0300"), *[0] * (LENGTH - 2)])
    assert torch.equal(writer(tokens).decode(writer(tokens).encode(row, {}))[0], row)


def test_the_same_text_in_other_tokens_stays_so() -> None:
    tokens = KINDS[1]
    letters = torch.tensor([1 + byte for byte in b" new york"] + [0] * 3)
    content = json.loads(writer(tokens).encode(letters, {}))
    assert content["text"] == "new york"
    assert content["tokens"] == letters.tolist()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"text", b"[]", b"{}", b"7", b'{"text": "a"}', b'{"text": 7, "provenance": {}}', b'{"text": "a", "provenance": 7}', 
        b"[" * 100_000,
        b'{"text": "zzz", "provenance": {}}', b'{"text": "aaaaaaaaaaaaa", "provenance": {}}', b'{"tokens": [1, 2], "provenance": {}}',
        b'{"tokens": ["a"], "provenance": {}}', b'{"tokens": [99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "provenance": {}}',
        b'{"tokens": [-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "provenance": {}}', b'{"text": "\\ud800", "provenance": {}}', b"\xff",
    ],
)  # fmt: skip
def test_strangers_are_refused(data: bytes) -> None:
    with pytest.raises(DataError, match="no text of this run") as caught:
        writer(KINDS[0]).decode(data)
    assert caught.value.fix


def test_a_line_is_one_line() -> None:
    tokens = BytePairs([])
    text = "a\nb\r\tc\x1b[0m\u2028d\0"
    row = torch.tensor([*tokens.encode(text), 0])
    lines = Lines(spec_of(tokens, len(row)))
    assert lines.line(row) == "a b  c [0m d "
    assert lines.sheet(row[None], 1, (), {}) == b"a b  c [0m d \n"
    assert json.loads(lines.encode(row, {}))["text"] == text
    assert Lines(spec_of(tokens, 3)).line(torch.tensor([1 + 0xC3, 1 + 0xC3, 0])) == "\ufffd\ufffd"


def test_a_sheet_is_read_from_top_to_bottom() -> None:
    tokens = KINDS[0]
    samples = torch.stack([sample(tokens, text) for text in ("new york", "york", "a", "new", "yo")])
    lines = writer(tokens)
    assert lines.sheet(samples, 2, (), {}).decode() == "new york\nyork\na\nnew\nyo\n"
    rows = "Britain\n  new york\n  york\n\nJa pan\n  a\n  new\n\nItaly\n  yo\n"
    assert lines.sheet(samples, 2, ("Britain", "Ja\npan", "Italy"), {}).decode() == rows
    sheet = lines.sheet(samples, 8, (), FACTS).decode()
    assert json.loads(sheet.splitlines()[-1]) == FACTS
    with pytest.raises(ValueError, match="at least 1 column"):
        lines.sheet(samples, 0, (), {})


@pytest.mark.parametrize("wrong", [torch.zeros(3, 5, dtype=torch.int64), torch.zeros(3, LENGTH), torch.full((3, LENGTH), 10_000)])
def test_other_samples_are_refused(wrong: torch.Tensor) -> None:
    calls: list[Any] = [
        lambda: writer(KINDS[0]).sheet(wrong, 1, (), {}),
        lambda: writer(KINDS[0]).encode(wrong[0], {}),
        lambda: writer(KINDS[0]).line(wrong[0]),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="expected"):
            call()


def test_only_texts_can_be_written() -> None:
    with pytest.raises(ValueError, match="description of a text"):
        Lines(SampleSpec((Axis("position", 4, "tokens", vocabulary=3),), "int64", 0, 2))
