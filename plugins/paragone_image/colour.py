"""Colour spaces of the networks' own: premultiplied alpha, and opponent colours."""

from __future__ import annotations

import torch

_THIRD, _HALF, _SIXTH = 3**-0.5, 2**-0.5, 6**-0.5
OPPONENTS = ((_THIRD, _HALF, _SIXTH), (_THIRD, 0.0, -2 * _SIXTH), (_THIRD, -_HALF, _SIXTH))
"""Columns: brightness, red against blue, green against magenta; orthonormal."""


def premultiply(picture: torch.Tensor) -> torch.Tensor:
    """Straight RGBA → RGBA whose colour is multiplied by alpha, both ``(B, 4, H, W)`` in [-1, 1].

    A transparent pixel becomes -1 in all channels whatever its colour was, so
    that neither player is asked about a colour that nobody can see. That holds for
    an alpha beyond -1 too.
    """
    colour, alpha = picture[:, :3], picture[:, 3:]
    return torch.cat([(colour + 1) * ((alpha + 1) / 2).clamp(0, 1) - 1, alpha], 1)


def to_opponents(picture: torch.Tensor, chroma: float) -> torch.Tensor:
    """Red, green, blue → brightness and two colour differences; a fourth channel passes.

    In natural colours and in drawings the three differ much in how far they vary.

    Args:
        picture: ``(B, 3 or 4, H, W)`` float32, any range.
        chroma: weight of the colour differences; 1 for a rotation.
    """
    matrix = torch.tensor(OPPONENTS, device=picture.device).T * torch.tensor([[1.0], [chroma], [chroma]], device=picture.device)
    kind = torch.promote_types(picture.dtype, torch.float32)
    with torch.autocast(picture.device.type, enabled=False):  # bf16 has 8 bits for 256 colours
        colour = torch.einsum("ij,bjhw->bihw", matrix.to(kind), picture[:, :3].to(kind))
    return torch.cat([colour, picture[:, 3:].to(kind)], 1)
