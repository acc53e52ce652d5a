"""How far two sets of sounds are apart in one descriptor, in the unit of the descriptor."""

from __future__ import annotations

from dataclasses import dataclass

from paragone.evaluation.distances import wasserstein
from paragone.evaluation.evidence import Evidence, Score

from .survey import survey

TRUSTED = 50
"""Sounds under which a distribution says little."""


@dataclass(frozen=True)
class Distance:
    """Satisfies :class:`paragone.evaluation.evidence.Measure`: :func:`wasserstein` of one descriptor.

    What is silent has no shape and is left out, but for its loudness; its share is a metric of its own.

    Attributes:
        descriptor: its name in a :class:`.survey.Survey`.
    """

    descriptor: str

    def __call__(self, candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
        """See the class."""
        made, real = (each.once(survey).present(self.descriptor) for each in (candidate, reference))
        if not len(made) or not len(real):
            return Score(None, doubt="there is no sound to compare")
        few = min(len(made), len(real))
        return Score(
            wasserstein(made, real),
            doubt=f"{few} samples that can be heard, a distribution wants at least {TRUSTED}" if few < TRUSTED else "",
        )


centroid, flatness, crest, attack, decay, tail, loudness = map(
    Distance, ("centroid", "flatness", "crest", "attack", "decay", "tail", "loudness")
)
