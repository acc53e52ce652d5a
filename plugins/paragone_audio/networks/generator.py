"""The generator of ``small`` and ``studio``: a latent and a label → a waveform."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn

from paragone.layers import LabelEmbedding, initialise, leaky_clamp, perceptron
from paragone.spec import SampleSpec

from ..presets import SoundNetwork
from ..sound import MULTIPLE, PEAK, is_levelled, is_loop
from .heads import ConvHead, SpectralHead
from .synthesis import OVERLAP
from .waves import Grow, Refine

WINDOWS = {"istft_short": 64, "istft_middle": 256, "istft_frame": 1024}
"""Samples in a window of the spectral heads."""

HOPS = {**{head: window // OVERLAP for head, window in WINDOWS.items()}, "conv": 16}
"""Samples for each step of the last feature maps."""


class SoundGenerator(nn.Module):
    """``(B, latent + 1)``, ``(B,)`` → ``(B, 1, L)`` float32 in or near [-1, 1].

    A style (latent and label through a small perceptron) scales and shifts every
    feature map. The first maps are refined until each step has heard of all others: an
    attack belongs at the beginning only. Then stages of :class:`.waves.Grow` make them four
    times as long, up to one step for each hop of the head. The last number of the latent is
    the place in the noise.

    Where all sounds of the data have one peak, so have those that it makes: it need not
    learn how loud they are.
    """

    blends = True

    def __init__(self, spec: SampleSpec, labels: int, config: SoundNetwork) -> None:
        super().__init__()
        self.latent_size, self.length, self.code = config.latent + 1, spec.shape[1], config.latent
        loop, self.levelled = is_loop(spec), is_levelled(spec)
        stages = round(math.log(MULTIPLE / HOPS[config.head], 4))
        widths = [min(config.widest, config.width * 2**stage) for stage in range(stages, -1, -1)]
        inputs = config.latent * (2 if labels else 1)
        self.label = LabelEmbedding(labels, config.latent) if labels else None
        self.style = perceptron(inputs, config.style)
        self.base = (widths[0], 1, -(-self.length // MULTIPLE))
        self.first = initialise(nn.Linear(inputs, math.prod(self.base)))
        self.plan = nn.ModuleList(Refine(widths[0], config.style, dilation, loop) for dilation in (1, 2, 4))
        self.grow = nn.ModuleList(Grow(before, after, config.style, loop) for before, after in itertools.pairwise(widths))
        self.head: nn.Module
        if config.head == "conv":
            self.head = ConvHead(widths[-1], loop)
        else:
            frames = self.base[2] * MULTIPLE // HOPS[config.head]
            self.head = SpectralHead(widths[-1], WINDOWS[config.head], frames, loop, config.style if config.tuned else 0)

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        code, place = latent[:, : self.code], latent[:, self.code]
        if self.label is not None and label is not None:
            code = torch.cat([code, self.label(label)], 1)  # (B, 2Z)
        style = self.style(code)
        x = self.first(code).view(-1, *self.base).contiguous(memory_format=torch.channels_last)  # (B, C, 1, T)
        for refine in self.plan:
            x = refine(x, style)
        for grow in self.grow:
            x = grow(x, style)
        wave = self.head(x, place, style)[..., : self.length]
        if self.levelled:
            return wave * (PEAK / wave.abs().amax(2, keepdim=True).clamp_min(1e-4))
        return leaky_clamp(wave)
