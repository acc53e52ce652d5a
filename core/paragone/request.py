"""What a sample is asked for with, and the latent that follows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .randomness import latents


@dataclass(frozen=True)
class Walk:
    """A place on the way from one seed's latent to another's.

    Attributes:
        to: the seed where the way ends.
        step: from 0, where it begins, to ``of`` − 1.
        of: steps in all, 2 or more.
    """

    to: int
    step: int
    of: int

    @property
    def share(self) -> float:
        """Of the way that is behind: exactly 0 at its beginning and 1 at its end."""
        return self.step / (self.of - 1)


@dataclass(frozen=True)
class Request:
    """What one sample was asked for with.

    Attributes:
        seed: of its latent; where the walk begins, if there is one.
        label: one of the run's, ``None`` for data without labels.
        truncation: ψ, by which the latent is multiplied.
        walk: where between two seeds it lies, ``None`` for the sample of one.
        like: the seed that draws its cluster; ``None`` where each seed draws its own.
    """

    seed: int
    label: str | None
    truncation: float
    walk: Walk | None = None
    like: int | None = None

    @property
    def nearest_seed(self) -> int:
        """The seed itself; on a walk the one that is nearer: what cannot be gone through gradually is taken from it."""
        return self.seed if self.walk is None or self.walk.share <= 0.5 else self.walk.to

    def of_cluster(self, seed: int) -> int:
        """The seed that draws the cluster where ``seed`` would."""
        return seed if self.like is None else self.like

    @property
    def name(self) -> str:
        """What its file is called, without the extension. Those of one walk sort in its order."""
        if self.walk is None:
            return str(self.seed)
        digits = len(str(self.walk.of))
        return f"{self.seed}-to-{self.walk.to}-{self.walk.step + 1:0{digits}d}-of-{self.walk.of}"

    def latent(self, size: int, attempt: int = 0) -> torch.Tensor:
        """``(size,)`` float32; a function of this request and ``attempt`` alone.

        Args:
            size: of the latent.
            attempt: 0 for the one that the sample is made of where nobody chooses.
        """
        first, *second = latents([self.seed, *([] if self.walk is None else [self.walk.to])], size, attempt)
        between = first if self.walk is None else slerp(first, second[0], self.walk.share)
        return between * self.truncation


def slerp(first: torch.Tensor, second: torch.Tensor, share: float) -> torch.Tensor:
    """Spherical interpolation: what lies between two normal latents is as long as they are, a straight line's middle is shorter.

    sin((1−t)Ω)/sin Ω · p₀ + sin(tΩ)/sin Ω · p₁, where Ω is the angle between p₀ and p₁:
    Shoemake 1985; White 2016 for latents, whose length is not 1. Where sin Ω vanishes the
    way is a straight line.

    Args:
        first, second: ``(size,)`` float32.
        share: t in [0, 1]; 0 gives ``first`` and 1 ``second``, bit for bit.
    """
    a, b = first.double(), second.double()
    lengths = float(a.norm() * b.norm())
    cosine = float(a @ b) / lengths if lengths else 1.0
    angle = math.acos(max(-1.0, min(1.0, cosine)))
    sine = math.sin(angle)
    if sine < 1e-6:
        return ((1 - share) * a + share * b).float()
    return (math.sin((1 - share) * angle) / sine * a + math.sin(share * angle) / sine * b).float()
