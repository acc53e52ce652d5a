"""The discriminator chooses among candidates."""

from __future__ import annotations

import torch

from paragone.randomness import generator_for

GAMES = ("relativistic", "non-saturating", "minimax")
"""Those whose best discriminator is a logarithm of odds."""


def chance(seed: int, attempt: int) -> float:
    """A number from the standard Gumbel distribution, −log(−log u) with u uniform, for one candidate of one seed."""
    uniform = torch.rand((), generator=generator_for(seed, "critic", attempt), dtype=torch.float64)
    return float(-(-uniform.clamp_min(1e-300).log()).log())


def choose(logits: torch.Tensor, chances: torch.Tensor) -> int:
    """The place of one candidate, drawn with probabilities in proportion to exp(logit).

    For the best discriminator D between p and what the generator makes, g, the logit is
    log p(x)/g(x) (Goodfellow et al. 2014, proposition 1), or that and a constant for a
    relativistic one. So exp(logit) is the weight of a candidate in
    sampling-importance-resampling (Rubin 1987): with more and more candidates, what is
    chosen is distributed as p. A draw in proportion to exp(a) is the largest of
    a + Gumbel noise (Maddison, Tarlow and Minka 2014).

    Args:
        logits: ``(K,)``, of the discriminator.
        chances: ``(K,)``, of :func:`chance`.
    """
    return int((logits.double() + chances).argmax())
