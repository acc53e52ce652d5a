"""What can be said of a generator when the distribution it imitates is known.

P is the oracle, G the generator, both sequences of conditionals: p(x) = Π p(xₜ | x₍<t₎).
Everything is in nats a token, that is, a sequence's value over its length.

==================  =====================================================================
NLL_oracle          −E_G log p: cost of G's samples under P. Low for G that only writes
                    what P likes best, so it measures quality alone. Yu et al. 2017
NLL_test            −E_P log g: cost of fresh samples of P under G. High for G that leaves
                    something out, so it measures variety. Caccia et al. 2020 (arXiv 1811.02549)
H(P), H(G)          the floor of each, reached where G = P
KL(P‖G), KL(G‖P)    NLL_test − H(P) and NLL_oracle − H(G)
==================  =====================================================================

An entropy or a divergence is a sum over conditionals, and of a conditional it is
known exactly; only the contexts are samples. That leaves less noise than averaging
log-probabilities of the tokens that happened to be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

Logits = Callable[[torch.Tensor], torch.Tensor]
"""``(B, L)`` int64 → ``(B, L, V)`` logits, position t from the tokens before t only: a distribution over sequences."""

CHUNK = 100
"""Sequences scored at once: 5000 tokens at 20 places are 40 MB of logits for them."""


@dataclass(frozen=True)
class Estimate:
    """A mean over samples.

    Attributes:
        mean: of the samples.
        error: standard error of the mean.
    """

    mean: float
    error: float

    @classmethod
    def of(cls, values: torch.Tensor) -> Estimate:
        """The mean of ``(N,)`` independent values, N at least 2."""
        return cls(values.double().mean().item(), values.double().std().item() / math.sqrt(len(values)))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}"


@dataclass(frozen=True)
class Along:
    """Sequences drawn from one distribution, and what another thinks of them; each ``(N,)`` float64, in nats a token.

    Attributes:
        own: −log of the probability under the distribution they were drawn from.
        other: the same under the other.
        entropy: of the first distribution's conditionals; its mean estimates H.
        divergence: of the first's conditionals from the other's; its mean estimates KL(first ‖ other).
    """

    own: torch.Tensor
    other: torch.Tensor
    entropy: torch.Tensor
    divergence: torch.Tensor

    @property
    def ratio(self) -> torch.Tensor:
        """``(N,)`` log of first over other, of a token on average."""
        return self.other - self.own


@torch.no_grad()
def along(tokens: torch.Tensor, first: Logits, other: Logits) -> Along:
    """What the two distributions say of ``(N, L)`` int64 ``tokens``, drawn from the first."""
    parts = []
    for part in torch.split(tokens, CHUNK):
        p, q = first(part).log_softmax(-1), other(part).log_softmax(-1)  # (B, L, V)
        shares = p.exp()
        drawn = [-each.gather(-1, part[..., None])[..., 0] for each in (p, q)]
        entropy, crossed = (-(shares * each).sum(-1) for each in (p, q))
        parts.append(torch.stack([each.double().mean(1) for each in (*drawn, entropy, crossed - entropy)]))
    return Along(*torch.cat(parts, 1))


def scores(real: Along, fake: Along) -> dict[str, Estimate]:
    """The table above.

    Args:
        real: :func:`along` samples of P, with G the other.
        fake: :func:`along` samples of G, with P the other.
    """
    return {
        "nll_oracle": Estimate.of(fake.other),
        "nll_test": Estimate.of(real.other),
        "entropy_oracle": Estimate.of(real.entropy),
        "entropy_generator": Estimate.of(fake.entropy),
        "kl_oracle_generator": Estimate.of(real.divergence),
        "kl_generator_oracle": Estimate.of(fake.divergence),
    }
