"""A curve is well-formed, within its frame, and shows the ends."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as xml

import pytest

from paragone.evaluation.curves import HEIGHT, MOST, WIDTH, curve, thinned


@pytest.mark.parametrize("points", [[(0, 1.0), (5, 1.0)], [(i, (-1) ** i * i / 7) for i in range(1000)]])
def test_curve(points: list[tuple[float, float]]) -> None:
    picture = xml.fromstring(curve("a < b", points))
    drawn = [tuple(map(float, pair.split(","))) for pair in picture.find(".//polyline").attrib["points"].split()]
    assert 2 <= len(drawn) <= MOST + 1
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
    assert drawn[0][0] < drawn[-1][0]
    assert re.search("a < b", "".join(picture.itertext()))
    assert f"{points[-1][0]:,} samples" in "".join(picture.itertext())


def test_a_spike_among_many_points_is_drawn_and_named() -> None:
    points = [(float(place), math.sin(place / 50)) for place in range(10_000)]
    points[5011] = (5011.0, 1e6)
    shown = thinned(points)
    assert points[5011] in shown
    assert (shown[0], shown[-1]) == (points[0], points[-1])
    assert shown == sorted(shown)
    assert len(shown) <= MOST + 2
    assert "1e+06" in curve("spiky", points)
    assert thinned(points[:200]) == points[:200]
