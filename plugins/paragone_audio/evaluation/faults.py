"""Shares of sounds that are broken, each in its own way. The references have no say."""

from __future__ import annotations

import torch

from paragone.evaluation.evidence import Evidence, Score, share_of, too_few

from .survey import survey

TRUSTED = 20
"""Sounds under which a share says little."""
SILENT_DB = -60.0
"""RMS of the whole sound, in dBFS."""


def silent(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of sounds whose RMS is below -60 dBFS."""
    return _share(candidate.once(survey).numbers["loudness"] < SILENT_DB, candidate)


def clipped(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of sounds whose peak is a flat top; see :func:`.descriptors.is_clipped`."""
    return _share(candidate.once(survey).numbers["clipped"] > 0, candidate)


def dc(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """The root mean square of the sounds' means, in dBFS, at least -100."""
    if not len(candidate):
        return Score(None, doubt="there is no sound")
    power = candidate.once(survey).numbers["offset"].square().mean()
    return Score(10 * float(power.clamp_min(1e-10).log10()), doubt=too_few(candidate, candidate, TRUSTED, "a mean"))


def _share(faults: torch.Tensor, candidate: Evidence) -> Score:
    """Of ``(N,)`` truth values; the deviation is that of a share of so many."""
    if not len(faults):
        return Score(None, doubt="there is no sound")
    return share_of(int(faults.sum()), len(faults), too_few(candidate, candidate, TRUSTED, "a share"))
