"""The contact sheet: many sounds on one picture, for a person to look at."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from paragone.captions import caption

from .drawing import FLOOR_DB, Pixels, draw_sound

WIDEST = 1180
"""Pixels of a sheet's width, unless its columns need more."""

TILE = (240, 128)
"""Width and height of the largest tile, and of a picture by itself."""

NARROWEST, GAP = 96, 8
PAPER, INK, FAINT = (36, 37, 41), (198, 200, 204), (140, 143, 150)
CAPTION_WIDTH, FONT_SIZE, SMALL_SIZE = 150, 16, 13
KEYWORD = "paragone"
"""Keyword of the text chunk that holds the provenance as JSON."""


def draw_sheet(waves: NDArray[np.float32], rate: int, columns: int, captions: Sequence[str] = ()) -> Pixels:
    """Lay sounds out row by row; the scales, which all share, are told below.

    Args:
        waves: ``(B, L)`` in [-1, 1].
        rate: samples a second.
        columns: sounds in a row, 1 or more.
        captions: one a row, written at its left, or empty.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    count, length = waves.shape
    columns, rows = max(1, min(columns, count)), max(1, -(-count // columns))
    font, small = ImageFont.load_default(FONT_SIZE), ImageFont.load_default(SMALL_SIZE)
    texts = [caption(text, row, font, CAPTION_WIDTH) for row, text in enumerate(captions[:rows])]
    left = max((round(font.getlength(text)) + 14 for text in texts), default=0)
    width = min(TILE[0], max(NARROWEST, (WIDEST - left - GAP) // columns - GAP))
    height = max(96, round(width * TILE[1] / TILE[0]))
    scales = _scales(length, rate)
    across = max(left + GAP + columns * (width + GAP), round(small.getlength(scales)) + 2 * GAP)
    sheet = np.empty((GAP + rows * (height + GAP) + 2 * SMALL_SIZE, across, 3), np.uint8)
    sheet[:] = PAPER
    for index, wave in enumerate(waves):
        row, column = divmod(index, columns)
        top, start = GAP + row * (height + GAP), left + GAP + column * (width + GAP)
        sheet[top : top + height, start : start + width] = draw_sound(wave, rate, width, height)
    image = Image.fromarray(sheet)
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(texts):
        draw.text((left, GAP + row * (height + GAP) + height / 2), text, fill=INK, font=font, anchor="rm")
    draw.text((across - GAP, len(sheet) - GAP), scales, fill=FAINT, font=small, anchor="rs")
    return np.asarray(image)


def draw_tile(wave: NDArray[np.float32], rate: int) -> Pixels:
    """One sound ``(L,)`` by itself: ``(height, width, 3)`` uint8."""
    return draw_sound(wave, rate, *TILE)


def write_png(picture: Pixels, provenance: Mapping[str, Any], palette: int = 0) -> bytes:
    """A PNG file.

    Args:
        picture: ``(height, width, 3)`` uint8.
        provenance: JSON-serialisable facts, stored as an iTXt chunk if there are any.
        palette: its colours, at most 256, with which the file is half as large; 0 for all.
    """
    chunks = PngImagePlugin.PngInfo()
    if provenance:
        chunks.add_itxt(KEYWORD, json.dumps(dict(provenance), ensure_ascii=False, sort_keys=True))
    target = io.BytesIO()
    image = Image.fromarray(picture)
    (image.quantize(palette) if palette else image).save(target, "PNG", pnginfo=chunks, optimize=bool(palette))
    return target.getvalue()


def _scales(length: int, rate: int) -> str:
    """What the axes of every tile are."""
    return f"{length / rate:.2f} s; waveform of full scale; mel bands to {rate / 2000:g} kHz, {FLOOR_DB:g} to 0 dB"
