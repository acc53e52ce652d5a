"""One token a character: for names and other short texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .tokenizer import UnknownCharacter, normal, until_end


class Characters:
    """See :class:`.tokenizer.Tokenizer`; character number i is token i + 1.

    A character is a Unicode code point: an emoji of several is several tokens.

    Args:
        characters: each once.

    Raises:
        ValueError: if there is none, or one twice.
    """

    kind = "characters"

    def __init__(self, characters: str) -> None:
        if not isinstance(characters, str) or not characters or len(set(characters)) != len(characters):
            raise ValueError("a set of characters has each once, and at least one")
        self.characters = characters
        self.vocabulary = len(characters) + 1
        self._tokens = {character: 1 + place for place, character in enumerate(characters)}

    def encode(self, text: str) -> list[int]:
        """See :meth:`.tokenizer.Tokenizer.encode`."""
        try:
            return [self._tokens[character] for character in normal(text)]
        except KeyError as error:
            raise UnknownCharacter(error.args[0]) from None

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """See :meth:`.tokenizer.Tokenizer.encode_many`."""
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
        tokens = self._table[np.minimum(points, len(self._table) - 1)]
        if tokens.all():
            return tokens, lengths
        owner = np.repeat(np.arange(len(texts)), lengths)
        bad = np.zeros(len(texts), np.bool_)
        bad[owner[tokens == 0]] = True
        return tokens[~bad[owner]], np.where(bad, -1, lengths)

    def decode(self, tokens: Sequence[int]) -> str:
        """See :meth:`.tokenizer.Tokenizer.decode`."""
        return "".join(self.characters[token - 1] for token in until_end(tokens))

    def to_json(self) -> str:
        """See :meth:`.tokenizer.Tokenizer.to_json`."""
        return json.dumps({"kind": self.kind, "characters": self.characters}, ensure_ascii=False)

    @cached_property
    def _table(self) -> NDArray[np.int64]:
        """Token of each code point, 0 for none; the last entry stands for all that follow."""
        points = np.frombuffer(self.characters.encode("utf-32-le", "surrogatepass"), "<u4")
        table = np.zeros(int(points.max()) + 2, np.int64)
        table[points] = np.arange(1, self.vocabulary)
        return table
