"""Curves as SVG, small enough to stand side by side on a page."""

from __future__ import annotations

import html
from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 300, 120, 18
MOST = 300
"""Points of a curve that are drawn: more cannot be seen."""


def curve(title: str, points: Sequence[tuple[float, float]]) -> str:
    """An SVG figure of ``points``, with its extremes written at the edges.

    Args:
        title: stands under it.
        points: (x, y) by rising x, at least 2.
    """
    shown = thinned(points)
    (left, right), (low, high) = ((min(values), max(values)) for values in zip(*shown, strict=True))
    across, up = (WIDTH - 2 * MARGIN) / ((right - left) or 1), (HEIGHT - 2 * MARGIN) / ((high - low) or 1)
    line = " ".join(f"{MARGIN + (x - left) * across:.1f},{HEIGHT - MARGIN - (y - low) * up:.1f}" for x, y in shown)
    texts = [
        _words(4, MARGIN - 5, f"{high:.4g}"),
        _words(4, HEIGHT - 4, f"{low:.4g}"),
        _words(WIDTH - 4, HEIGHT - 4, f"{right:,.0f} samples", "end"),
    ]
    drawing = f'<polyline fill="none" stroke="#06c" stroke-width="1.5" points="{line}"/>{"".join(texts)}'
    picture = f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{html.escape(title)}">{drawing}</svg>'
    return f"<figure>{picture}<figcaption>{html.escape(title)}</figcaption></figure>"


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most about :data:`MOST` of them: the first, the last, and of each stretch between the lowest and the highest."""
    size = -(-2 * len(points) // MOST)
    if size < 3:
        return list(points)
    shown = {0, len(points) - 1}
    for start in range(0, len(points), size):
        stretch = range(start, min(start + size, len(points)))
        shown |= {min(stretch, key=lambda place: points[place][1]), max(stretch, key=lambda place: points[place][1])}
    return [points[place] for place in sorted(shown)]


def _words(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="11" fill="#555" text-anchor="{anchor}">{text}</text>'
