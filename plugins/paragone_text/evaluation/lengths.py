"""How long texts are."""

from __future__ import annotations

import torch

from paragone.evaluation.evidence import Evidence, Score, too_few

from .texts import texts

TRUSTED = 100
"""Texts under which a distribution of lengths says little."""


def wasserstein(x: torch.Tensor, y: torch.Tensor) -> float:
    """Wasserstein-1 distance of two sets of numbers, ∫ |F − G|, in their unit (Vallender 1974).

    Args:
        x, y: ``(N,)`` and ``(M,)``, at least one each.
    """
    values = torch.cat([x, y]).sort().values.double()
    shares = [torch.searchsorted(z.double().sort().values, values[:-1], right=True).double() / len(z) for z in (x, y)]
    return float(((shares[0] - shares[1]).abs() * values.diff()).sum())


def lengths(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """:func:`wasserstein` of the lengths, in characters: by so many they are wrong on average."""
    if not len(candidate) or not len(reference):
        return Score(None, doubt="there is no text to compare")
    distance = wasserstein(candidate.once(in_characters), reference.once(in_characters))
    return Score(distance, doubt=too_few(candidate, reference, TRUSTED, "a distribution"))


def in_characters(evidence: Evidence) -> torch.Tensor:
    """``(N,)`` int64, code points in each text."""
    return torch.tensor([len(text) for text in evidence.once(texts)], dtype=torch.int64)
