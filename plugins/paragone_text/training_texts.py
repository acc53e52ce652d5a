"""The texts that a run was trained on: is another one of them, and which is nearest to it?"""

from __future__ import annotations

import torch
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from paragone.data import Dataset

from . import tokenizer
from .tokenizer import normal

BLOCK = 4096
"""Texts decoded at a time."""


class TrainingTexts:
    """All texts of a data set, each once.

    Args:
        dataset: of texts.
    """

    def __init__(self, dataset: Dataset) -> None:
        decode, cpu = tokenizer.of(dataset.spec).decode, torch.device("cpu")
        blocks = (dataset.batch(indices, cpu)[0].tolist() for indices in torch.split(torch.arange(len(dataset)), BLOCK))
        self._texts = dict.fromkeys(decode(row) for block in blocks for row in block)
        self._list = list(self._texts)

    def __contains__(self, text: str) -> bool:
        """Whether ``text`` is one of them, in Unicode's form NFC."""
        return normal(text) in self._texts

    def nearest(self, text: str) -> tuple[str, int]:
        """The text with the least edit distance to ``text``, the first of several, and that distance.

        Levenshtein 1966: the fewest characters to put in, take out or replace.
        """
        near, distance, _ = process.extractOne(normal(text), self._list, scorer=Levenshtein.distance)
        return near, int(distance)
