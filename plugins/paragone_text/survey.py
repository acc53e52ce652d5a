"""The first look at a corpus: what it holds, counted in one pass and in bounded memory."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paragone.errors import DataError

from .lines import Faults, cleaned
from .sources import Source

SAMPLE = 2**23
"""Characters of text that a tokenizer is learned from; of a longer corpus so much is chosen."""

LABELS = 10_000
"""Most labels that are believed to be labels."""

_TEXTS, _CHARACTERS = 4096, 2**20
"""Size of a batch: whichever is reached first."""

_NUMBERED = re.compile(r"\d{1,6}[.):] ")

_PART = 4096
"""Characters of one text that are learned from at most."""


@dataclass
class Batch:
    """Some texts, cleaned, none of them empty, with their labels: empty where there is none."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    controls: int = 0
    """In how many of them control characters became spaces."""


def batches(source: Source, faults: Faults) -> Iterator[Batch]:
    """All texts in order; see :meth:`.sources.Source.rows`."""
    batch, size = Batch(), 0
    for given, label in source.rows(faults):
        text, changed = cleaned(given)
        if not text:
            continue
        batch.texts.append(text)
        batch.labels.append(cleaned(label)[0] if label else "")
        batch.controls += changed
        size += len(text)
        if len(batch.texts) == _TEXTS or size >= _CHARACTERS:
            yield batch
            batch, size = Batch(), 0
    if batch.texts:
        yield batch


def lots(texts: Sequence[str]) -> NDArray[np.uint64]:
    """A number for each text that decides by chance, but always alike, whether it is chosen.

    It has nothing to do with the hash that decides what is held out: else the texts
    that are chosen would be held out too.
    """
    drawn = [hashlib.blake2b(text.encode(), digest_size=8, person=b"chosen").digest() for text in texts]
    return np.frombuffer(b"".join(drawn), "<u8")


class Chosen:
    """The ``most`` texts with the smallest lots of all that are shown; of equal lots the first."""

    def __init__(self, most: int) -> None:
        self.most, self.count = most, 0
        self._smallest = np.empty(0, np.uint64)
        self._equal = 0

    def show(self, drawn: NDArray[np.uint64]) -> None:
        """First pass: some lots."""
        self.count += len(drawn)
        self._smallest = np.concatenate([self._smallest, drawn])
        if len(self._smallest) > 2 * self.most:
            self._reduce()

    def close(self) -> None:
        """Between the passes."""
        if self.count > self.most:
            self._reduce()
            self._equal = int((self._smallest == self._smallest.max()).sum())
            self._smallest = self._smallest.max(keepdims=True)  # the others are smaller; that is all one needs to know

    def take(self, drawn: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Second pass, the same lots in the same order: which are chosen."""
        if self.count <= self.most:
            return np.ones(len(drawn), np.bool_)
        equal = drawn == self._smallest
        first = equal & (equal.cumsum() <= self._equal)
        self._equal -= int(first.sum())
        return (drawn < self._smallest) | first

    def _reduce(self) -> None:
        self._smallest = np.partition(self._smallest, self.most - 1)[: self.most]


class Sampled:
    """Texts chosen by their lots, up to :data:`SAMPLE` characters; of each the first few thousand."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, str]] = []
        self._size, self._bar = 0, np.uint64(2**64 - 1)

    def show(self, texts: Sequence[str], drawn: NDArray[np.uint64]) -> None:
        """Some texts and their lots."""
        for place in np.flatnonzero(drawn <= self._bar).tolist():
            text = texts[place][:_PART]
            self._kept.append((int(drawn[place]), text))
            self._size += len(text)
        if self._size > 2 * SAMPLE:
            self._reduce()

    def texts(self) -> list[str]:
        """The texts, in the order of their lots: any beginning is a sample too."""
        self._reduce()
        return [text for _, text in self._kept]

    def _reduce(self) -> None:
        self._kept.sort()
        sizes = np.cumsum([len(text) for _, text in self._kept])
        del self._kept[int(np.searchsorted(sizes, SAMPLE)) + 1 :]
        self._size = sum(len(text) for _, text in self._kept)
        if self._size >= SAMPLE:
            self._bar = np.uint64(self._kept[-1][0])


@dataclass
class Survey:
    """What a corpus holds.

    Attributes:
        chosen: knows which texts to take.
        labels: how many texts have each label; the empty one is none.
        characters: how often each Unicode code point occurs, from 0 on.
        sample: texts to learn a tokenizer from.
        faults: lines that could not be read.
        controls: texts in which control characters became spaces.
        numbered: texts that begin as the entries of a numbered list do.
    """

    chosen: Chosen
    labels: Counter[str]
    characters: NDArray[np.int64]
    sample: list[str]
    faults: Faults
    controls: int
    numbered: int = 0

    @property
    def count(self) -> int:
        """How many texts there are."""
        return self.chosen.count


def survey(source: Source, most: int) -> Survey:
    """Look through ``source`` once.

    Raises:
        DataError: if it cannot be read, or has more than :data:`LABELS` labels.
    """
    chosen, sampled, faults, labels, controls, numbered = Chosen(most), Sampled(), Faults(), Counter[str](), 0, 0
    characters = np.zeros(0x110000, np.int64)
    for batch in batches(source, faults):
        drawn = lots(batch.texts)
        chosen.show(drawn)
        sampled.show(batch.texts, drawn)
        found = np.bincount(np.frombuffer("".join(batch.texts).encode("utf-32-le"), "<u4"))
        characters[: len(found)] += found
        labels.update(batch.labels)
        controls += batch.controls
        numbered += sum(_NUMBERED.match(text) is not None for text in batch.texts)
        if len(labels) > LABELS:
            raise DataError(f"has more than {LABELS} different labels", fix="Is `label` the right column? Without it there are no labels.")
    chosen.close()
    return Survey(chosen, labels, characters, sampled.texts(), faults, controls, numbered)
