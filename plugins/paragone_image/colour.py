"""Colour spaces of the networks' own: premultiplied alpha, and opponent colours."""

from __future__ import annotations

import torch

_THIRD, _HALF, _SIXTH = 3**-0.5, 2**-0.5, 6**-0.5
OPPONENTS = ((_THIRD, _HALF, _SIXTH), (_THIRD, 0.0, -2 * _SIXTH), (_THIRD, -_HALF, _SIXTH))
"""Columns: brightness, red against blue, green against magenta; orthonormal."""


def premultiply(picture: torch.Tensor) -> torch.Tensor:
    """Straight RGBA → RGBA whose colour is multiplied by alpha, both ``(B, 4, H, W)`` in [-1, 1].

    A transparent pixel becomes -1 in all channels whatever its colour was, so
    that neither player is asked about a colour that nobody can see.
    """
    colour, alpha = picture[:, :3], picture[:, 3:]
    return torch.cat([(colour + 1) * ((alpha + 1) / 2) - 1, alpha], 1)


def from_opponents(picture: torch.Tensor, chroma: float) -> torch.Tensor:
    """Brightness and two colour differences → red, green, blue; a fourth channel passes.

    A network writes sprites by their outlines first. With the colour differences
    damped, its early noise is grey instead of rainbow-coloured.

    Args:
        picture: ``(B, 3 or 4, H, W)`` float32, any range.
        chroma: weight of the colour differences; 1 for a rotation.
    """
    weights = torch.tensor([1.0, chroma, chroma]) * 3**0.5
    return _mix_colours(picture, torch.tensor(OPPONENTS) * weights)


def to_opponents(picture: torch.Tensor, chroma: float) -> torch.Tensor:
    """Red, green, blue → brightness and two colour differences; a fourth channel passes.

    Args:
        picture: ``(B, 3 or 4, H, W)`` float32, any range.
        chroma: weight of the colour differences; 1 for a rotation.
    """
    weights = torch.tensor([[1.0], [chroma], [chroma]])
    return _mix_colours(picture, torch.tensor(OPPONENTS).T * weights)


def mix(maps: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Every pixel's maps times a matrix, never in bf16: that would leave 8 bits for 256 colours.

    Args:
        maps: ``(B, M, H, W)``.
        matrix: ``(B, C, M)``, one a picture.

    Returns:
        ``(B, C, H, W)`` in float32, or float64 if that is what came.
    """
    kind = torch.promote_types(maps.dtype, torch.float32)
    with torch.autocast(maps.device.type, enabled=False):
        return torch.einsum("bij,bjhw->bihw", matrix.to(kind), maps.to(kind))


def _mix_colours(picture: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    colour = mix(picture[:, :3], matrix.to(picture.device).expand(len(picture), 3, 3))
    return torch.cat([colour, picture[:, 3:].to(colour.dtype)], 1)
