"""``dcgan``: Radford et al. 2016, the reference everybody knows.

Transposed 4×4 convolutions and batch normalisation up, 4×4 convolutions and
batch normalisation down, all weights drawn from N(0, 0.02²). Batch
normalisation mixes the samples of a batch; it is kept because it is published.
"""

from __future__ import annotations

import itertools

import torch
from torch import nn

from paragone.players import Players, refuse_labels
from paragone.spec import SampleSpec

from ..geometry import Pyramid
from ..presets import DcganNetwork


class DcganGenerator(nn.Module):
    """``(B, latent)`` → ``(B, C, H, W)`` in [-1, 1]. Labels are ignored."""

    def __init__(self, pyramid: Pyramid, config: DcganNetwork) -> None:
        super().__init__()
        self.latent_size, self.pyramid = config.latent, pyramid
        widths = [config.width * 2**stage for stage in reversed(range(pyramid.stages))]  # 32×32: 256, 128, 64
        base = (pyramid.base_height, pyramid.base_width)
        self.first = nn.Sequential(nn.ConvTranspose2d(config.latent, widths[0], base, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], pyramid.channels, 4, 2, 1), nn.Tanh())
        self.apply(_radford)

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        return self.pyramid.crop(self.layers(self.first(latent[:, :, None, None])))  # (B, Z) → (B, Z, 1, 1) → (B, C, H, W)


class DcganDiscriminator(nn.Module):
    """``(B, C, H, W)`` → ``(B,)`` logits. Labels are ignored."""

    def __init__(self, pyramid: Pyramid, config: DcganNetwork) -> None:
        super().__init__()
        self.pyramid = pyramid
        widths = [config.width * 2**stage for stage in range(pyramid.stages)]
        layers: list[nn.Module] = [nn.Conv2d(pyramid.channels, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, (pyramid.base_height, pyramid.base_width)), nn.Flatten())
        self.apply(_radford)

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """See the class."""
        return self.layers(self.pyramid.fill(sample))[:, 0]  # (B, 1) → (B,)


def _radford(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


def build(spec: SampleSpec, labels: int, config: DcganNetwork) -> Players:
    """The pair for any picture size.

    Raises:
        UsageError: if labels or clusters are to be learned.
    """
    refuse_labels(labels, "dcgan", "small or r3gan")
    pyramid = Pyramid.of(spec)
    return Players(DcganGenerator(pyramid, config), DcganDiscriminator(pyramid, config), batch_statistics=True)
