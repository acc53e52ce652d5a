"""Which key plays what: the drum notes of General MIDI, found by an instrument's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paragone.errors import UsageError

KEYS = 128
"""Notes of MIDI."""

FREE_FROM = 60
"""Instruments that General MIDI has no drum for are put here and upwards, then downwards: middle C is the middle of a keyboard."""

_DRUMS = (
    # the first line of which all words are in the name holds
    (46, "open hat"), (46, "open hihat"), (46, "open hi hat"), (46, "open hh"), (46, "openhat"), (46, "ohh"), (46, "oh"),
    (44, "pedal hat"), (44, "pedal hihat"), (44, "pedal hh"),
    (42, "hat"), (42, "hihat"), (42, "hh"), (42, "chh"), (42, "closedhat"), (42, "ch"),
    (53, "ride bell"), (51, "ride"), (52, "china"), (55, "splash"), (49, "crash"), (49, "cymbal"),
    (37, "rim"), (37, "rimshot"), (37, "sidestick"), (37, "stick"),
    (38, "snare"), (38, "sd"), (39, "clap"), (39, "handclap"),
    (41, "floor tom"), (50, "high tom"), (50, "hi tom"), (47, "mid tom"), (45, "tom"),
    (56, "cowbell"), (56, "cow bell"), (54, "tambourine"), (61, "low bongo"), (60, "bongo"), (64, "low conga"), (63, "conga"),
    (65, "timbale"), (67, "agogo"), (69, "cabasa"), (70, "maraca"), (70, "shaker"), (73, "guiro"), (75, "clave"),
    (76, "woodblock"), (76, "wood block"), (81, "triangle"),
    (36, "kick"), (36, "kickdrum"), (36, "bassdrum"), (36, "bass drum"), (36, "bd"), (36, "kd"),
)  # fmt: skip
"""Notes of the General MIDI 1 percussion key map, and words that mean them."""

_BASS_DRUM = 36


def give_notes(names: Sequence[str]) -> list[int]:
    """A note for each name, none of them twice; the first of two that mean the same drum has it.

    Args:
        names: of instruments.

    Returns:
        MIDI note numbers, 0 to 127.

    Raises:
        UsageError: if they are more than there are notes.
    """
    if len(names) > KEYS:
        raise UsageError(f"{len(names)} labels are too many, there are {KEYS} keys", where="--kit", fix="Make a kit of one with --label.")
    notes: dict[int, int] = {}  # note → which instrument
    for index, name in enumerate(names):
        drum = drum_of(name)
        if drum is not None:
            notes.setdefault(drum, index)
    free = (note for note in (*range(FREE_FROM, KEYS), *range(FREE_FROM - 1, -1, -1)) if note not in notes)
    placed = {index: note for note, index in notes.items()}
    return [placed[index] if index in placed else next(free) for index in range(len(names))]


def drum_of(name: str) -> int | None:
    """The drum that ``name`` means, ``None`` if it is none; ``SnareDrums 2`` is a snare, ``that`` no hat, ``bass`` a drum if alone."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    if words == ["bass"]:
        return _BASS_DRUM
    words += [word.removesuffix(plural) for word in words for plural in ("s", "es")]
    return next((note for note, drum in _DRUMS if all(part in words for part in drum.split())), None)
