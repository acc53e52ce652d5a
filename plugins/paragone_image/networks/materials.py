"""Colours from a few materials: the last step of ``small``'s generator."""

from __future__ import annotations

import math

import torch
from torch import nn


class Materials(nn.Module):
    """Feature maps and a style → colours: each pixel mixes a few materials, and one light shades them all.

    colour(x, y) = Σₖ mₖ(x, y) · (uₖ + vₖ · l(x, y)) with m = softmax of s times K maps, l a map
    of its own, and the colours u, v of each picture read from its style.

    A convolution that paints three colours for itself gives each pixel its own
    hue, and what is not learned yet looks like coloured noise. Here fine detail can
    only be light, or the edge of a material, as in a drawing.

    Args:
        channels: of a picture.
        alpha: whether the last of them is alpha, which gets a map of its own.
        count: K.
        style: length of the style.
        sharpness: s, above 0.
    """

    def __init__(self, channels: int, alpha: bool, count: int, style: int, sharpness: float) -> None:
        super().__init__()
        self.count, self.colours, self.sharpness = count, channels - alpha, sharpness
        self.maps = count + 1 + alpha
        self.read = nn.Linear(style, 2 * count * self.colours)
        nn.init.normal_(self.read.weight, 0.0, 0.2 / math.sqrt(style))
        with torch.no_grad():  # materials of their own, all shaded from dark to bright
            base, shade = self.read.bias.view(2, count, self.colours)
            base.normal_(0.0, 0.2)
            shade.fill_(0.5)

    def forward(self, maps: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """``(B, maps, H, W)``, ``(B, style)`` → ``(B, C, H, W)``, unbounded, never in bf16: that has 8 bits for 256 colours."""
        ramps = self.read(style).view(len(style), 2 * self.count, self.colours)  # uₖ, then vₖ
        kind = torch.promote_types(maps.dtype, torch.float32)
        with torch.autocast(maps.device.type, enabled=False):
            maps, ramps = maps.to(kind), ramps.to(kind)
            share = (self.sharpness * maps[:, : self.count]).softmax(1)  # (B, K, H, W)
            light = maps[:, self.count : self.count + 1]  # (B, 1, H, W)
            colour = torch.einsum("bmc,bmhw->bchw", ramps, torch.cat([share, share * light], 1))
            return torch.cat([colour, maps[:, self.count + 1 :]], 1)
