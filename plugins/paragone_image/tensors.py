"""Between stored pixels and the samples that networks see.

A sample is float32 in [-1, 1]. For RGBA its colour is premultiplied: the
channels r·a, g·a, b·a, a are each mapped by 2x − 1, so that every fully
transparent pixel is (−1, −1, −1, −1) and invisible colour does not exist.
"""

from __future__ import annotations

import numpy as np
import torch


def to_samples(pixels: torch.Tensor) -> torch.Tensor:
    """Stored pixels as samples.

    Args:
        pixels: ``(B, H, W, C)`` uint8 with C of 1, 3 or 4 (straight alpha).

    Returns:
        ``(B, C, H, W)`` float32 in [-1, 1], in channels_last memory order.
    """
    values = pixels.to(torch.float32)
    half = 127.5
    if values.shape[-1] == 4:
        # whole numbers up to 255 * 255 are exact in float32: one rounding in all, in the division
        values[..., :3].mul_(values[..., 3:])
        values[..., 3:].mul_(255.0)
        half = 32512.5
    # by a tensor: CUDA would turn a division by a number into a multiplication, and round differently
    values.div_(torch.full((), half, device=values.device)).sub_(1.0)
    return values.permute(0, 3, 1, 2)


def to_pixels(samples: torch.Tensor, binary: bool) -> torch.Tensor:
    """Samples as pixels, the inverse of :func:`to_samples` on whatever it made.

    Args:
        samples: ``(B, C, H, W)`` floating, clamped to [-1, 1].
        binary: round alpha to 0 or 255.

    Returns:
        ``(B, H, W, C)`` uint8, straight alpha, colour 0 where alpha is 0.

    Raises:
        ValueError: if a value is not a number.
    """
    # by NumPy: on one small picture torch would spend its time on entering two dozen operations
    given = samples.detach().to("cpu", torch.float32).contiguous().numpy()  # whole planes: four times as fast as pixel by pixel
    if np.isnan(given.min(initial=0.0)):  # a minimum with one that is not a number is none either
        raise ValueError("a sample has values that are not a number")
    values = np.minimum(np.maximum(given, -1.0), 1.0)
    values += 1.0
    values *= 0.5
    if values.shape[1] == 4:
        colour, alpha = values[:, :3], values[:, 3:]
        colour /= np.maximum(alpha, 1e-6)
        np.minimum(colour, 1.0, out=colour)
        alpha[...] = alpha >= 0.5 if binary else np.rint(alpha * 255) / 255
        colour *= alpha > 0
    values *= 255
    pixels = np.rint(values, out=values).astype(np.uint8).transpose(0, 2, 3, 1)
    return torch.from_numpy(np.ascontiguousarray(pixels))
