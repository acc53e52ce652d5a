"""Any picture size for networks that double and halve.

A network works at a size its stages can divide; the generator crops its result
to the size that is wanted, the discriminator pads what it is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn.functional import pad

from paragone.errors import UsageError
from paragone.spec import SampleSpec


@dataclass(frozen=True)
class Pyramid:
    """How a picture is reached by doubling.

    Attributes:
        channels: of the picture.
        height, width: of the picture, in pixels.
        base_height, base_width: of the smallest feature map.
        stages: how often it is doubled.
    """

    channels: int
    height: int
    width: int
    base_height: int
    base_width: int
    stages: int

    @classmethod
    def of(cls, spec: SampleSpec) -> Pyramid:
        """The pyramid whose smaller base side is 4 pixels or a little more.

        Raises:
            UsageError: if the sample is no picture, or smaller than 8 pixels.
        """
        if len(spec.shape) != 3 or min(spec.shape[1:]) < 8:
            raise UsageError(f"these networks make pictures of at least 8x8 pixels, not {spec}", where="data.size", fix="Set --size 32x32.")
        channels, height, width = spec.shape
        stages = int(math.log2(min(height, width) / 4))
        return cls(channels, height, width, -(-height // 2**stages), -(-width // 2**stages), stages)

    def crop(self, picture: torch.Tensor) -> torch.Tensor:
        """``(B, C, base_height·2ˢ, base_width·2ˢ)`` → ``(B, C, height, width)``, the middle."""
        top, left = (picture.shape[2] - self.height) // 2, (picture.shape[3] - self.width) // 2
        return picture[:, :, top : top + self.height, left : left + self.width]

    def fill(self, picture: torch.Tensor) -> torch.Tensor:
        """The other way round: pads with -1, which is black or transparent."""
        tall, wide = self.base_height * 2**self.stages - self.height, self.base_width * 2**self.stages - self.width
        if not tall and not wide:
            return picture
        return pad(picture, (wide // 2, wide - wide // 2, tall // 2, tall - tall // 2), value=-1.0)
