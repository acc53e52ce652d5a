"""Samples as texts, and as the units that are counted: characters for a tokenizer of characters, else words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from paragone.evaluation.evidence import Evidence
from paragone.spec import SampleSpec

from ..tokenizer import normal, of
from ..words import pattern

Units = Sequence[str]
"""A text as a string of characters or a tuple of words: a slice of it can be a key."""

READ = 1024
"""Samples decoded at once."""


def decoded(samples: torch.Tensor, spec: SampleSpec) -> list[str]:
    """``(B, L)`` tokens as B texts, in form NFC.

    Raises:
        ValueError: if samples of ``spec`` are no texts.
    """
    tokenizer = of(spec)
    return [normal(tokenizer.decode(tokens)) for tokens in samples.long().tolist()]


def streamed(read: Callable[[torch.Tensor], torch.Tensor], count: int, spec: SampleSpec) -> Iterator[str]:
    """``count`` texts one after another, some of them in memory at a time.

    Args:
        read: ``(B,)`` int64 indices → ``(B, L)`` tokens.
        count: they are numbered from 0.
        spec: of a sample.
    """
    for wanted in torch.split(torch.arange(count), READ) if count else ():
        yield from decoded(read(wanted), spec)


def texts(evidence: Evidence) -> list[str]:
    """All of its samples as texts.

    Raises:
        ValueError: if they are none.
    """
    if evidence.spec is None:
        raise ValueError("expected samples with a description")
    return list(streamed(evidence.read, len(evidence), evidence.spec))


def units(evidence: Evidence) -> list[Units]:
    """All of its samples as strings of characters, or as tuples of :func:`words`."""
    found = evidence.once(texts)
    if evidence.spec is not None and of(evidence.spec).kind == "characters":
        return list(found)
    return list(words(found))


def words(found: Sequence[str]) -> Iterator[Units]:
    """The words and punctuation marks of each text, one by one; the space between them is dropped.

    Where a script has no space between its words, all up to the next mark is one word: such
    texts are better learned, and counted, by characters.
    """
    pieces = pattern("".join(set().union(*found)))
    for text in found:
        yield tuple(word for piece in pieces.findall(text) if (word := piece.strip()))


def grams(text: Units, length: int) -> list[Units]:
    """The runs of ``length`` units in ``text``, from the first to the last."""
    return [text[start : start + length] for start in range(len(text) - length + 1)]
