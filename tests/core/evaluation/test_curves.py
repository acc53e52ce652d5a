"""A curve is well-formed, within its frame, and shows the ends."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml

import pytest

from paragone.evaluation.curves import HEIGHT, MOST, WIDTH, curve


@pytest.mark.parametrize("points", [[(0, 1.0), (5, 1.0)], [(i, (-1) ** i * i / 7) for i in range(1000)]])
def test_curve(points: list[tuple[float, float]]) -> None:
    picture = xml.fromstring(curve("a < b", points))
    drawn = [tuple(map(float, pair.split(","))) for pair in picture.find(".//polyline").attrib["points"].split()]
    assert 2 <= len(drawn) <= MOST + 1
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
    assert drawn[0][0] < drawn[-1][0]
    assert re.search("a < b", "".join(picture.itertext()))
    assert f"{points[-1][0]:,} samples" in "".join(picture.itertext())
