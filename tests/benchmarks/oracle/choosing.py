"""Best of k by a score: where that puts a generator on the curve of quality against variety.

Of k independent samples of G the one with the highest score is kept. That is again a
distribution over sequences, and a known one (order statistics; David and Nagaraja 2003,
equation 2.1.6): with F the distribution of G's scores, no two alike,

    g_k(x) = k · g(x) · F(score(x))^(k − 1)

so NLL_test needs no new samples, only the scores of the held-out ones; and NLL_oracle is
a weighted mean over samples of G.
"""

from __future__ import annotations

import math

import torch


def best_of(
    k: int, fake: torch.Tensor, real: torch.Tensor, nll_oracle: torch.Tensor, nll_test: torch.Tensor, length: int
) -> tuple[float, float]:
    """NLL_oracle and NLL_test of g_k, in nats a token.

    A held-out sequence that scores below all N samples is taken to stand at F = 1/(2N + 2):
    with many of those NLL_test is an underestimate.

    Args:
        k: how many to choose from, 1 or more.
        fake: ``(N,)`` scores of samples of G.
        real: ``(M,)`` scores of held-out sequences.
        nll_oracle: ``(N,)`` cost of the same samples under the oracle, in nats a token.
        nll_test: ``(M,)`` cost of the same held-out sequences under G, in nats a token.
        length: tokens in a sequence.
    """
    count = len(fake)
    below = (torch.searchsorted(fake.sort().values, real).double() + 0.5) / (count + 1)
    place = fake.argsort().argsort().double()  # 0 for the lowest
    chosen = ((place + 1) / count) ** k - (place / count) ** k  # how likely each is to be the best of k drawn from them
    change = (math.log(k) + (k - 1) * below.log()) / length
    return (chosen @ nll_oracle.double()).item(), (nll_test.double() - change).mean().item()
