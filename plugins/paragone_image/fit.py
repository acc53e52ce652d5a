"""Pictures of any size and mode to one size and one mode. No torch.

Resampling always works on premultiplied colour, so that invisible colour never
bleeds into what is seen.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Literal

import numpy as np
from PIL import Image

from paragone.errors import UsageError

from .decode import Pixels, clean

Mode = Literal["L", "RGB", "RGBA"]
Size = tuple[int, int]
"""(width, height) in pixels."""

CHANNELS: dict[Mode, int] = {"L": 1, "RGB": 3, "RGBA": 4}
SMALLEST, LARGEST = 8, 1024

ALIKE = 0.9
"""Share of pictures that must have one size for that to be everyone's: a few odd ones do not blur all others."""


def parse_size(text: str) -> Size | None:
    """``"48x32"`` or ``"32"`` as (width, height); ``None`` for ``"auto"``.

    Raises:
        UsageError: for anything else, or a side that is not 8 to 1024.
    """
    if text.strip().lower() == "auto":
        return None
    found = re.fullmatch(r"\s*(\d{1,9})\s*(?:[xX×]\s*(\d{1,9})\s*)?", text)
    if found is None:
        raise UsageError(f"{text!r} is not a size", where="data.size", fix="Write width x height, such as 32x32, or auto.")
    size = int(found[1]), int(found[2] or found[1])
    if min(size) < SMALLEST or max(size) > LARGEST:
        raise UsageError(f"{text!r} is out of range", where="data.size", fix=f"Each side must be from {SMALLEST} to {LARGEST} pixels.")
    return size


def choose_size(sizes: Counter[Size]) -> Size:
    """The size that ``auto`` stands for, from how often each (width, height) occurs."""
    for (width, height), times in sizes.most_common(1):
        if times >= ALIKE * sizes.total() and min(width, height) >= SMALLEST and max(width, height) <= 128:
            return width, height
    sides = Counter[int]()
    for size, count in sizes.items():
        sides[max(size)] += count
    middle, seen = (sides.total() + 1) // 2, 0
    for side in sorted(sides):
        seen += sides[side]
        if seen >= middle:
            return (32, 32) if side <= 48 else (64, 64)
    return 64, 64


def fit(picture: Pixels, size: Size, how: Literal["pad", "crop", "stretch"], clear_border: bool = False) -> Pixels:
    """Bring one picture to ``size``.

    Args:
        picture: ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)`` uint8, straight alpha.
        size: (width, height) wanted.
        how: keep all and pad, keep the middle, or distort.
        clear_border: pad an opaque picture with transparency too.

    Returns:
        The same number of channels, or RGBA if padding made it transparent.
    """
    height, width = picture.shape[:2]
    wide, high = size
    if (width, height) == size:
        return picture
    if how == "stretch":
        return resize(picture, size)
    if how == "crop":
        # the largest middle part that has the wanted shape
        scale = max(wide / width, high / height)
        kept = max(1, min(width, round(wide / scale))), max(1, min(height, round(high / scale)))
        left, top = (width - kept[0]) // 2, (height - kept[1]) // 2
        return resize(picture[top : top + kept[1], left : left + kept[0]], size)
    scale = min(wide / width, high / height)
    scale = math.floor(scale) if scale > 1 else scale  # by a whole factor pixels stay what they are
    inner = resize(picture, (max(1, min(wide, round(width * scale))), max(1, min(high, round(height * scale)))))
    return _pad(inner, size, clear_border)


def resize(picture: Pixels, size: Size) -> Pixels:
    """Resample to ``size``: pixel-exact for whole enlargements, a box for whole reductions, else Lanczos."""
    height, width = picture.shape[:2]
    wide, high = size
    if wide % width == 0 and high % height == 0:
        return picture.repeat(high // height, axis=0).repeat(wide // width, axis=1)
    whole = width % wide == 0 and height % high == 0
    kernel = Image.Resampling.BOX if whole else Image.Resampling.LANCZOS
    image = Image.fromarray(np.ascontiguousarray(picture))
    if image.mode != "RGBA":
        return np.asarray(image.resize(size, kernel))
    return clean(np.array(image.convert("RGBa").resize(size, kernel).convert("RGBA")))


def _pad(picture: Pixels, size: Size, clear_border: bool) -> Pixels:
    height, width = picture.shape[:2]
    wide, high = size
    if (width, height) == size:
        return picture
    if clear_border or is_transparent(picture):
        picture = to_mode(picture, "RGBA")
        canvas = np.zeros((high, wide, 4), np.uint8)
    else:
        # the colour that the picture's edge has most of, or near it: a plain backdrop simply continues
        edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        canvas = np.empty((high, wide, *picture.shape[2:]), np.uint8)
        canvas[:] = np.median(edge, axis=0).round()
    left, top = (wide - width) // 2, (high - height) // 2
    canvas[top : top + height, left : left + width] = picture
    return canvas


def is_transparent(picture: Pixels) -> bool:
    """Whether some pixel is not fully opaque."""
    return picture.ndim == 3 and picture.shape[2] == 4 and bool((picture[..., 3] < 255).any())


def to_mode(picture: Pixels, mode: Mode) -> Pixels:
    """Convert pixels; exact wherever the mode can hold them.

    Args:
        picture: ``(…, H, W)`` is not taken: one ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``.
        mode: transparency is laid on black for ``"L"`` and ``"RGB"``; colour
            becomes grey by the luma of ITU-R BT.601.

    Returns:
        ``(H, W, C)`` uint8.
    """
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.shape[2] == CHANNELS[mode]:
        return picture
    if mode == "RGBA":
        colour = to_mode(picture, "RGB")
        return np.concatenate([colour, np.full_like(colour[..., :1], 255)], axis=2)
    if picture.shape[2] == 4:
        flat = picture[..., :3].astype(np.uint16) * picture[..., 3:]
        picture = ((flat + 127) // 255).astype(np.uint8)
    if mode == "RGB":
        return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
    if picture.shape[2] == 1:
        return picture
    luma = picture.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)  # the weights sum to 65536
    return ((luma + 32768) >> 16).astype(np.uint8)[..., None]
