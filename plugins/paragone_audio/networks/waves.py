"""Convolutions along time. Feature maps are ``(B, C, 1, T)``: a CPU multiplies 2-D maps in channels_last twice as fast as 1-D ones."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import interpolate, layer_norm, leaky_relu

from paragone.layers import GAIN, SLOPE, initialise


class TimeConv(nn.Module):
    """``(B, C, 1, T)`` → ``(B, C', 1, T)``.

    Args:
        before, after: channels.
        size: of the kernel, odd.
        dilation: steps between its taps.
        loop: whether the end runs into the beginning; else there are zeros around.
        gain: of the initial weights.
    """

    def __init__(self, before: int, after: int, size: int, dilation: int = 1, loop: bool = False, gain: float = GAIN) -> None:
        super().__init__()
        self.reach, self.loop = (size - 1) // 2 * dilation, loop
        padding = 0 if loop else self.reach
        self.conv = initialise(nn.Conv2d(before, after, (1, size), padding=(0, padding), dilation=(1, dilation)), gain)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.conv(wrap(x, self.reach) if self.loop else x)


def wrap(x: torch.Tensor, reach: int) -> torch.Tensor:
    """``reach`` more steps on either side of the last axis, taken from its other end, as often round as it takes."""
    length = x.shape[-1]
    return x.index_select(-1, torch.arange(-reach, length + reach, device=x.device) % length)


class Style(nn.Module):
    """Each time step normalised over its channels, then a gain and a shift for each channel, read from the style.

    ``(B, C, 1, T)``, ``(B, S)`` → ``(B, C, 1, T)``. Ba et al. 2016, equation 4; Perez et al. 2018 (FiLM), equation 1.
    """

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.read = nn.Linear(style, 2 * channels)
        nn.init.normal_(self.read.weight, 0.0, 0.3 / math.sqrt(style))
        nn.init.zeros_(self.read.bias)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """See the class."""
        last = x.permute(0, 2, 3, 1)  # (B, 1, T, C): in channels_last, as it lies in memory
        normal = layer_norm(last, last.shape[3:])
        gain, shift = self.read(style).to(normal.dtype)[:, None, None].chunk(2, 3)  # 2 × (B, 1, 1, C)
        return torch.addcmul(shift, normal, 1 + gain).permute(0, 3, 1, 2)


class Refine(nn.Module):
    """x + a styled convolution of it, ``(B, C, 1, T)`` → the same; the identity at the start."""

    def __init__(self, channels: int, style: int, dilation: int, loop: bool) -> None:
        super().__init__()
        self.style = Style(channels, style)
        self.conv = TimeConv(channels, channels, 5, dilation, loop, gain=0.0)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return x + self.conv(leaky_relu(self.style(x, style), SLOPE))


class Grow(nn.Module):
    """``(B, C, 1, T)`` → ``(B, C', 1, 4T)``: each step four times, a convolution, a refinement.

    Nearest neighbour, because transposed convolutions buzz at the rates they double at
    (Odena et al. 2016; Pons et al. 2021 for sound).
    """

    def __init__(self, before: int, after: int, style: int, loop: bool) -> None:
        super().__init__()
        self.style = Style(before, style)
        self.conv = TimeConv(before, after, 7, loop=loop)
        self.refine = Refine(after, style, 3, loop)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = self.conv(interpolate(leaky_relu(self.style(x, style), SLOPE), scale_factor=(1.0, 4.0)))
        return self.refine(x, style)
