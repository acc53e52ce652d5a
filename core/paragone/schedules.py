"""How settings change over the budget."""

from __future__ import annotations

import math


def cosine_ramp(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` along half a cosine.

    end + (start − end)·½(1 + cos πt). Loshchilov and Hutter 2017, equation 5.

    Args:
        start, end: values at progress 0 and 1.
        progress: share of the budget used, clamped to [0, 1].
    """
    progress = min(max(progress, 0.0), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def geometric_ramp(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` by equal factors: start·(end / start)ᵗ. Nie et al. 2019 (RelGAN), section 2.3.

    Args:
        start, end: values at progress 0 and 1, above 0.
        progress: t, clamped to [0, 1].
    """
    return start * (end / start) ** min(max(progress, 0.0), 1.0)


def ema_decay(half_life: float, samples: int) -> float:
    """Weight of the old average after ``samples`` more real samples: ½^(samples / half_life).

    A half-life of 0 keeps no average: the decay is 0.
    """
    return 0.5 ** (samples / half_life) if half_life > 0 else 0.0
