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
    """Mirror, shift, scale, rotate, cut out, brightness, contrast, saturation, hue.

    Args:
        alpha: whether the last channel is alpha.
        mirror: mirror left to right; wrong for letters and digits.
        shift: largest shift, as a share of the side.
        zoom: half the largest log2 of the scale; it blurs a little.
        turn: largest rotation, in degrees.
        cutout: side of the hidden square, as a share of the picture's; 0 for none.
        colour: strength of the colour changes, 0 for none.
    """

    uniforms_per_sample = 20

    def __init__(
        self,
        alpha: bool = False,
        *,
        mirror: bool = True,
        shift: float = 0.125,
        zoom: float = 0.0,
        turn: float = 0.0,
        cutout: float = 0.5,
        colour: float = 1.0,
    ) -> None:
        self.alpha, self.mirror, self.shift, self.zoom = alpha, mirror, shift, zoom
        self.turn, self.cutout, self.colour = turn, cutout, colour

    def __call__(self, sample: torch.Tensor, uniforms: torch.Tensor, p: float) -> torch.Tensor:
        """``sample``, changed.

        Args:
            sample: ``(B, C, H, W)`` in [-1, 1], premultiplied where there is alpha.
            uniforms: ``(B, 20)`` in [0, 1).
            p: probability of each kind of change.

        Returns:
            ``(B, C, H, W)``.
        """
        if p <= 0:
            return sample
        picture = (sample.float() + 1) / 2  # 0 is black, and transparent: what moves in from outside
        # the first half of the numbers says how much, the second half says whether
        amount, happens = uniforms[:, :10], uniforms[:, 10:] < p
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
        # sums of uniform numbers are bell-shaped enough; the colours use the same ones, which does no harm
        scale = torch.where(happens[:, 2], torch.exp2((signed[:, 3] + signed[:, 4]) * self.zoom), 1.0)
        angle = torch.where(happens[:, 3], signed[:, 5] * math.radians(self.turn), 0.0)
        cos, sin = angle.cos() * scale, angle.sin() * scale
        matrix = torch.stack([cos * flip, -sin * height / width, right, sin * flip * width / height, cos, down], 1).view(-1, 2, 3)
        grid = affine_grid(matrix, list(picture.shape), align_corners=False)
        return sample_at(picture, grid, "zeros" if self.alpha else "reflection")

    def _colour(self, picture: torch.Tensor, amount: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        """All colour changes as one affine map a picture: colour → matrix · colour + offset · alpha."""
        if not self.colour:
            return picture
        colour, cover = (picture[:, :-1], picture[:, -1:]) if self.alpha else (picture, None)
        brightness, contrast, saturation, hue = ((amount[:, 4:8] * 2 - 1) * happens[:, 4:8] * self.colour)[:, :, None, None].unbind(1)
        size = colour.shape[1]
        same = torch.eye(size, device=picture.device)
        grey = torch.full_like(same, 1 / size)
        matrix = (1 + 0.4 * contrast) * (grey + (1 + 0.8 * saturation) * (same - grey))  # (B, C, C)
        if size == 3:
            matrix = _rotation_about_grey(0.5 * hue) @ matrix
        offset = (0.2 * brightness - 0.2 * contrast)[:, None]  # contrast turns about the middle, ½
        colour = torch.einsum("bij,bjhw->bihw", matrix, colour) + offset * (1 if cover is None else cover)
        return colour if cover is None else torch.cat([colour, cover], 1)

    def _cut(self, picture: torch.Tensor, amount: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        if not self.cutout:
            return picture
        height, width = picture.shape[2:]
        far_y = ((torch.arange(height, device=picture.device) + 0.5) / height - amount[:, 8:9]).abs() > self.cutout / 2
        far_x = ((torch.arange(width, device=picture.device) + 0.5) / width - amount[:, 9:10]).abs() > self.cutout / 2
        hide = happens[:, 8] & (amount[:, 0] < 0.5)  # as often as a mirror
        keep = far_y[:, None, :, None] | far_x[:, None, None, :] | ~hide[:, None, None, None]
        return picture * keep


def _rotation_about_grey(angle: torch.Tensor) -> torch.Tensor:
    """Rodrigues' rotation about (1, 1, 1), a change of hue: ``(B, 1, 1)`` radians → ``(B, 3, 3)``."""
    root = 3**-0.5
    cross = torch.tensor([[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]], device=angle.device)
    same, grey = torch.eye(3, device=angle.device), torch.full((3, 3), 1 / 3, device=angle.device)
    return angle.cos() * same + angle.sin() * cross + (1 - angle.cos()) * grey
