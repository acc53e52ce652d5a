"""Which tokens suit a corpus, how many of them, and how many in a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paragone.errors import UsageError

from . import bpe
from .bpe import BytePairs
from .characters import Characters
from .config import TextData
from .survey import Survey
from .tokenizer import Tokenizer
from .words import Words

SHORT = 32
"""Characters: where nine texts in ten are no longer, a token is a character."""

RARE = 0.001
"""Share of a corpus that may consist of characters without a token, for characters to be chosen."""

VOCABULARY = {"characters": 1024, "words": 8192}
"""Largest vocabularies if nobody says otherwise; that of bpe depends on the corpus."""

NEARLY_ALL = 0.995
"""Share of the texts that a length is to suffice for."""

LENGTHS = (8, 64)
"""Lengths are chosen between these."""

MANY = 0.1
"""From this share on longer texts are cut, not skipped: else too much of the corpus would be lost."""

_MEASURED = 20_000
"""Texts whose length is measured."""


@dataclass(frozen=True)
class Plan:
    """How texts become samples.

    Attributes:
        tokenizer: of all texts.
        length: L, most tokens in a text.
        cut: whether longer ones are cut; else they are skipped.
        notes: what a user should know about it.
    """

    tokenizer: Tokenizer
    length: int
    cut: bool
    notes: tuple[str, ...] = ()


def plan(found: Survey, config: TextData) -> Plan:
    """Choose what ``config`` leaves open, for the corpus that was ``found``.

    Raises:
        UsageError: if the vocabulary is too small for the tokenizer.
    """
    common = np.argsort(-found.characters, kind="stable")[: np.count_nonzero(found.characters)]
    kind = config.tokenizer if config.tokenizer != "auto" else _kind(found, common, config)
    tokenizer, notes = _tokenizer(kind, found, common, config)
    lengths = tokenizer.encode_many(found.sample[:_MEASURED])[1]
    length, cut = _length(lengths[lengths > 0], config)
    if config.tokenizer == "auto":
        named = {"characters": "characters", "bpe": "parts of words (bpe)"}[kind]
        notes.insert(0, f"Tokens are {named}, {tokenizer.vocabulary:,} different, up to {length} in a text; data.tokenizer decides.")
    return Plan(tokenizer, length, cut, tuple(notes))


def as_before(tokenizer: Tokenizer, length: int, found: Survey, config: TextData) -> Plan:
    """The plan for samples like those of a tokenizer and length that there are already."""
    lengths = tokenizer.encode_many(found.sample[:_MEASURED])[1]
    return Plan(tokenizer, length, _cut(lengths[lengths > 0], length, config))


def _kind(found: Survey, common: NDArray[np.intp], config: TextData) -> str:
    usual = np.quantile([len(text) for text in found.sample], 0.9)
    kept = (config.vocabulary or VOCABULARY["characters"]) - 1
    rare = found.characters[common[kept:]].sum() / found.characters.sum()
    return "characters" if usual <= SHORT and rare <= RARE else "bpe"


def _tokenizer(kind: str, found: Survey, common: NDArray[np.intp], config: TextData) -> tuple[Tokenizer, list[str]]:
    if kind == "bpe":
        vocabulary = config.vocabulary or _bpe_vocabulary(int(found.characters.sum()))
        if vocabulary < bpe.LEAST:
            raise UsageError(f"{vocabulary} tokens are too few for bpe", where="data.vocabulary", fix=f"Give {bpe.LEAST} or more, or 0.")
        return BytePairs.train(found.sample, vocabulary), []
    vocabulary = config.vocabulary or VOCABULARY[kind]
    room = vocabulary - 1 if kind == "characters" else vocabulary // 2
    if room < 1:
        raise UsageError(f"{vocabulary} tokens are too few for {kind}", where="data.vocabulary", fix="Give a hundred or more, or 0.")
    kept = "".join(map(chr, sorted(common[:room].tolist())))
    notes = []
    if len(common) > room:
        notes = [f"Only the {room:,} most frequent of {len(common):,} different characters have a token; data.vocabulary decides."]
    if kind == "characters":
        return Characters(kept), notes
    return Words.train(found.sample, kept, vocabulary), notes


def _bpe_vocabulary(characters: int) -> int:
    """A token for about 64 to 128 characters of the corpus, so that each is seen often enough to be learned: 512 to 2048."""
    return 2 ** min(11, max(9, (characters // 64).bit_length() - 1))


def _length(lengths: NDArray[np.int64], config: TextData) -> tuple[int, bool]:
    """L, and whether longer texts are cut."""
    length = config.length
    if not length:
        least, most = LENGTHS
        length = most
        fitting = lengths[lengths <= most]
        if len(fitting) >= (1 - MANY) * len(lengths) > 0:  # what does not fit will be skipped, and is not to be made room for
            usual, longest = int(np.quantile(fitting, NEARLY_ALL, method="higher")), int(fitting.max())
            length = max(least, longest if longest <= 1.25 * usual else usual)  # a little more, and none is left out
    return length, _cut(lengths, length, config)


def _cut(lengths: NDArray[np.int64], length: int, config: TextData) -> bool:
    if config.longer == "auto":
        return len(lengths) > 0 and float((lengths > length).mean()) > MANY
    return config.longer == "cut"
