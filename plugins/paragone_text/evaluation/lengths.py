"""How long texts are."""

from __future__ import annotations

import torch

from paragone.evaluation.distances import wasserstein
from paragone.evaluation.evidence import Evidence, Score, too_few

from .texts import texts

TRUSTED = 100
"""Texts under which a distribution of lengths says little."""


def lengths(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """:func:`wasserstein` of the lengths, in characters: by so many they are wrong on average."""
    if not len(candidate) or not len(reference):
        return Score(None, doubt="there is no text to compare")
    distance = wasserstein(candidate.once(in_characters), reference.once(in_characters))
    return Score(distance, doubt=too_few(candidate, reference, TRUSTED, "a distribution"))


def in_characters(evidence: Evidence) -> torch.Tensor:
    """``(N,)`` int64, code points in each text."""
    return torch.tensor([len(text) for text in evidence.once(texts)], dtype=torch.int64)
