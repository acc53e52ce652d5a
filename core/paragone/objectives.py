"""The games: what each player minimises, as pure functions of logits.

``real`` and ``fake`` are ``(B,)`` logits, larger for "real"; every loss is a
scalar, the mean over the batch. σ is the logistic function, softplus(t) =
log(1 + eᵗ) = −log σ(−t).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch.nn.functional import relu, softplus

from .options import nearest_error

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Objective:
    """One game.

    Attributes:
        name: as given to ``train.objective``.
        discriminator, generator: losses of ``(real, fake)`` logits.
        boundary: the logit at which the discriminator is undecided, or ``None``
            where only differences of logits mean anything.
        pairs: whether the generator's loss needs logits of real samples too.
    """

    name: str
    discriminator: Loss
    generator: Loss
    boundary: float | None
    pairs: bool = False


def logistic_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """−log σ(D(x)) − log(1 − σ(D(G(z)))). Goodfellow et al. 2014, equation 1."""
    return (softplus(-real) + softplus(fake)).mean()


def minimax_generator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """log(1 − σ(D(G(z)))): the same value, minimised. Goodfellow et al. 2014, equation 1."""
    return -softplus(fake).mean()


def non_saturating_generator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """−log σ(D(G(z))). Goodfellow et al. 2014, section 3."""
    return softplus(-fake).mean()


def least_squares_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """½(D(x) − 1)² + ½D(G(z))². Mao et al. 2017, equation 2 with a = 0, b = 1."""
    return ((real - 1).square() + fake.square()).mean() / 2


def least_squares_generator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """½(D(G(z)) − 1)². Mao et al. 2017, equation 2 with c = 1."""
    return (fake - 1).square().mean() / 2


def hinge_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """max(0, 1 − D(x)) + max(0, 1 + D(G(z))). Lim and Ye 2017; Miyato et al. 2018, equation 16."""
    return (relu(1 - real) + relu(1 + fake)).mean()


def wasserstein_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """D(G(z)) − D(x). Arjovsky et al. 2017, equation 2; needs a penalty to stay Lipschitz."""
    return (fake - real).mean()


def wasserstein_generator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """−D(G(z)). Arjovsky et al. 2017; also the hinge game's generator (Miyato et al. 2018, equation 17)."""
    return -fake.mean()


def relativistic_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """softplus(−(D(x) − D(G(z)))) over pairs. Jolicoeur-Martineau 2019; Huang et al. 2024 (R3GAN), equation 2."""
    return softplus(fake - real).mean()


def relativistic_generator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """softplus(−(D(G(z)) − D(x))): the same pairs, the other way round. Huang et al. 2024, equation 2."""
    return softplus(real - fake).mean()


OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        objective.name: objective
        for objective in (
            Objective("minimax", logistic_discriminator, minimax_generator, boundary=0.0),
            Objective("non-saturating", logistic_discriminator, non_saturating_generator, boundary=0.0),
            Objective("least-squares", least_squares_discriminator, least_squares_generator, boundary=0.5),
            Objective("hinge", hinge_discriminator, wasserstein_generator, boundary=0.0),
            Objective("wasserstein", wasserstein_discriminator, wasserstein_generator, boundary=None),
            Objective("relativistic", relativistic_discriminator, relativistic_generator, boundary=None, pairs=True),
        )
    }
)


def objective(name: str) -> Objective:
    """The game called ``name``.

    Raises:
        UsageError: if there is none; it names the nearest.
    """
    if name not in OBJECTIVES:
        raise nearest_error("objective", name, list(OBJECTIVES), where="train.objective")
    return OBJECTIVES[name]


def certainty(game: Objective, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """How sure the discriminator is of training samples, a scalar from −1 to 1.

    r_t = E[sign(D(x) − b)], Karras et al. 2020 (ADA), equation 1, with b the
    game's undecided logit; where there is none, the paired fake takes its place.
    """
    return torch.sign(real - (fake if game.boundary is None else game.boundary)).mean()
