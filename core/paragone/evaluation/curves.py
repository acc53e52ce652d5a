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
    shown = points[:: -(-len(points) // MOST)]
    if shown[-1] != points[-1]:
        shown = [*shown, points[-1]]
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


def _words(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="11" fill="#555" text-anchor="{anchor}">{text}</text>'
