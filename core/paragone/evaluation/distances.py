"""How far two sets of numbers, or two sets of counts, are apart."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import torch


def wasserstein(x: torch.Tensor, y: torch.Tensor) -> float:
    """Wasserstein-1 distance of two sets of numbers, ∫ |F − G|, in their unit (Vallender 1974).

    Args:
        x, y: ``(N,)`` and ``(M,)``, at least one each.
    """
    values = torch.cat([x, y]).sort().values.double()
    shares = [torch.searchsorted(z.double().sort().values, values[:-1], right=True).double() / len(z) for z in (x, y)]
    return float(((shares[0] - shares[1]).abs() * values.diff()).sum())


def jensen_shannon(p: Mapping[Any, int], q: Mapping[Any, int]) -> float:
    """Jensen-Shannon divergence of what two sets of counts are proportional to, in bits, 0 to 1.

    JS(P, Q) = ½ Σ p log₂(2p / (p + q)) + ½ Σ q log₂(2q / (p + q)): Lin 1991, equation 4.1
    with equal weights.

    Args:
        p, q: event → how often, once or more; neither is empty.
    """
    return (_half(p, q) + _half(q, p)) / 2


def _half(p: Mapping[Hashable, int], q: Mapping[Hashable, int]) -> float:
    """Σ p log₂(2p / (p + q))."""
    of_p, of_q = sum(p.values()), sum(q.values())
    shares = ((count / of_p, q.get(event, 0) / of_q) for event, count in p.items())
    return math.fsum(share * math.log2(2 * share / (share + other)) for share, other in shares)
