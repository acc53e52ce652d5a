"""Tokenizers: texts to whole numbers and back. A run keeps its own, inside the description of its samples."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from paragone.spec import SampleSpec

END = 0
"""Ends a text and fills up what is left: the padding of every vocabulary."""

TRAIT = "tokenizer"
"""Where a sample's description keeps its tokenizer."""


class UnknownCharacter(ValueError):
    """A text with a character that the tokenizer has no token for.

    Args:
        character: the first one.
    """

    def __init__(self, character: str) -> None:
        self.character = character
        name = unicodedata.name(character, "")
        super().__init__(f"{character!r} (U+{ord(character):04X}{f' {name}' if name else ''}) is not in the vocabulary")


class Tokenizer(Protocol):
    """Reads back what it wrote: ``decode(encode(text))`` is ``text`` in Unicode's form NFC.

    So two texts have the same tokens if, and only if, they are the same.

    Attributes:
        kind: ``"characters"``, ``"bpe"`` or ``"words"``.
        vocabulary: number of different tokens, :data:`END` among them.
    """

    kind: str
    vocabulary: int

    def encode(self, text: str) -> list[int]:
        """The tokens of ``text``, without :data:`END`.

        Raises:
            UnknownCharacter: if there is no token for a part of it.
        """
        ...

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The tokens of many texts, each as :meth:`encode` gives them.

        Args:
            texts: in form NFC.

        Returns:
            All tokens one after another, ``(T,)``, and how many each text has, ``(len(texts),)``:
            -1 where :meth:`encode` would raise, and then it has none.
        """
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of ``tokens``, up to the first :data:`END`: any tokens have one."""
        ...

    def to_json(self) -> str:
        """All of it as one text; :func:`from_json` reads it back."""
        ...


def normal(text: str) -> str:
    """``text`` in Unicode's form NFC: what looks the same is written the same."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def until_end(tokens: Sequence[int]) -> list[int]:
    """``tokens`` before the first :data:`END`, as Python's own whole numbers."""
    plain = [int(token) for token in tokens]
    return plain[: plain.index(END)] if END in plain else plain


@lru_cache(maxsize=8)
def from_json(text: str) -> Tokenizer:
    """What :meth:`Tokenizer.to_json` wrote.

    Raises:
        ValueError: if it is no tokenizer.
    """
    from . import bpe, characters, words

    kinds = {"characters": characters.Characters, "bpe": bpe.BytePairs, "words": words.Words}
    try:
        facts = json.loads(text)
        read = kinds[facts.pop("kind")]
        return read(**facts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{text[:40]!r} … describes no tokenizer ({error})") from error


def of(spec: SampleSpec) -> Tokenizer:
    """The tokenizer of samples of ``spec``; the same object each time.

    Raises:
        ValueError: if they are no texts.
    """
    if TRAIT not in spec.traits:
        raise ValueError(f"expected the description of a text, with its tokenizer, got {spec}")
    return from_json(spec.traits[TRAIT])
