"""What makes two pictures alike: their colours, and which way the edges of outline and shading run. What clusters are found by."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import adaptive_avg_pool2d, pad

from paragone.spec import SampleSpec

LEVELS = 4
"""Of each of red, green and blue, that colours are counted by."""

DIRECTIONS, FIELDS = 8, 4
"""Of edges, and fields on each side that they are counted in."""


def embed(samples: torch.Tensor, spec: SampleSpec) -> torch.Tensor:
    """Alike pictures have near rows.

    The squared distance of two rows is a sum of squared differences of square roots (Hellinger's distance, which
    does not let the commonest drown the rest): of the shares that each of 64 colours has of a picture, and four times the mean over
    fields of how steep its edges are, by their direction (Dalal and Triggs 2005, histograms of oriented
    gradients), in brightness and in alpha.

    Args:
        samples: ``(B, C, H, W)`` float32 in [-1, 1], premultiplied where there is alpha; C is 1, 3 or 4.
        spec: of them.

    Returns:
        ``(B, D)`` float32.
    """
    picture = (samples + 1) / 2
    colour = picture[:, :3] if picture.shape[1] >= 3 else picture
    alpha = picture[:, 3:] if spec.traits.get("mode") == "RGBA" else torch.ones_like(picture[:, :1])
    parts = [_colours(colour, alpha), _edges(colour.mean(1, keepdim=True))]
    if spec.traits.get("mode") == "RGBA":
        parts.append(_edges(alpha))
    return torch.cat(parts, 1)


def _colours(colour: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """``(B, C, H, W)``, ``(B, 1, H, W)`` → ``(B, 4**C)``: square roots of the share of the picture that each colour covers."""
    levels = (colour * (LEVELS - 1)).round().long().clamp(0, LEVELS - 1)
    number = levels[:, 0]
    for channel in range(1, colour.shape[1]):
        number = number * LEVELS + levels[:, channel]
    covered = torch.zeros(len(colour), LEVELS ** colour.shape[1]).scatter_add_(1, number.flatten(1), alpha.flatten(1))
    return (covered / alpha[0].numel()).sqrt()


def _edges(maps: torch.Tensor) -> torch.Tensor:
    """``(B, 1, H, W)`` → ``(B, 8·4²)``: twice the square roots of how steep edges of each direction are, scaled for a mean over fields."""
    framed = pad(maps, (1, 1, 1, 1), mode="replicate")
    across = framed[:, :, 1:-1, 2:] - framed[:, :, 1:-1, :-2]
    down = framed[:, :, 2:, 1:-1] - framed[:, :, :-2, 1:-1]
    # a direction that lies between two bins counts in both; light to dark or dark to light is all the same
    place = torch.atan2(down, across) % math.pi / math.pi * DIRECTIONS
    below = place.floor()
    steep, share = torch.hypot(across, down), place - below
    counted = torch.zeros(len(maps), DIRECTIONS, *maps.shape[2:])
    for number, part in ((below, 1 - share), (below + 1, share)):
        counted.scatter_add_(1, number.long() % DIRECTIONS, steep * part)
    return 2 * adaptive_avg_pool2d(counted, FIELDS).flatten(1).sqrt() / FIELDS
