"""Differentiable changes of pictures, for the discriminator's eyes only.

Each kind of change is applied to a picture with probability p. All of them
could be undone if their strength were known, and most pictures stay unchanged
while p < 0.8, so they do not leak into what the generator makes (Karras et al.
2020, ADA, section 2.2).

Transparency: pictures with an alpha channel come premultiplied, which is why a
colour change scales with alpha and what moves in from outside is transparent.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import affine_grid

from .resample import sample_at


class PictureAugmentation:
    """Mirror, shift, scale, rotate, cut out, brightness, contrast, saturation.

    Args:
        alpha: whether the last channel is alpha.
        mirror: mirror left to right; wrong for letters and digits.
        shift: largest shift, as a share of the side.
        zoom: standard deviation of log2 of the scale.
        turn: largest rotation, in degrees.
        cutout: side of the hidden square, as a share of the picture's; 0 for none.
        colour: strength of the colour changes, 0 for none, 1 for plenty.
    """

    uniforms_per_sample = 16

    def __init__(
        self,
        alpha: bool = False,
        *,
        mirror: bool = True,
        shift: float = 0.125,
        zoom: float = 0.1,
        turn: float = 0.0,
        cutout: float = 0.4,
        colour: float = 0.5,
    ) -> None:
        self.alpha, self.mirror, self.shift, self.zoom = alpha, mirror, shift, zoom
        self.turn, self.cutout, self.colour = turn, cutout, colour

    def __call__(self, sample: torch.Tensor, uniforms: torch.Tensor, p: float) -> torch.Tensor:
        """``sample``, changed.

        Args:
            sample: ``(B, C, H, W)`` in [-1, 1], premultiplied where there is alpha.
            uniforms: ``(B, 16)`` in [0, 1).
            p: probability of each kind of change.

        Returns:
            ``(B, C, H, W)``.
        """
        if p <= 0:
            return sample
        picture = (sample.float() + 1) / 2  # 0 is black, and transparent: what moves in from outside
        # the second half of the numbers says whether, the first half says how much
        amount, happens = uniforms[:, :8], uniforms[:, 8:] < p
        picture = self._move(picture, amount, happens)
        picture = self._colour(picture, amount, happens)
        picture = self._cut(picture, amount, happens)
        return (picture * 2 - 1).to(sample.dtype)

    def _move(self, picture: torch.Tensor, amount: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        signed = amount * 2 - 1
        flip = torch.where(happens[:, 0] & (amount[:, 0] < 0.5) & self.mirror, -1.0, 1.0)
        height, width = picture.shape[2:]
        # whole pixels: a shift alone must not blur
        right = torch.where(happens[:, 1], (signed[:, 1] * self.shift * width).round() * 2 / width, 0.0)
        down = torch.where(happens[:, 1], (signed[:, 2] * self.shift * height).round() * 2 / height, 0.0)
        scale = torch.where(happens[:, 2], torch.exp2(_normal(amount[:, 3]) * self.zoom), 1.0)
        angle = torch.where(happens[:, 3], signed[:, 4] * math.radians(self.turn), 0.0)
        cos, sin = angle.cos() * scale, angle.sin() * scale
        matrix = torch.stack([cos * flip, -sin * height / width, right, sin * flip * width / height, cos, down], 1).view(-1, 2, 3)
        grid = affine_grid(matrix, list(picture.shape), align_corners=False)
        return sample_at(picture, grid, "zeros" if self.alpha else "reflection")

    def _colour(self, picture: torch.Tensor, amount: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        if not self.colour:
            return picture
        colour, cover = (picture[:, :-1], picture[:, -1:]) if self.alpha else (picture, None)
        signed = ((amount[:, 5:8] * 2 - 1) * self.colour * happens[:, 5:8])[:, :, None, None, None]
        grey = colour.mean(1, keepdim=True)
        colour = grey + (colour - grey) * (1 + signed[:, 0])  # saturation
        middle = 0.5 if cover is None else 0.5 * cover
        colour = middle + (colour - middle) * (1 + signed[:, 1])  # contrast
        colour = colour + signed[:, 2] * 0.5 * (1 if cover is None else cover)  # brightness
        return colour if cover is None else torch.cat([colour, cover], 1)

    def _cut(self, picture: torch.Tensor, amount: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        if not self.cutout:
            return picture
        height, width = picture.shape[2:]
        # digits of the same numbers that are not used for anything else
        centre = (amount[:, :2] * 97.0) % 1.0
        far_y = ((torch.arange(height, device=picture.device) + 0.5) / height - centre[:, :1]).abs() > self.cutout / 2
        far_x = ((torch.arange(width, device=picture.device) + 0.5) / width - centre[:, 1:]).abs() > self.cutout / 2
        keep = far_y[:, None, :, None] | far_x[:, None, None, :] | ~happens[:, 4, None, None, None]
        return picture * keep


def _normal(uniform: torch.Tensor) -> torch.Tensor:
    """Standard normal numbers, from uniform ones in [0, 1), cut at three deviations."""
    return torch.special.ndtri(uniform.clamp(1e-3, 1 - 1e-3))
