"""How the last feature maps become a waveform: by short windows, by long ones, or by more convolutions."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn.functional import interpolate, leaky_relu

from paragone.layers import SLOPE

from .noise import Noise
from .synthesis import Synthesis
from .tuning import Tuning, turned
from .waves import TimeConv

LOUDNESS = 0.4
"""Maps hold amplitudes to this power, 1 being a sinusoid at full scale; as loudness is heard, and as discriminators see it."""


class SpectralHead(nn.Module):
    """``(B, C, 1, T)``, ``(B,)``, ``(B, S)`` → ``(B, 1, T·window/4)``: tones and shaped noise, put together by :class:`Synthesis`.

    The maps hold loudness rather than amplitudes: a sound decays by 80 dB, and sums in a
    network cannot follow that. (Their logarithms were tried: where a band is silent their
    gradient is gone, and generators stayed silent.)

    Args:
        channels: C.
        window: samples in a window.
        frames: T.
        loop: whether the end runs into the beginning.
        style: S, if each sound shifts its tones (:class:`.tuning.Tuning`); 0 if all lie in the middle of the bands.
    """

    def __init__(self, channels: int, window: int, frames: int, loop: bool, style: int = 0) -> None:
        super().__init__()
        self.synthesis = Synthesis(window, loop)
        self.tuning = Tuning(style, self.synthesis.bands, loop) if style else None
        self.noise = Noise(self.synthesis.bands, frames)
        bands = self.synthesis.bands
        # so that an untrained head is about -20 dBFS loud, whatever the number of bands that add up
        gain = (0.1 / math.sqrt(bands / 2)) ** LOUDNESS
        self.read = TimeConv(channels, 3 * bands, 7 if window <= 128 else 3, loop=loop, gain=gain)
        # tones begin as faint lines in the middle of each band: a network that sees noise in the data should not begin there
        self.read.conv.weight.data[: 2 * bands] *= 0.5

    def forward(self, x: torch.Tensor, place: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """See the class."""
        maps = self.read(leaky_relu(x, SLOPE)).squeeze(2).transpose(1, 2).float()  # (B, T, 3F): in channels_last, as it lies in memory
        tone, breath = maps.split([2 * self.synthesis.bands, self.synthesis.bands], 2)
        real, imaginary = tone.chunk(2, 2)
        power = 1 / LOUDNESS
        tone = tone * (real.square() + imaginary.square() + 1e-8).pow((power - 1) / 2).repeat(1, 1, 2)
        if self.tuning is not None:
            tone = turned(tone, self.tuning(style, maps.shape[1]))
        breath = (breath.square() + 1e-8).pow(power / 2)
        return self.synthesis(torch.addcmul(tone, breath.repeat(1, 1, 2), self.noise(place, maps.shape[1])))


class ConvHead(nn.Module):
    """``(B, C, 1, T)`` → ``(B, 1, 16T)``: two more times nearest neighbour and a convolution. No noise."""

    def __init__(self, channels: int, loop: bool) -> None:
        super().__init__()
        widths = [channels, max(channels // 2, 8), max(channels // 4, 8)]
        self.grow = nn.ModuleList(TimeConv(before, after, 7, loop=loop) for before, after in itertools.pairwise(widths))
        self.last = TimeConv(widths[-1], 1, 7, loop=loop, gain=0.3)

    def forward(self, x: torch.Tensor, place: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """See the class; place and style are of no use to it."""
        for conv in self.grow:
            x = conv(interpolate(leaky_relu(x, SLOPE), scale_factor=(1.0, 4.0)))
        return self.last(leaky_relu(x, SLOPE)).squeeze(2).float()
