"""How far two sets of sounds are apart in one descriptor, in the unit of the descriptor."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from paragone.evaluation.evidence import Evidence, Score, too_few

from .survey import survey

TRUSTED = 50
"""Sounds under which a distribution says little."""


def wasserstein(x: torch.Tensor, y: torch.Tensor) -> float:
    """Wasserstein-1 distance of two sets of numbers, ∫ |F − G|, in their unit (Vallender 1974).

    Args:
        x, y: ``(N,)`` and ``(M,)``, at least one each.
    """
    values = torch.cat([x, y]).sort().values.double()
    shares = [torch.searchsorted(z.double().sort().values, values[:-1], right=True).double() / len(z) for z in (x, y)]
    return float(((shares[0] - shares[1]).abs() * values.diff()).sum())


@dataclass(frozen=True)
class Distance:
    """Satisfies :class:`paragone.evaluation.evidence.Measure`: :func:`wasserstein` of one descriptor.

    What is silent has no shape and is left out; its share is a metric of its own.

    Attributes:
        descriptor: its name in a :class:`.survey.Survey`.
    """

    descriptor: str

    def __call__(self, candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
        """See the class."""
        made, real = (each.once(survey).present(self.descriptor) for each in (candidate, reference))
        if not len(made) or not len(real):
            return Score(None, doubt="there is no sound to compare")
        return Score(wasserstein(made, real), doubt=too_few(candidate, reference, TRUSTED, "a distribution"))


centroid, flatness, crest, attack, decay, tail, loudness = map(
    Distance, ("centroid", "flatness", "crest", "attack", "decay", "tail", "loudness")
)
