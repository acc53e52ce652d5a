"""Does the end of a loop run into its beginning?"""

from __future__ import annotations

from paragone.evaluation.evidence import Evidence, Score, too_few

from ..sound import is_loop
from .survey import survey
from .waves import described

TRUSTED = 20
"""Loops under which a mean says little."""


def seam(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """The root mean square of the steps over the seam, in steps inside: 1 is seamless, a click is far above."""
    if not is_loop(described(candidate)):
        return Score(None, doubt="these are no loops")
    steps = candidate.once(survey).present("step")
    if not len(steps):
        return Score(None, doubt="there is no sound")
    return Score(float(steps.mean().sqrt()), doubt=too_few(candidate, candidate, TRUSTED, "a mean"))
