"""How far a trained discriminator is from the best there could be.

Between two known distributions the best discriminator is known: its logit is
log p(x) − log g(x), so that D* = p/(p + g) (Goodfellow et al. 2014, proposition 1). The
paired game, −log σ(D(x) − D(y)), has the same optimum up to a constant, which it
does not see. Regret is how many nats the learned logits lose to these, on fresh samples.
A logit need not be on the right scale to rank well, so the loss is also taken after the
best a·D(x) + b, fitted on other samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

from .measures import Estimate


@dataclass(frozen=True)
class Regret:
    """Losses in nats a pair of one real and one fake.

    Attributes:
        loss: −log σ(D(x)) − log(1 − σ(D(y))) of the discriminator.
        least: the same of the optimum: 2·log 2 − 2·JSD(P, G).
        regret: loss − least.
        scale, shift: a and b.
        fitted: regret of a·D + b.
        paired: regret in the paired game, −log σ(D(x) − D(y)).
        ranking: Spearman's correlation of D with the log ratio over both kinds of samples.
    """

    loss: Estimate
    least: Estimate
    regret: Estimate
    scale: float
    shift: float
    fitted: Estimate
    paired: Estimate
    ranking: float


def regret(real: torch.Tensor, fake: torch.Tensor, real_ratio: torch.Tensor, fake_ratio: torch.Tensor) -> Regret:
    """Compare logits with the log ratio of whole sequences.

    Args:
        real, fake: ``(N,)`` logits of the discriminator, N even, for N samples of P and N of G.
        real_ratio, fake_ratio: ``(N,)`` log p − log g of the same samples.
    """
    real, fake, real_ratio, fake_ratio = (each.double() for each in (real, fake, real_ratio, fake_ratio))
    scale, shift = fit(real[0::2], fake[0::2])
    loss, least = logistic(real, fake), logistic(real_ratio, fake_ratio)
    fitted = logistic(scale * real[1::2] + shift, scale * fake[1::2] + shift)
    return Regret(
        loss=Estimate.of(loss),
        least=Estimate.of(least),
        regret=Estimate.of(loss - least),
        scale=scale,
        shift=shift,
        fitted=Estimate.of(fitted - least[1::2]),
        paired=Estimate.of(softplus(fake - real) - softplus(fake_ratio - real_ratio)),
        ranking=rank_correlation(torch.cat([real, fake]), torch.cat([real_ratio, fake_ratio])),
    )


def logistic(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """−log σ(real) − log(1 − σ(fake)), ``(N,)``. Goodfellow et al. 2014, equation 1."""
    return softplus(-real) + softplus(fake)


def fit(real: torch.Tensor, fake: torch.Tensor, steps: int = 50) -> tuple[float, float]:
    """The a ≥ 0 and b that minimise the logistic loss of a·D + b (Platt 1999), by LBFGS.

    Args:
        real, fake: ``(N,)`` float64 logits.
        steps: of LBFGS, at most.
    """
    spread = torch.cat([real, fake]).std().clamp_min(1e-9)
    inner = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # a in units of the spread, and b
    optimiser = torch.optim.LBFGS([inner], max_iter=steps, line_search_fn="strong_wolfe", tolerance_grad=1e-10)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        scale, shift = inner[0].exp() / spread, inner[1]
        loss = logistic(scale * real + shift, scale * fake + shift).mean()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return (inner[0].exp() / spread).item(), inner[1].item()


def rank_correlation(x: torch.Tensor, y: torch.Tensor) -> float:
    """Spearman's ρ of ``(N,)`` values without ties: the correlation of their ranks."""
    ranks = [each.argsort().argsort().double() for each in (x, y)]
    return torch.corrcoef(torch.stack(ranks))[0, 1].item()
