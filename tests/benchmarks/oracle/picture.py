"""Curves in a PNG, with nothing but Pillow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

Curve = Sequence[tuple[float, float]]

SIZE, MARGIN, FINER = (760, 560), (70, 20, 20, 60), 3
"""Pixels; left, top, right and bottom of the plot; and how many times larger it is drawn than shown."""
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22")


def plot(curves: Mapping[str, Curve], x_name: str, y_name: str, x_range: tuple[float, float], y_range: tuple[float, float]) -> bytes:
    """A PNG of lines with a dot at each point, their names in a corner.

    Args:
        curves: (x, y) pairs by name. A name's colour is that of the part before its comma: seeds of one row look alike.
        x_name, y_name: of the axes.
        x_range, y_range: what is shown; points outside are left out.
    """
    size = [side * FINER for side in SIZE]
    left, top, right, bottom = (side * FINER for side in MARGIN)
    image = Image.new("RGB", (size[0], size[1]), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(13 * FINER)

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = (x - x_range[0]) / (x_range[1] - x_range[0]), (y - y_range[0]) / (y_range[1] - y_range[0])
        return left + across * (size[0] - left - right), size[1] - bottom - up * (size[1] - top - bottom)

    for value in ticks(x_range):
        draw.line([place(value, y_range[0]), place(value, y_range[1])], "#dddddd", FINER)
        draw.text((place(value, y_range[0])[0], size[1] - bottom + 6 * FINER), f"{value:g}", "black", font, anchor="ma")
    for value in ticks(y_range):
        draw.line([place(x_range[0], value), place(x_range[1], value)], "#dddddd", FINER)
        draw.text((left - 6 * FINER, place(x_range[0], value)[1]), f"{value:g}", "black", font, anchor="rm")
    draw.text(((left + size[0] - right) / 2, size[1] - 8 * FINER), x_name, "black", font, anchor="ms")
    draw.text((8 * FINER, 4 * FINER), y_name, "black", font, anchor="la")

    kinds = list(dict.fromkeys(name.partition(",")[0] for name in curves))
    for name, points in curves.items():
        colour = COLOURS[kinds.index(name.partition(",")[0]) % len(COLOURS)]
        inside = [place(x, y) for x, y in points if x_range[0] <= x <= x_range[1] and y_range[0] <= y <= y_range[1]]
        if len(inside) > 1:
            draw.line(inside, colour, 2 * FINER, joint="curve")
        for x, y in inside:
            draw.ellipse([x - 3 * FINER, y - 3 * FINER, x + 3 * FINER, y + 3 * FINER], colour)
    for number, kind in enumerate(kinds):
        y = top + (12 + 20 * number) * FINER
        draw.line([(size[0] - right - 40 * FINER, y), (size[0] - right - 12 * FINER, y)], COLOURS[number % len(COLOURS)], 3 * FINER)
        draw.text((size[0] - right - 48 * FINER, y), kind, "black", font, anchor="rm")
    file = BytesIO()
    image.resize(SIZE, Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


def ticks(span: tuple[float, float]) -> list[float]:
    """Round numbers in ``span``, four to ten of them."""
    rough = (span[1] - span[0]) / 8
    step = next(m * 10 ** math.floor(math.log10(rough)) for m in (1, 2, 5, 10) if m * 10 ** math.floor(math.log10(rough)) >= rough)
    first, last = math.ceil(span[0] / step - 1e-9), math.floor(span[1] / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]
