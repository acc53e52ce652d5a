"""Jensen-Shannon divergence of n-grams, in bits: 0 to 1, where nothing is common to the two.

The frequencies are those of a sample, and
what a sample lacks by chance counts as a difference: the value is too high, the more so
the fewer texts there are and the longer the n-grams. Real texts in the same number,
which stand beside it, suffer from the same; a generator of likely texts only suffers less,
and can come out below them in the longest n-grams.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from paragone.evaluation.distances import jensen_shannon
from paragone.evaluation.evidence import Evidence, Score, too_few

from .texts import Units, grams, texts, units

TRUSTED = 100
"""Texts under which the bias is most of the value."""


@dataclass(frozen=True)
class NGrams:
    """Satisfies :class:`paragone.evaluation.evidence.Measure`: divergence of the frequencies of n-grams.

    Of all texts together, so a long text has more say than a short one.
    """

    length: int

    def __call__(self, candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
        """See the class."""
        made, real = candidate.once(self.counts), reference.once(self.counts)
        if not made or not real:
            return Score(None, doubt=f"no text of one of the two has {self.length} units")
        return Score(jensen_shannon(made, real), doubt=too_few(candidate, reference, TRUSTED, "a frequency"))

    def counts(self, evidence: Evidence) -> Counter[Units]:
        """How often each n-gram occurs."""
        return Counter(gram for text in evidence.once(units) for gram in grams(text, self.length))


def edges(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """How texts begin and end: the divergence of their first characters and that of their last, the mean of the two."""
    if not len(candidate) or not len(reference):
        return Score(None, doubt="there is no text to compare")
    made, real = candidate.once(texts), reference.once(texts)
    first, last = (jensen_shannon(Counter(t[end] for t in made), Counter(t[end] for t in real)) for end in (slice(0, 1), slice(-1, None)))
    return Score((first + last) / 2, doubt=too_few(candidate, reference, TRUSTED, "a frequency"))


js_1, js_2, js_3, js_4 = map(NGrams, (1, 2, 3, 4))
