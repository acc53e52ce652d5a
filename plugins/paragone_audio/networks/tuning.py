"""Where between the bands of a spectrum the partials of a sound lie."""

from __future__ import annotations

import math

import torch
from torch import nn

from paragone.execution import in_full_precision

from .synthesis import OVERLAP

SPREAD = 1.0
"""Standard deviation of the first shifts, before tanh: so that from the beginning no two sounds have lines at the same places."""

REACH = 0.5
"""Bands that a band is shifted by at most: so every frequency can be reached, and neighbours do not cross, which would beat slowly."""


class Tuning(nn.Module):
    """``(B, S)``, T → ``(B, T, F)`` float32: by how many radians each band has turned at each frame.

    A steady map of :class:`.synthesis.Synthesis` is a tone in the middle of its band: without this the partials of every
    sound lie on one grid, and a network would have to turn maps frame by frame to leave it. Cymbals have steady
    partials at frequencies of their own, as the modes of a body do (Engel et al. 2020, DDSP, give each
    oscillator its frequency): so each sound shifts each band by a number between -½ and ½ that its style says, in bands. A band
    shifted by δ turns by 2πδ/N·h = πδ/2 a frame.

    What the last of hundreds of frames says of a frequency is large and oscillates with it (Turian and Henry 2020,
    arXiv 2012.04572): gradients reach the shifts as a mean over frames, and the style not at all. Else they drown all others in it.

    Args:
        style: S.
        bands: F.
        loop: whether whole turns must fit into the sound.
    """

    def __init__(self, style: int, bands: int, loop: bool) -> None:
        super().__init__()
        self.loop, self.read = loop, nn.Linear(style, bands)
        nn.init.normal_(self.read.weight, 0.0, SPREAD / math.sqrt(style))
        nn.init.zeros_(self.read.bias)

    def forward(self, style: torch.Tensor, frames: int) -> torch.Tensor:
        """See the class."""
        with in_full_precision(style):
            shift = REACH * self.read(style.detach().float()).tanh()  # (B, F)
            shift = shift.detach() + (shift - shift.detach()) / frames
            if self.loop:
                whole = (shift * (frames / OVERLAP)).round() * (OVERLAP / frames)
                shift = shift + (whole - shift).detach()
            steps = torch.arange(frames, device=shift.device, dtype=shift.dtype)
            return 2 * math.pi / OVERLAP * steps[:, None] * shift[:, None]


def turned(spectrum: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Complex numbers turned by angles.

    Args:
        spectrum: ``(B, T, 2F)``, the real parts first.
        angles: ``(B, T, F)`` in radians.

    Returns:
        As ``spectrum``.
    """
    real, imaginary = spectrum.chunk(2, 2)
    cosine, sine = angles.cos(), angles.sin()
    return torch.cat([real * cosine - imaginary * sine, real * sine + imaginary * cosine], 2)
