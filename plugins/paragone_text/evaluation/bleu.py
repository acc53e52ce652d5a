"""BLEU of each text against all references, and of one half of the texts against the other.

Papineni et al. 2002, section 2.3, for one hypothesis of h units:

    BLEU-N = exp(min(0, 1 − r/h)) · exp(1/N Σₙ log pₙ),  n = 1 … N

pₙ is the share of its n-grams that some reference holds, each counted at most as often
as one reference holds it; r is the length of the reference nearest in length. A pₙ of
no hits is taken for 0.1 hits (Chen and Cherry 2014, method 1); without a single common
unit the score is 0. The mean over all hypotheses is what Yu et al. 2017 and the
literature after them report.

All that is asked of the references is how often one of them holds an n-gram at most,
and their lengths: both are found once for all hypotheses, and nothing is approximated.

BLEU rises with the number of references, and above that of real texts it tells of a
generator that plays safe.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from paragone.evaluation.evidence import Evidence, Score, too_few

from .texts import Units, grams, units

LONGEST = 5
"""The longest n-grams that are counted."""
HITS = 0.1
"""What stands for no hits at all."""
TRUSTED = 100
"""Texts under which a mean of their scores says little."""


@dataclass(frozen=True)
class References:
    """What BLEU asks of them.

    Attributes:
        most: n-gram → how often the reference that holds it most often does.
        lengths: those that occur, in units.
    """

    most: dict[Units, int]
    lengths: frozenset[int]

    @classmethod
    def of(cls, references: Iterable[Units]) -> References:
        """Of one or more texts."""
        most: dict[Units, int] = {}
        lengths = set[int]()
        for text in references:
            lengths.add(len(text))
            for gram, count in Counter(gram for length in range(1, LONGEST + 1) for gram in grams(text, length)).items():
                if count > most.get(gram, 0):
                    most[gram] = count
        return cls(most, frozenset(lengths))


def sentence_bleu(text: Units, references: References, order: int) -> float:
    """BLEU-``order`` of one text, 0 to 1; see the module.

    Args:
        text: the hypothesis; nothing is 0.
        references: at least one.
        order: N, up to :data:`LONGEST`.
    """
    logarithms = 0.0
    for length in range(1, order + 1):
        found = Counter(grams(text, length))
        hits: float = sum(min(count, references.most.get(gram, 0)) for gram, count in found.items())
        if length == 1 and not hits:
            return 0.0
        logarithms += math.log((hits or HITS) / (found.total() or 1))
    nearest = min(references.lengths, key=lambda length: (abs(length - len(text)), length))
    return math.exp(min(0.0, 1 - nearest / len(text)) + logarithms / order)


@dataclass(frozen=True)
class Bleu:
    """Satisfies :class:`paragone.evaluation.evidence.Measure`: mean BLEU of the candidates against the references."""

    order: int

    def __call__(self, candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
        """See the class; the deviation is the standard error of the mean."""
        if not len(candidate) or not len(reference):
            return Score(None, doubt="there is no text to compare")
        return _mean(
            candidate.once(units),
            reference.once(references),
            self.order,
            too_few(candidate, reference, TRUSTED, "a mean of BLEU"),
        )


@dataclass(frozen=True)
class SelfBleu:
    """Satisfies :class:`paragone.evaluation.evidence.Measure`: mean BLEU of one half of the candidates against the other.

    Zhu et al. 2018 hold each text against all the others. Where a text is left among its
    own references, as in much published code, the score is 1 whatever the texts are;
    two halves leave no room for that, and cost a table of references once.
    """

    order: int

    def __call__(self, candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
        """See the class; the references have no say."""
        if len(candidate) < 2:
            return Score(None, doubt="two halves need at least 2 texts")
        judged, others = (candidate.once(units)[half] for half in (slice(None, None, 2), slice(1, None, 2)))
        return _mean(judged, References.of(others), self.order, too_few(candidate, candidate, TRUSTED, "a mean of BLEU"))


def references(evidence: Evidence) -> References:
    """All of its samples as references."""
    return References.of(evidence.once(units))


def _mean(candidates: Sequence[Units], against: References, order: int, doubt: str) -> Score:
    scores = torch.tensor([sentence_bleu(text, against, order) for text in candidates], dtype=torch.float64)
    return Score(float(scores.mean()), float(scores.std()) / len(scores) ** 0.5 if len(scores) > 1 else None, doubt)


bleu_2, bleu_3, bleu_4, bleu_5 = map(Bleu, (2, 3, 4, 5))
self_bleu_4 = SelfBleu(4)
