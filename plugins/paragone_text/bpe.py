"""Byte pair encoding of UTF-8: any text can be written, and what is frequent is short.

Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword
Units" (2016), on bytes instead of characters. The library ``tokenizers`` learns the
merges and applies them; what a run keeps is the list of them and nothing of the library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .tokenizer import normal, until_end

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Library
    from tokenizers.models import Model

LEAST = 257
"""Smallest vocabulary: the end and every byte."""

_PIECES = r" ?[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s"
"""No merge crosses from one of these to the next: a word with the space before it, a number, marks, white space."""


def _letters() -> list[str]:
    """A printable letter for each byte, as the library and everybody since GPT-2 writes them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) if byte in printable else chr(256 + others.index(byte)) for byte in range(256)]


def _spaced(text: str) -> str:
    return f" {text}" if text else ""


class BytePairs:
    """See :class:`.tokenizer.Tokenizer`; byte b is token b + 1, what is merged follows.

    A text is written with a space before it, so that a word is the same at its beginning
    and inside. Tokens that form no UTF-8 are read with U+FFFD in the place of what is wrong.

    Args:
        merges: two parts with a space between them, in the order in which they are applied.

    Raises:
        ValueError: if a part is neither a byte nor merged before.
    """

    kind = "bpe"

    def __init__(self, merges: Sequence[str]) -> None:
        letters = _letters()
        ids = {letter: byte for byte, letter in enumerate(letters)}
        for merge in merges:
            first, space, second = merge.partition(" ")
            if not space or first not in ids or second not in ids:
                raise ValueError(f"{merge!r} merges what is not there")
            ids.setdefault(first + second, len(ids))
        self.merges, self.vocabulary = list(merges), len(ids) + 1
        byte = {letter: bytes([number]) for number, letter in enumerate(letters)}
        self._bytes = [b"", *(b"".join(byte[letter] for letter in part) for part in ids)]
        self._ids = ids

    @classmethod
    def train(cls, texts: Iterable[str], vocabulary: int) -> BytePairs:
        """The merges that shorten ``texts`` most, for at most ``vocabulary`` tokens (:data:`LEAST` or more)."""
        from tokenizers import models, trainers

        library = _library(models.BPE())
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary - 1, min_frequency=2, show_progress=False, initial_alphabet=_letters(), special_tokens=[]
        )
        library.train_from_iterator((_spaced(text) for text in texts), trainer)
        return cls([" ".join(pair) for pair in json.loads(library.to_str())["model"]["merges"]])

    def encode(self, text: str) -> list[int]:
        """See :meth:`.tokenizer.Tokenizer.encode`; every text has tokens."""
        return [number + 1 for number in self._encoder.encode(_spaced(normal(text))).ids]

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """See :meth:`.tokenizer.Tokenizer.encode_many`."""
        found = [encoding.ids for encoding in self._encoder.encode_batch_fast([_spaced(text) for text in texts])]
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        return np.fromiter(chain.from_iterable(found), np.int64, int(lengths.sum())) + 1, lengths

    def decode(self, tokens: Sequence[int]) -> str:
        """See :meth:`.tokenizer.Tokenizer.decode`."""
        return b"".join(self._bytes[token] for token in until_end(tokens)).decode("utf-8", "replace").removeprefix(" ")

    def to_json(self) -> str:
        """See :meth:`.tokenizer.Tokenizer.to_json`."""
        return json.dumps({"kind": self.kind, "merges": self.merges}, ensure_ascii=False)

    @cached_property
    def _encoder(self) -> Library:
        from tokenizers import models

        return _library(models.BPE(vocab=self._ids, merges=[(first, second) for first, second in map(str.split, self.merges)]))


def _library(model: Model) -> Library:
    from tokenizers import Regex, Tokenizer, pre_tokenizers

    library = Tokenizer(model)
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_PIECES), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    return library
