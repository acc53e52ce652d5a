"""Samples to what a pretrained network of photographs expects: square RGB of one size."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate, pad

from ..tensors import to_pixels

GREY = 0.5
"""Laid under transparency and around pictures that are not square: as far from black outlines as from white ones."""


def to_rgb(samples: torch.Tensor, side: int, binary: bool) -> torch.Tensor:
    """Pictures as a network of photographs takes them.

    The values are first rounded to the 8 bits of the file that would be saved,
    so that a score is a score of the files. Resampling is bicubic and, when it
    makes a picture smaller, antialiased: a kernel that does not widen with the
    step aliases, and the score then judges the resizing (Parmar, Zhang and Zhu
    2022, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation").

    A picture that is not square keeps its shape: its longer side becomes
    ``side``, and grey fills the rest evenly on both sides. Networks were trained
    on things in their own proportions, and the grey is the same for real and
    made pictures.

    Args:
        samples: ``(B, C, H, W)`` floating in [-1, 1], on any device; C of 1
            (grey, repeated), 3, or 4 (premultiplied, laid on mid-grey).
        side: height and width wanted, in pixels.
        binary: alpha is rounded to 0 or 255, as the file's would be.

    Returns:
        ``(B, 3, side, side)`` float32 in [0, 1], on the CPU.

    Raises:
        ValueError: if a value is not a number.
    """
    picture = to_pixels(samples, binary).permute(0, 3, 1, 2).to(torch.float32).div(255)
    if picture.shape[1] == 4:
        alpha = picture[:, 3:]
        picture = picture[:, :3] * alpha + GREY * (1 - alpha)
    height, width = picture.shape[2:]
    scale = side / max(height, width)
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    if (high, wide) != (height, width):
        # bicubic overshoots at edges
        picture = interpolate(picture, (high, wide), mode="bicubic", align_corners=False, antialias=True).clamp(0.0, 1.0)
    top, left = (side - high) // 2, (side - wide) // 2
    picture = pad(picture, (left, side - wide - left, top, side - high - top), value=GREY)
    return picture.expand(-1, 3, -1, -1)
