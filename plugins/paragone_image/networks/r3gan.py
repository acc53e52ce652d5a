"""``r3gan``: the modern baseline of Huang et al. 2024, for a GPU.

Two mirrored residual networks without normalisation, style or tricks; written
from the paper's description. A block is x + 1×1 (C → 2C), grouped 3×3, 1×1
(2C → C) with leaky ReLU between; pictures are doubled and halved with the
[1, 3, 3, 1] kernel. The game and its penalties are settings of the preset.
"""

from __future__ import annotations

import itertools
import math
from typing import cast

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from paragone.errors import UsageError
from paragone.layers import LabelEmbedding
from paragone.players import Players
from paragone.spec import SampleSpec

from ..augmentation import PictureAugmentation
from ..geometry import Pyramid
from ..presets import R3ganNetwork
from .grouped import GroupedConv2d

SLOPE = 0.2


class Block(nn.Module):
    """``(B, C, H, W)`` → the same; the identity at the start of training."""

    def __init__(self, channels: int, group: int, blocks: int) -> None:
        super().__init__()
        inner = channels * 2
        groups = max(1, inner // group)
        if inner % groups:
            what = f"{group} channels do not make whole groups of {inner}"
            raise UsageError(what, where="network.group", fix="Choose a power of 2, and a multiple of it for network.width.")
        self.grow = nn.Conv2d(channels, inner, 1, bias=False)
        self.mix = GroupedConv2d(inner, inner, 3, groups=groups)
        self.shrink = nn.Conv2d(inner, channels, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(2, inner, 1, 1))
        # L residual branches add up; each layer's gain is L^(-1/4) (Zhang et al. 2019, Fixup, section 3)
        for layer in (self.grow, self.mix):
            _he(layer, blocks**-0.25)
        nn.init.zeros_(self.shrink.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        hidden = self.grow(x)
        hidden = leaky_relu(hidden + self.bias[0].to(hidden.dtype), SLOPE)  # else bf16 would become fp32, twice as large
        hidden = self.mix(hidden)
        hidden = leaky_relu(hidden + self.bias[1].to(hidden.dtype), SLOPE)
        return x + self.shrink(hidden)


class Resample(nn.Module):
    """``(B, C, H, W)`` → ``(B, C', 2H, 2W)`` or ``(B, C', H/2, W/2)``, low-pass filtered with [1, 3, 3, 1] along both axes.

    Each axis is one product with a small matrix. As a convolution with a group a
    channel it took a GPU as long as everything else at that size.
    """

    def __init__(self, before: int, after: int, up: bool) -> None:
        super().__init__()
        self.up = up
        self.project = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()
        if before != after:
            _he(self.project, 1.0, slope=1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        if self.up:  # projected where there are fewer pixels
            return self.filter(self.project(x))
        return cast(torch.Tensor, self.project(self.filter(x)))

    def filter(self, x: torch.Tensor) -> torch.Tensor:
        """The filter alone; the result is in channels_last memory."""
        batch, channels, height, width = x.shape
        rows, columns = (_filter_matrix(size, self.up, x) for size in (height, width))
        x = x.permute(0, 2, 3, 1).reshape(batch * height, width, channels)
        x = torch.bmm(columns.expand(len(x), -1, -1), x)  # (B·H, W', C)
        x = torch.bmm(rows.expand(batch, -1, -1), x.view(batch, height, -1))  # (B, H', W'·C)
        return x.view(batch, len(rows), len(columns), channels).permute(0, 3, 1, 2)


def _filter_matrix(size: int, up: bool, like: torch.Tensor) -> torch.Tensor:
    """``(2·size, size)`` to double a line of pixels, or ``(size/2, size)`` to halve one; beyond its ends there is nothing."""
    fine, coarse = (2 * size, size) if up else (size, size // 2)
    fines, coarses = (torch.arange(length, device=like.device) for length in (fine, coarse))
    distance = (fines - 0.5 - 2 * coarses[:, None]).abs()  # from the middle of each coarse pixel
    weight = torch.where(distance < 1, 3.0, torch.where(distance < 2, 1.0, 0.0)) / 4  # (coarse, fine)
    return (weight.T if up else weight / 2).to(like)


class R3ganGenerator(nn.Module):
    """``(B, latent)``, ``(B,)`` → ``(B, C, H, W)``; not squashed, near [-1, 1] when trained."""

    def __init__(self, pyramid: Pyramid, labels: int, config: R3ganNetwork) -> None:
        super().__init__()
        self.latent_size, self.pyramid = config.latent, pyramid
        widths = _widths(pyramid, config)
        self.label = LabelEmbedding(labels, config.latent) if labels else None
        self.basis = nn.Parameter(torch.randn(widths[0], pyramid.base_height, pyramid.base_width))
        self.first = nn.Linear(config.latent * (2 if labels else 1), widths[0], bias=False)
        _he(self.first, 1.0, slope=1.0)
        total = len(widths) * config.blocks
        layers: list[nn.Module] = []
        for before, width in itertools.pairwise([widths[0], *widths]):
            layers += [Resample(before, width, up=True)] if layers else []
            layers += [Block(width, config.group, total) for _ in range(config.blocks)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Conv2d(widths[-1], pyramid.channels, 1, bias=False)
        _he(self.last, 1.0, slope=1.0)

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        if self.label is not None:
            latent = torch.cat([latent, self.label(label)], 1)  # (B, 2Z)
        x = self.first(latent)[:, :, None, None] * self.basis  # (B, W, 1, 1) × (W, h, w) → (B, W, h, w)
        return self.pyramid.crop(self.last(self.layers(x)))


class R3ganDiscriminator(nn.Module):
    """``(B, C, H, W)``, ``(B,)`` → ``(B,)`` logits; labels by projection (Miyato and Koyama 2018)."""

    def __init__(self, pyramid: Pyramid, labels: int, config: R3ganNetwork) -> None:
        super().__init__()
        self.pyramid = pyramid
        widths = _widths(pyramid, config)[::-1]
        self.first = nn.Conv2d(pyramid.channels, widths[0], 1, bias=False)
        _he(self.first, 1.0, slope=1.0)
        total = len(widths) * config.blocks
        layers: list[nn.Module] = []
        for before, width in itertools.pairwise([widths[0], *widths]):
            layers += [Resample(before, width, up=False)] if layers else []
            layers += [Block(width, config.group, total) for _ in range(config.blocks)]
        self.layers = nn.Sequential(*layers)
        base = (pyramid.base_height, pyramid.base_width)
        self.pool = nn.Conv2d(widths[-1], widths[-1], base, groups=widths[-1], bias=False)
        _he(self.pool, 1.0, slope=1.0)
        self.label = LabelEmbedding(labels, config.embedding) if labels else None
        self.last = nn.Linear(widths[-1], config.embedding if labels else 1, bias=False)
        _he(self.last, 1.0, slope=1.0)

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        x = self.layers(self.first(self.pyramid.fill(sample)))  # (B, W, h, w)
        # as a convolution with a group a channel it would be slow to differentiate twice
        x = (x * self.pool.weight[:, 0]).sum((2, 3))  # (B, W)
        out = self.last(x)
        if self.label is None:
            return out[:, 0]
        return (out * self.label(label)).sum(1) / math.sqrt(out.shape[1])


def _widths(pyramid: Pyramid, config: R3ganNetwork) -> list[int]:
    """Channels at each size, smallest picture first: full up to four sizes, then half, and half again."""
    return [max(config.group, config.width >> max(0, stage - 3)) for stage in range(pyramid.stages + 1)]


def _he(layer: nn.Module, gain: float, slope: float = SLOPE) -> None:
    """N(0, gain²·2 / ((1 + slope²)·fan in)); slope 1 is a linear layer. He et al. 2015, equation 15."""
    assert isinstance(layer, nn.Conv2d | nn.Linear)
    fan_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, 0.0, gain * math.sqrt(2 / ((1 + slope**2) * fan_in)))


def build(spec: SampleSpec, labels: int, config: R3ganNetwork) -> Players:
    """The pair for any picture size."""
    pyramid = Pyramid.of(spec)
    augmentation = PictureAugmentation(spec.traits.get("mode") == "RGBA", mirror=config.mirror, turn=15.0)
    return Players(R3ganGenerator(pyramid, labels, config), R3ganDiscriminator(pyramid, labels, config), augmentation)
