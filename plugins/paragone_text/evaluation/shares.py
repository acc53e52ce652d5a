"""Which texts are their own: the share that is unique, and the share that is new."""

from __future__ import annotations

import itertools
from collections import Counter

import torch

from paragone.evaluation.evidence import Evidence, Score, share_of, too_few

from .texts import streamed, texts

TRUSTED = 20
"""Texts under which a share says little."""
MOST = 1_000_000
"""Training texts that are looked through."""


def unique(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Different texts among the candidates, over all of them.

    It falls with the number of candidates, so only the same number can be compared.
    """
    if not len(candidate):
        return Score(None, doubt="there is no text")
    value = len(set(candidate.once(texts))) / len(candidate)
    return Score(value, doubt=too_few(candidate, candidate, TRUSTED, "a share"))


def novel(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of candidates that the training set does not hold, letter by letter; which label they have does not matter.

    Of candidates that are training texts themselves, the share that it does not hold a
    second time: n₁/n, the estimate of how often another real text would be new (Good 1953,
    after Turing). Held-out texts cannot tell, for the engine leaves none of them in the
    training set.
    """
    if candidate.training is None or not len(candidate):
        return Score(None, doubt="the training texts are not at hand")
    made, training = candidate.once(texts), candidate.training
    wanted = set(made)
    looked = itertools.islice(streamed(lambda rows: training.batch(rows, torch.device("cpu"))[0], len(training), training.spec), MOST)
    found = Counter(text for text in looked if text in wanted)
    new = sum(found[text] <= candidate.trained_on for text in made)
    few = too_few(candidate, candidate, TRUSTED, "a share")
    doubt = f"only {MOST:,} of {len(training):,} training texts were looked through" if len(training) > MOST else few
    return share_of(new, len(made), doubt)
