"""Does a text look like its label? A classifier that has learned from the references says so.

Multinomial naive Bayes on the n-grams of characters (Manning, Raghavan and Schütze 2008,
"Introduction to Information Retrieval", equations 13.3 and 13.7): of the labels c it takes the one with the largest

    log P(c) + Σ_g log P(g | c),   P(g | c) = (N_cg + α) / (N_c + α V)

over the n-grams g of the text that any reference holds. N_cg counts g in the references
of that label, N_c all of theirs, and V is the number of different n-grams. Nothing is drawn and nothing
converges: the same references give the same classifier, in less than a second.

It is no expert. What it reaches on real texts that it has not seen, which stand beside
the generated ones, is the most that can be asked for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paragone.evaluation.evidence import Evidence, Score, share_of

from .texts import texts

SMOOTHING = 0.1
"""α, in n-grams."""
LENGTHS = (1, 2, 3)
FRAME = "\x02", "\x03"
"""Stand before and behind a text, so that its beginning and its end are n-grams of their own."""
TRUSTED = 20
"""Texts of a label, and texts judged, under which an accuracy says little."""


@dataclass(frozen=True)
class Classifier:
    """What counts have taught it; see the module.

    Attributes:
        prior: label → log P(c).
        absent: label → log P(g | c) of an n-gram that none of its texts holds.
        gain: n-gram → label → log P(g | c) − absent, for the labels whose texts hold it.
    """

    prior: dict[int, float]
    absent: dict[int, float]
    gain: dict[str, dict[int, float]]

    @classmethod
    def learn(cls, learned: Sequence[str], numbers: Sequence[int]) -> Classifier:
        """From texts and their labels, at least one."""
        members = Counter(numbers)
        counts = {number: Counter[str]() for number in members}
        for text, number in zip(learned, numbers, strict=True):
            counts[number].update(framed_grams(text))
        gain: dict[str, dict[int, float]] = {}
        for number, own in counts.items():
            for gram, count in own.items():
                gain.setdefault(gram, {})[number] = math.log1p(count / SMOOTHING)
        return cls(
            {number: math.log(count / len(numbers)) for number, count in members.items()},
            {number: math.log(SMOOTHING / (own.total() + SMOOTHING * len(gain))) for number, own in counts.items()},
            gain,
        )

    def __call__(self, text: str) -> int:
        """The most probable label of ``text``."""
        known = [self.gain[gram] for gram in framed_grams(text) if gram in self.gain]
        scores = {number: prior + len(known) * self.absent[number] for number, prior in self.prior.items()}
        for gains in known:
            for number, gain in gains.items():
                scores[number] += gain
        return max(scores, key=scores.__getitem__)


def label_accuracy(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of candidates that a :class:`Classifier` of the references gives the label that they have."""
    if candidate.numbers is None or reference.numbers is None or not len(candidate) or not len(reference):
        return Score(None, doubt="there are no labels")
    fewest = min(Counter(reference.numbers.tolist()).values())
    if fewest == len(reference):
        return Score(None, doubt="there is one label only")
    classify = reference.once(classifier)
    right = [classify(text) == number for text, number in zip(candidate.once(texts), candidate.numbers.tolist(), strict=True)]
    doubt = f"{fewest} references of one label, the classifier wants at least {TRUSTED}" if fewest < TRUSTED else ""
    return share_of(sum(right), len(right), doubt or (f"{len(right)} samples" if len(right) < TRUSTED else ""))


def classifier(evidence: Evidence) -> Classifier:
    """Learned from all of its samples, which have labels."""
    if evidence.numbers is None:
        raise ValueError("there are no labels")
    return Classifier.learn(evidence.once(texts), evidence.numbers.tolist())


def framed_grams(text: str) -> Iterator[str]:
    """The n-grams of :data:`LENGTHS` of a text in its :data:`FRAME`."""
    framed = FRAME[0] + text + FRAME[1]
    return (framed[start : start + length] for length in LENGTHS for start in range(len(framed) - length + 1))
