"""Captions of contact sheets, in what a font has. No torch, and no drawing: a font is whatever can measure and draw letters."""

from __future__ import annotations

import unicodedata
from typing import Any, Protocol

_LONGEST = 200
"""Letters that are looked at: no sheet is so wide, and a label may be a whole text."""

NO_LETTER = "\uffff"
"""No font has it: what is drawn for it is drawn for every letter that is missing."""


class Font(Protocol):
    """What is asked of a font; Pillow's are such."""

    def getlength(self, text: str, /) -> float:
        """Width of a text in pixels."""
        ...

    def getmask(self, text: str, /) -> Any:
        """What it looks like."""
        ...


def caption(text: str, row: int, font: Font, width: float) -> str:
    """``text`` as it can be written beside row ``row``, counted from 0.

    Letters that the font has not lose their accents; where one is still missing, the row's number
    stands for all of it, so that labels in any alphabet can be told apart. What is wider than
    ``width`` pixels ends with an ellipsis.
    """
    missing = list(font.getmask(NO_LETTER))

    def known(letter: str) -> bool:
        return letter.isspace() or list(font.getmask(letter)) != missing

    text = text[:_LONGEST]
    plain = "".join(letter if known(letter) else _unaccented(letter) for letter in " ".join(text.split()))
    text = plain if all(map(known, plain)) else f"label {row + 1}"
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _unaccented(letter: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
