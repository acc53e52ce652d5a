"""White noise that a generator shapes: cymbals, snares and breath are noise, and noise cannot be learned sample by sample."""

from __future__ import annotations

import math

import torch
from torch import nn

FRAMES = 8192
"""Length of the noise, or twice that of the sound if that is more: it is circular, and must not come round within one."""


class Noise(nn.Module):
    """Short-time spectra of white noise, ``(B,)`` → ``(B, frames, 2·bands)``, where ``frames`` is asked for.

    One fixed noise for every model, entered at a place that the latent names: what a
    generator makes must depend on nothing but its latent. E|spectrum|² = 1 in each band, of which the real parts stand first.

    Args:
        bands: of a spectrum.
        frames: that are asked for, at most.
    """

    table: torch.Tensor

    def __init__(self, bands: int, frames: int = FRAMES // 2) -> None:
        super().__init__()
        drawn = torch.randn(max(FRAMES, 2 * frames), 2 * bands, generator=torch.Generator().manual_seed(0)) * math.sqrt(0.5)
        self.register_buffer("table", drawn, persistent=False)

    def forward(self, place: torch.Tensor, frames: int) -> torch.Tensor:
        """The noise from a place on.

        Args:
            place: ``(B,)`` standard normal numbers; Φ of it is the place, as a share of the whole.
            frames: how long.
        """
        share = (1 + torch.erf(place.float() / math.sqrt(2))) / 2
        first = (share * len(self.table)).long()
        wanted = (first[:, None] + torch.arange(frames, device=place.device)) % len(self.table)  # (B, T)
        return self.table[wanted]
