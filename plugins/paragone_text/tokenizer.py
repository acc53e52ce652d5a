"""Tokenizers: texts to whole numbers and back. A run keeps its own, inside the description of its samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

END = 0
"""Ends a text and fills up what is left: the padding of every vocabulary."""


class Tokenizer(Protocol):
    """Attributes:
    kind: ``"characters"``, ``"bpe"`` or ``"words"``.
    vocabulary: number of different tokens, :data:`END` among them.
    """

    kind: str
    vocabulary: int

    def encode(self, text: str) -> list[int]:
        """The tokens of ``text``, without :data:`END`."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of ``tokens``, up to the first :data:`END`."""
        ...

    def to_json(self) -> str:
        """All of it as one text; :func:`from_json` reads it back."""
        ...
