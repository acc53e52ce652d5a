"""Lines in a spectrum at multiples of rate / 256, and how far they stand out.

Spectra are taken of Hann windows of 4096 samples or fewer, a mean in decibels over a sound's
windows, so that a quiet line in the tail counts as much as one under the attack. The excess of a
line is its level over the mean level of bins on either side.
"""

from __future__ import annotations

import torch

GRID = 256
"""Samples from one point of the coarsest grid to the next."""
LINES = GRID // 2 - 1
WINDOW = 4096
FLOOR_DB = -80.0
"""Noise of that RMS is added: what is below cannot be heard beside anything else."""


def excess(waves: torch.Tensor) -> torch.Tensor:
    """Level of each line k · rate / 256 over its neighbourhood, in dB.

    Args:
        waves: ``(B, L)`` in [-1, 1].

    Returns:
        ``(B, 127)``, of k from 1 to 127; NaN for fewer than 2048 samples, which cannot tell lines apart.
    """
    if waves.shape[1] < WINDOW // 2:
        return torch.full((len(waves), LINES), torch.nan)
    size = WINDOW if waves.shape[1] >= WINDOW else WINDOW // 2
    window = torch.hann_window(size)
    frames = waves.unfold(1, size, size // 2)  # (B, F, size)
    power = torch.fft.rfft(frames * window).abs().square() / window.square().sum()  # of noise: its variance
    level = 10 * (power + 10 ** (FLOOR_DB / 10)).log10().mean(1)  # (B, size / 2 + 1)
    step = size // GRID  # bins from one line to the next
    lines = torch.arange(1, LINES + 1) * step
    # past the main lobe of the window, which is two bins wide on either side, up to half-way to the next line
    sides = torch.arange(3, step // 2 + 1)
    around = torch.cat([lines[:, None] - sides, (lines[:, None] + sides)], 1)
    return level[:, lines] - level[:, around].mean(2)
