"""What makes two pictures alike: outline, shading, colours, and where there is detail. What clusters are found by."""

from __future__ import annotations

import torch
from torch.nn.functional import adaptive_avg_pool2d, pad

from paragone.spec import SampleSpec

from .colour import to_opponents

FINE, MIDDLE, COARSE = 16, 8, 4
"""Fields on each side that a part is averaged over."""


def embed(samples: torch.Tensor, spec: SampleSpec) -> torch.Tensor:
    """Alike pictures have near rows.

    The squared distance of two rows is a sum of mean squared differences: of alpha, of
    brightness and of its steps from pixel to pixel with weight 1, of colours and
    of how saturated they are with weight ¼.

    Args:
        samples: ``(B, C, H, W)`` float32 in [-1, 1], premultiplied where there is alpha; C is 1, 3 or 4.
        spec: of them.

    Returns:
        ``(B, D)`` float32.
    """
    picture = (samples + 1) / 2
    colour = picture[:, :3] if len(picture[0]) >= 3 else picture
    brightness = colour.mean(1, keepdim=True)
    steps = pad(brightness.diff(dim=3).abs(), (0, 1)) + pad(brightness.diff(dim=2).abs(), (0, 0, 0, 1))
    parts = [_fields(brightness, MIDDLE), _fields(steps, MIDDLE)]
    if colour.shape[1] == 3:
        saturation = colour.amax(1, keepdim=True) - colour.amin(1, keepdim=True)
        parts += [_fields(to_opponents(colour, 1.0)[:, 1:], COARSE) / 2, _fields(saturation, COARSE) / 2]
    if spec.traits.get("mode") == "RGBA":
        parts.append(_fields(picture[:, 3:], FINE))
    return torch.cat(parts, 1)


def _fields(maps: torch.Tensor, side: int) -> torch.Tensor:
    """``(B, C, H, W)`` → ``(B, C·side²)``: means over fields, scaled so that a squared distance is a mean over the fields."""
    return adaptive_avg_pool2d(maps, side).flatten(1) / side
