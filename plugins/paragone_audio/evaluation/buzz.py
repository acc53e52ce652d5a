"""The buzz of networks that work on a grid: lines in the spectrum at multiples of rate / h.

A generator that upsamples treats the samples of a grid of h = 4, 16, 64 or 256 unlike those
between; what that adds to a sound has a period of h samples. It is the metallic tone that
published waveform networks are known for (Donahue et al. 2019, section 3.3; Pons et al. 2021).

Of one line, the median excess over all sounds counts (see :mod:`.lines`). A real sound whose pitch
happens to lie on a line has a large excess there, but it is one sound; the buzz of a network is in
all of them. The index of h is the mean power ratio of its lines, in decibels:

    10 log₁₀ mean_k 10^(median excess of k · rate / h / 10),   k = 1 … h/2 − 1

and the index of the sounds is the largest of h = 4, 16, 64 and 256. Real sounds have about 0, noise
alone, by the largest of four, 0.5. A steady line in noise counts 2.5 dB more than the ratio of its
power: what it stands out of is a mean of decibels, which of noise is that much lower.
"""

from __future__ import annotations

import torch

from paragone.evaluation.evidence import Evidence, Score, too_few

from .lines import GRID, WINDOW
from .survey import survey

GRIDS = (4, 16, 64, GRID)
"""h, in samples: what is left to upsample after each stage of fourfold upsampling."""
LOWEST = 4
"""Lines below 4 · rate / 256 are left out: there is where drums and basses have their pitch."""
TRUSTED = 50
"""Sounds under which a median lets a pitch pass for a buzz."""


def index(excesses: torch.Tensor) -> float:
    """The index of the module, in dB.

    Args:
        excesses: ``(N, 127)`` of N sounds, at least one.
    """
    power = 10 ** (excesses.double().quantile(0.5, dim=0) / 10)
    order = torch.arange(1, len(power) + 1)
    means = [power[(order % (GRID // grid) == 0) & (order >= LOWEST)].mean() for grid in GRIDS]
    return 10 * float(torch.stack(means).max().log10())


def grid_buzz(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """:func:`index` of the candidates; the references have no say."""
    found = candidate.once(survey).lines
    if not len(found) or bool(found.isnan().any()):
        return Score(None, doubt=f"there is no sound, or it has fewer than {WINDOW // 2} samples")
    return Score(index(found), doubt=too_few(candidate, candidate, TRUSTED, "a median"))
