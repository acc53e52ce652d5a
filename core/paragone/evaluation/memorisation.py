"""Is it new, or copied from the training set?

For each generated sample, the nearest training sample in feature space. How near is
too near, real samples tell: those held out of the training, or where none were held
out, each training sample against all the others.

    ratio = median distance generated → train / median distance real → train

A generator that copies has a ratio near 0; one that makes what could as well be new
real samples, about 1. Real samples that are all but in the training set too, as
different takes of one drum are, say nothing of how near *new* ones come: they are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from .evidence import Evidence
from .neighbours import nearest, radii

NEAR = 0.01
"""Share of real samples that count as near-copies: those nearest to the training set."""

SAME = 1e-2
"""Features this near, in typical distances of real samples, may be those of equal samples, and rounding the rest."""

TWINS = 1e-6
"""Features this near, in lengths of a typical one, are of the same sample twice: a product of matrices measures that exactly."""

KIN, UPPER = 0.05, 0.75
"""A real sample nearer than KIN, in distances that a share UPPER of the others do not exceed, has a twin in the training set.

In spaces of many dimensions distances to the nearest are much alike: of 246 held-out sprites none is below 0.26, of 48 drums 13 are."""

MANY_KIN = 0.1
"""Share of such samples from which on they are worth a word."""


@dataclass(frozen=True)
class Memorisation:
    """The outcome.

    Attributes:
        ratio: as above; ``None`` where all real samples have an identical one in training.
        near_copies: generated samples as near to a training sample as the nearest 1 % of the real ones without a twin there.
        expected: near-copies that as many real samples would hold.
        exact: generated samples that are the nearest training sample once more, as they are saved.
        nearest: ``(N,)`` int64, the training sample nearest to each generated one.
        closeness: ``(N,)`` float64, its distance over the median distance of real ones.
        baseline: ``"held-out"`` or ``"leave-one-out"``, where the real distances came from.
        doubt: why this cannot be trusted, or empty.
    """

    ratio: float | None
    near_copies: int
    expected: float
    exact: int
    nearest: torch.Tensor
    closeness: torch.Tensor
    baseline: str
    doubt: str


def memorisation(
    generated: Evidence, training: Evidence, held_out: Evidence | None, saved: Callable[[torch.Tensor], object] | None = None
) -> Memorisation:
    """Compare distances to the training set.

    Args:
        generated: to be judged.
        training: what was trained on, 2 samples or more.
        held_out: real samples that were not; ``None`` if there are none.
        saved: a sample as it is saved, by which a sample equals another: what a generator makes has more digits
            than a file holds. ``None`` to compare all of them.
    """
    to_training, which = nearest(generated.features, training.features)
    real = _from_each_other(training.features) if held_out is None else nearest(held_out.features, training.features)[0]
    alone = without_twins(real)
    typical, threshold = float(alone.median()), float(torch.quantile(alone, NEAR))
    return Memorisation(
        ratio=float(to_training.median()) / typical if typical else None,
        near_copies=int((to_training <= threshold).sum()),
        expected=float((alone <= threshold).double().mean()) * len(generated),
        exact=_equal(generated, training, which, (to_training <= max(threshold, SAME * typical)).nonzero()[:, 0], saved),
        nearest=which,
        closeness=to_training / typical if typical else torch.full_like(to_training, torch.nan),
        baseline="leave-one-out" if held_out is None else "held-out",
        doubt=_doubt(len(real), len(alone)),
    )


def without_twins(distances: torch.Tensor) -> torch.Tensor:
    """Those of ``distances``, ``(N,)``, that are at least :data:`KIN` of the upper quartile of what is returned; all, where that is 0."""
    while True:
        kept = distances[distances >= KIN * torch.quantile(distances, UPPER)]
        if len(kept) == len(distances):
            return kept
        distances = kept


def _doubt(real: int, alone: int) -> str:
    told = [f"only {alone} real distances to compare with"] if alone < 100 else []
    if real - alone > MANY_KIN * real:
        told.append(f"{real - alone} of {real} real samples have a twin in the training set and are left out")
    return "; ".join(told)


def _from_each_other(features: torch.Tensor) -> torch.Tensor:
    """How far each is from the nearest other one. Samples that are there twice say nothing of how near others come."""
    real = radii(features, 1)
    different = real > TWINS * features.norm(dim=1).median()
    return real[different] if bool(different.any()) else torch.zeros_like(real)


def _equal(
    generated: Evidence,
    training: Evidence,
    which: torch.Tensor,
    candidates: torch.Tensor,
    saved: Callable[[torch.Tensor], object] | None,
) -> int:
    """How many samples equal their nearest one, of those at ``candidates``."""
    equal = 0
    for indices in torch.split(candidates, 64) if len(candidates) else ():
        pairs = zip(generated.read(indices), training.read(which[indices]), strict=True)
        equal += sum(torch.equal(mine, theirs) or (saved is not None and saved(mine) == saved(theirs)) for mine, theirs in pairs)
    return equal
