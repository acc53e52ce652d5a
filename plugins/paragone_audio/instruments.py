"""What a drum kit consists of, and names that every format of kits can hold. No torch."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """One sound of an instrument.

    Attributes:
        name: of its file, ASCII, without folder.
        data: the file.
    """

    name: str
    data: bytes


@dataclass(frozen=True)
class Instrument:
    """What one key plays.

    Attributes:
        name: on one line.
        note: MIDI note number.
        voices: taken in turns, 1 or more.
    """

    name: str
    note: int
    voices: Sequence[Voice]


@dataclass(frozen=True)
class Kit:
    """Instruments and what is known of them.

    Attributes:
        name: on one line.
        folder: of the sounds, beside the SFZ file.
        instruments: 1 or more, each with a note of its own.
        length: samples of every sound.
        loop: whether a sound goes on until its key is let go.
        facts: JSON-serialisable provenance of them all.
    """

    name: str
    folder: str
    instruments: Sequence[Instrument]
    length: int
    loop: bool
    facts: Mapping[str, object]


def one_line(text: str) -> str:
    """``text`` without anything that cannot be printed; it may be a folder's name and hold a newline."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()) or "unnamed"


def plain(text: str) -> str:
    """``text`` as part of a file's name that every system and archive takes: ASCII letters, digits and dashes."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-")[:60] or "sound"
