"""The contact sheet: many pictures on one, for a person to look at. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from paragone.captions import caption

from .decode import Pixels

WIDEST, TALLEST = 1100, 1600
"""Pictures are enlarged by the largest whole factor that keeps the sheet within so many pixels."""

PAPER, INK = (30, 31, 34), (198, 200, 204)
CHECKS = (112, 122)
"""Two near greys under transparent pictures: both light and dark outlines stay visible on them."""

CAPTION_WIDTH, FONT_SIZE = 150, 16


def draw_sheet(pictures: Pixels, columns: int, captions: Sequence[str] = ()) -> Pixels:
    """Lay pictures out row by row.

    Args:
        pictures: ``(B, H, W, C)`` uint8 with C of 1, 3 or 4 (straight alpha).
        columns: pictures in a row, 1 or more.
        captions: one a row, written at its left, or empty.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    count, height, width, _ = pictures.shape
    columns, rows = max(1, min(columns, count)), max(1, -(-count // columns))
    font = ImageFont.load_default(FONT_SIZE)
    texts = [caption(text, row, font, CAPTION_WIDTH) for row, text in enumerate(captions[:rows])]
    left = max((round(font.getlength(text)) + 14 for text in texts), default=0)
    factor, gap = _layout(columns, width, WIDEST - left, TALLEST // (rows * height))
    cell = np.array([height, width]) * factor
    sheet = np.empty((gap + rows * (cell[0] + gap), left + gap + columns * (cell[1] + gap), 3), np.uint8)
    sheet[:] = PAPER
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        top, start = gap + row * (cell[0] + gap), left + gap + column * (cell[1] + gap)
        sheet[top : top + cell[0], start : start + cell[1]] = _shown(picture, factor)
    image = Image.fromarray(sheet)
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(texts):
        middle = gap + row * (cell[0] + gap) + cell[0] / 2
        draw.text((left, middle), text, fill=INK, font=font, anchor="rm")
    return np.asarray(image)


def _layout(columns: int, width: int, room: int, most: int) -> tuple[int, int]:
    """(factor, gap): the largest enlargement that fits, and a gap in proportion where there is room for it."""
    for factor in range(min(most, room // (columns * width)), 1, -1):
        gap = min(12, max(2, width * factor // 12), (room - columns * width * factor) // (columns + 1))
        if gap >= 2:
            return factor, gap
    return 1, max(2, min(12, width // 12))


def _shown(picture: Pixels, factor: int) -> NDArray[np.uint8]:
    """One picture, enlarged and opaque: ``(H·factor, W·factor, 3)``."""
    large = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    if large.shape[2] < 4:
        return np.broadcast_to(large, (*large.shape[:2], 3))
    # checks of about 8 pixels, aligned to the picture's own pixels
    side = factor * max(1, round(8 / factor))
    down, across = np.indices(large.shape[:2]) // side
    ground = np.where((down + across) % 2 == 0, *CHECKS)[..., None]
    alpha = large[..., 3:].astype(np.int64)
    return ((large[..., :3] * alpha + ground * (255 - alpha) + 127) // 255).astype(np.uint8)
