"""``small``: the default, made for two CPU cores, 32 to 64 pixels, few pictures.

Dense convolutions only, because they are what a CPU multiplies fastest in bf16;
no batch normalisation, so that a sample depends on its own latent alone.

The generator: a style (latent and label through a small perceptron) scales and
shifts every feature map after pixel normalisation; each stage doubles the
picture and refines it, and the last one paints with a few materials. The
discriminator halves it again, and compares groups of consecutive samples, which
share a label, so that it notices when a label has one picture. The encoder finds
latents of real pictures, for reconstruction.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn.functional import conv_transpose2d, interpolate, leaky_relu, pad, pixel_unshuffle

from paragone.layers import GAIN, SLOPE, LabelEmbedding, group_deviation, initialise, leaky_clamp, perceptron
from paragone.players import Players
from paragone.spec import SampleSpec

from ..augmentation import PictureAugmentation
from ..colour import premultiply, to_opponents
from ..geometry import Pyramid
from ..presets import SmallNetwork
from .halving import Halve
from .materials import Materials
from .styled import styled


def added_up(weight: torch.Tensor) -> torch.Tensor:
    """``(C', C, 3, 3)`` of the convolution after doubling → ``(C, C', 4, 4)`` of the transposed one that does both."""
    kernel = pad(weight, (1, 1, 1, 1))  # (C', C, 5, 5)
    kernel = kernel[..., :-1] + kernel[..., 1:]
    kernel = kernel[..., :-1, :] + kernel[..., 1:, :]  # (C', C, 4, 4)
    return kernel.flip(2, 3).transpose(0, 1)


class Double(nn.Module):
    """``(B, C, H, W)`` → ``(B, C', 2H, 2W)``: nearest neighbour, then a 3×3 convolution.

    Weights that meet the same pixel of the small picture can be added up: a transposed
    4×4 convolution of stride 2 gives the same result. A CPU runs it faster, and its
    gradient slower; so that is for sampling.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = initialise(nn.Conv2d(before, after, 3, padding=1))
        self.kernel: torch.Tensor | None
        self.register_buffer("kernel", None, persistent=False)
        self.register_load_state_dict_post_hook(_unfuse)  # type: ignore[no-untyped-call]  # torch's

    def train(self, mode: bool = True) -> Double:
        """As for any module; weights that may change have to be added up again."""
        if mode:
            self.kernel = None
        return super().train(mode)

    def fuse_for_sampling(self) -> None:
        """Add up the weights; see :func:`paragone.players.fused`."""
        self.kernel = added_up(self.conv.weight.detach()).contiguous()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        if self.kernel is not None:
            return conv_transpose2d(x, self.kernel, self.conv.bias, stride=2, padding=1)
        doubled: torch.Tensor = self.conv(interpolate(x, scale_factor=2.0))
        return doubled


def _unfuse(double: Double, keys: object) -> None:
    """Other weights were loaded."""
    double.kernel = None


class Style(nn.Module):
    """Pixel normalisation, a gain and a shift for each channel, read from the style, and the leaky ReLU.

    ``(B, C, H, W)``, ``(B, S)`` → ``(B, C, H, W)``; see :func:`.styled.styled`.
    """

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.read = nn.Linear(style, 2 * channels)
        nn.init.normal_(self.read.weight, 0.0, 0.3 / math.sqrt(style))
        nn.init.zeros_(self.read.bias)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """See the class."""
        gain, shift = self.read(style).to(x.dtype)[:, :, None, None].chunk(2, 1)  # 2 × (B, C, 1, 1)
        return styled(x, 1 + gain, shift)


class Refine(nn.Module):
    """x + a 3×3 convolution of it, styled, ``(B, C, H, W)`` → the same; the identity at the start.

    Doubling gives each position within a doubled pixel weights of its own, which
    shows as a weave; a convolution at the new size can mend that, and draws what is finer.
    """

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.style = Style(channels, style)
        self.conv = initialise(nn.Conv2d(channels, channels, 3, padding=1), gain=0.0)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return x + self.conv(self.style(x, style))


class SmallGenerator(nn.Module):
    """``(B, latent)``, ``(B,)`` → ``(B, C, H, W)`` in or near [-1, 1], premultiplied where there is alpha."""

    blends = True

    def __init__(self, spec: SampleSpec, labels: int, config: SmallNetwork) -> None:
        super().__init__()
        self.latent_size, self.pyramid, self.config = config.latent, Pyramid.of(spec), config
        self.alpha = spec.traits.get("mode") == "RGBA"
        widths = [min(config.widest, config.width * 2**stage) for stage in range(self.pyramid.stages, -1, -1)]
        inputs = config.latent * (2 if labels else 1)
        self.label = LabelEmbedding(labels, config.latent) if labels else None
        self.style = perceptron(inputs, config.style)
        self.base = (widths[0], self.pyramid.base_height, self.pyramid.base_width)
        self.first = initialise(nn.Linear(inputs, math.prod(self.base)))
        self.styles = nn.ModuleList(Style(width, config.style) for width in widths[:-1])
        self.doubles = nn.ModuleList(Double(before, after) for before, after in itertools.pairwise(widths))
        self.refines = nn.ModuleList(Refine(width, config.style) for width in widths[1:])
        channels = self.pyramid.channels
        self.materials = Materials(channels, self.alpha, config.materials, config.style, config.sharpness) if config.materials else None
        maps = channels if self.materials is None else self.materials.maps
        self.last = initialise(nn.Conv2d(widths[-1], maps, 3, padding=1), gain=0.7)

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        if self.label is not None and label is not None:
            latent = torch.cat([latent, self.label(label)], 1)  # (B, 2Z)
        style = self.style(latent)
        x = self.first(latent).view(-1, *self.base).contiguous(memory_format=torch.channels_last)  # (B, W, h, w)
        for read, double, refine in zip(self.styles, self.doubles, self.refines, strict=True):
            x = refine(double(read(x, style)), style)
        x = self.last(leaky_relu(x, SLOPE))
        if self.materials is not None:
            x = self.materials(x, style)
        x = self.pyramid.crop(leaky_clamp(x))
        return premultiply(x) if self.alpha else x


class Trunk(nn.Module):
    """``(B, C, H, W)`` → feature maps at half the size, a quarter, and so on down to about 4×4.

    Pixels 2×2 become channels, then 3×3: one 6×6 convolution of stride 2, and much
    cheaper than 3×3 at full size.

    Args:
        pyramid: of the picture.
        config: of the preset.
        refined: whether all sizes but the smallest get one more 3×3, beside a shortcut.
    """

    def __init__(self, pyramid: Pyramid, config: SmallNetwork, refined: bool) -> None:
        super().__init__()
        self.pyramid, self.chroma = pyramid, config.chroma_seen
        widths = [min(config.widest, 2 * config.width * 2**stage) for stage in range(pyramid.stages)]
        self.first = initialise(nn.Conv2d(4 * pyramid.channels, widths[0], 3, padding=1))
        self.halves = nn.ModuleList(initialise(Halve(before, after)) for before, after in itertools.pairwise(widths))
        finer = widths[:-1] if refined else []
        self.refines = nn.ModuleList(initialise(nn.Conv2d(width, width, 3, padding=1), gain=0.3 * GAIN) for width in finer)
        self.outputs = widths[-1] * pyramid.base_height * pyramid.base_width

    def forward(self, sample: torch.Tensor) -> list[torch.Tensor]:
        """See the class."""
        x = self.pyramid.fill(sample)
        if x.shape[1] >= 3:
            x = to_opponents(x, self.chroma)
        x = pixel_unshuffle(x, 2).contiguous(memory_format=torch.channels_last)  # (B, 4C, H/2, W/2)
        maps: list[torch.Tensor] = []
        for layer, refine in itertools.zip_longest([self.first, *self.halves], self.refines):
            x = layer(x)
            x = leaky_relu(x if refine is None else x + refine(leaky_relu(x, SLOPE)), SLOPE)
            maps.append(x)
        return maps


class SmallDiscriminator(nn.Module):
    """``(B, C, H, W)``, ``(B,)`` → ``(B,)`` logits; labels by projection (Miyato and Koyama 2018)."""

    def __init__(self, spec: SampleSpec, labels: int, config: SmallNetwork) -> None:
        super().__init__()
        self.config, self.compares = config, config.group
        self.trunk = Trunk(Pyramid.of(spec), config, refined=True)
        self.features = initialise(nn.Linear(self.trunk.outputs + 1, config.features))
        nn.init.normal_(self.features.weight[:, -1], 0.0, 0.5)
        self.last = initialise(nn.Linear(config.features, 1), gain=1.0)
        self.label = LabelEmbedding(labels, config.features, config.features**-0.5) if labels else None

    def judge(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits, and the feature maps they rest on; see :class:`paragone.players.Discriminator`."""
        maps = self.trunk(sample)
        x = maps[-1].flatten(1)
        x = torch.cat([x, group_deviation(x, self.config.group).to(x.dtype)], 1)
        features = leaky_relu(self.features(x), SLOPE)  # (B, F)
        logits = self.last(features)[:, 0]
        return logits if self.label is None else logits + (features * self.label(label)).sum(1), maps

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        return self.judge(sample, label)[0]


class SmallEncoder(nn.Module):
    """``(B, C, H, W)`` → mean and logarithm of the variance of a latent, each ``(B, latent)``. Labels are ignored."""

    def __init__(self, spec: SampleSpec, config: SmallNetwork) -> None:
        super().__init__()
        self.trunk = Trunk(Pyramid.of(spec), config, refined=False)
        self.last = initialise(nn.Linear(self.trunk.outputs, 2 * config.latent), gain=0.5)
        self.last.bias.data[config.latent :] = -2.0  # certain at first, so that the codes say something

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """See the class."""
        mean, log_variance = self.last(self.trunk(sample)[-1].flatten(1)).chunk(2, 1)
        return mean, log_variance


def build(spec: SampleSpec, labels: int, config: SmallNetwork) -> Players:
    """The pair for any picture size from 8×8."""
    augmentation = PictureAugmentation(spec.traits.get("mode") == "RGBA", mirror=config.mirror)
    generator, discriminator, encoder = (
        SmallGenerator(spec, labels, config),
        SmallDiscriminator(spec, labels, config),
        SmallEncoder(spec, config),
    )
    return Players(generator, discriminator, augmentation, encoder=encoder)
