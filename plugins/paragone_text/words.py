"""One token a word, with the space before it; a rare word is spelt out, so that there is no unknown one."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from .tokenizer import UnknownCharacter, normal, until_end

APOSTROPHES = "'’"
"""They hold a word together, as in "don't"."""


class Words:
    """See :class:`.tokenizer.Tokenizer`; the characters come first, then the words.

    A text is written with a space before it, so that a word is the same at its beginning
    and inside; a punctuation mark is a word. What is no word of the vocabulary is written
    character by character. The usual token for unknown words would be generated as often as
    it is seen, and nobody could say what it means.

    Args:
        characters: each once, the space among them.
        words: each once, none a single character.

    Raises:
        ValueError: if they are not so.
    """

    kind = "words"

    def __init__(self, characters: str, words: Sequence[str]) -> None:
        parts = [*characters, *words]
        if not isinstance(characters, str) or " " not in characters or len(set(parts)) != len(parts) or not all(words):
            raise ValueError("characters and words are given once each, the space among them")
        self.characters, self.words = characters, list(words)
        self.vocabulary = len(parts) + 1
        self._parts = ["", *parts]
        self._tokens = {part: 1 + place for place, part in enumerate(parts)}
        self._pieces = pattern(characters)

    @classmethod
    def train(cls, texts: Iterable[str], characters: str, vocabulary: int) -> Words:
        """The most frequent words of ``texts``, of those that occur twice or more, until there are ``vocabulary`` tokens.

        Args:
            texts: to count in.
            characters: of the corpus, most of the vocabulary at most; a space is added.
            vocabulary: upper limit.
        """
        characters = "".join(sorted({*characters, " "}))
        pieces = pattern(characters)
        counts = Counter(chain.from_iterable(pieces.findall(f" {text}") for text in texts))
        often = [(-count, word) for word, count in counts.items() if count > 1 and len(word) > 1]
        room = max(0, vocabulary - 1 - len(characters))
        return cls(characters, [word for _, word in sorted(often)[:room]])

    def encode(self, text: str) -> list[int]:
        """See :meth:`.tokenizer.Tokenizer.encode`."""
        tokens: list[int] = []
        for piece in self._pieces.findall(f" {normal(text)}" if text else ""):
            token = self._tokens.get(piece)
            if token is not None:
                tokens.append(token)
                continue
            for character in piece:
                if character not in self._tokens:
                    raise UnknownCharacter(character)
                tokens.append(self._tokens[character])
        return tokens

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """See :meth:`.tokenizer.Tokenizer.encode_many`."""
        found: list[list[int]] = []
        lengths = np.empty(len(texts), np.int64)
        for place, text in enumerate(texts):
            try:
                found.append(self.encode(text))
                lengths[place] = len(found[-1])
            except UnknownCharacter:
                lengths[place] = -1
        return np.fromiter(chain.from_iterable(found), np.int64, sum(map(len, found))), lengths

    def decode(self, tokens: Sequence[int]) -> str:
        """See :meth:`.tokenizer.Tokenizer.decode`."""
        return "".join(self._parts[token] for token in until_end(tokens)).removeprefix(" ")

    def to_json(self) -> str:
        """See :meth:`.tokenizer.Tokenizer.to_json`."""
        return json.dumps({"kind": self.kind, "characters": self.characters, "words": self.words}, ensure_ascii=False)


def pattern(characters: str) -> re.Pattern[str]:
    """What splits a text of these characters into words, marks and white space, leaving nothing out.

    Python's own ``\\w`` ends a word at a combining mark, which many scripts write their vowels
    with: here a word ends at white space, punctuation and symbols.
    """
    marks = "".join(re.escape(character) for character in {*characters, *APOSTROPHES} if unicodedata.category(character)[0] in "PS")
    word = rf"[^\s{marks}]+"
    return re.compile(rf" ?{word}(?:[{APOSTROPHES}]{word})*| ?[{marks}]|\s")
