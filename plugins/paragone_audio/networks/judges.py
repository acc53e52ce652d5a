"""Two ways to look at a waveform: as spectra of several resolutions, and folded at several periods."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn.functional import leaky_relu, pad

from paragone.layers import GAIN, SLOPE, initialise
from paragone.spec import SampleSpec

from ..sound import is_loop, rate_of
from .spectrogram import Spectrogram, fold, folding, magnitude


class SpectralJudge(nn.Module):
    """``(B, 1, L)`` → a summary ``(B, outputs)``, and the loudness of mel bands ``(B, M, T)``.

    One resolution of a multi-resolution discriminator of complex spectra (Jang et al.
    2021, UnivNet; Kumar et al. 2023, DAC). Neighbouring bands and frames are folded into
    channels first: a few wide convolutions cost a CPU far less than many narrow ones.

    Args:
        spec: of a sound.
        window: samples in a window of the spectrum.
        width: channels of the first map, doubled with each halving.
        widest: never more than this.
        refined: whether all maps but the smallest get one more convolution, beside a shortcut.
    """

    def __init__(self, spec: SampleSpec, window: int, width: int, widest: int, refined: bool) -> None:
        super().__init__()
        length, self.by = spec.shape[1], folding(window)
        self.spectrogram = Spectrogram(window, rate_of(spec), is_loop(spec))
        height, steps = -(-window // 2 // self.by[0]), -(-(2 * length // window) // self.by[1])
        # down to 2 steps and no further: with 1, torch's bf16 convolution reads memory that nobody has written
        halvings = max(0, min(3, int(math.log2(height)), int(math.log2(steps)) - 1))
        widths = [min(widest, width * 2**stage) for stage in range(halvings + 1)]
        self.first = initialise(nn.Conv2d(3 * self.by[0] * self.by[1], widths[0], 3, padding=1))
        self.halves = nn.ModuleList(initialise(nn.Conv2d(before, after, 4, 2, 1)) for before, after in itertools.pairwise(widths))
        finer = widths[:-1] if refined else []
        self.refines = nn.ModuleList(initialise(nn.Conv2d(each, each, 3, padding=1), gain=0.3 * GAIN) for each in finer)
        self.outputs = widths[-1] * (height >> halvings) * (steps >> halvings)

    def forward(self, wave: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Summary, and loudness."""
        spectrum, loudness = self.spectrogram.both(wave)
        x = fold(torch.cat([spectrum, magnitude(spectrum)], 1), self.by)  # (B, 3·8, F', T')
        for layer, refine in itertools.zip_longest([self.first, *self.halves], self.refines):
            x = layer(x)
            x = leaky_relu(x if refine is None else x + refine(leaky_relu(x, SLOPE)), SLOPE)
        return x.flatten(1), loudness


class PeriodJudge(nn.Module):
    """``(B, 1, L)`` → a summary ``(B, outputs)``: every ``period``-th sample is looked at as one row.

    Kong et al. 2020 (HiFi-GAN), section 2.3, multi-period discriminator; narrower, and
    eight samples of a row are one step.

    Args:
        period: samples.
        width: channels of the first map, doubled with each layer.
    """

    STEPS = 8

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        widths = [self.STEPS, width, 2 * width, 4 * width]
        self.layers = nn.ModuleList(
            initialise(nn.Conv2d(before, after, (5, 1), (stride, 1), (2, 0)))
            for (before, after), stride in zip(itertools.pairwise(widths), (2, 4, 4), strict=True)
        )
        self.outputs = 4 * width

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = self.rows(wave)
        for layer in self.layers:
            x = leaky_relu(layer(x), SLOPE)
        return x.mean((2, 3))

    def rows(self, wave: torch.Tensor) -> torch.Tensor:
        """The waveform folded, ``(B, 8, L/8·period, period)``; zeros are added where it does not divide."""
        x = pad(wave, (0, -wave.shape[2] % (self.period * self.STEPS)))
        x = x.view(len(x), -1, self.STEPS, self.period).transpose(1, 2)
        return x.contiguous(memory_format=torch.channels_last)
