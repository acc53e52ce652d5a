from __future__ import annotations

import pytest
import torch

from paragone.spec import Axis, SampleSpec
from paragone_image.geometry import Pyramid


@pytest.mark.parametrize(
    ("height", "width", "base", "stages"),
    [(32, 32, (4, 4), 3), (64, 64, (4, 4), 4), (28, 28, (7, 7), 2), (48, 32, (6, 4), 3), (33, 70, (5, 9), 3), (8, 8, (4, 4), 1)],
)
def test_any_size_is_reached(height: int, width: int, base: tuple[int, int], stages: int) -> None:
    spec = SampleSpec((Axis("channels", 3, "channels"), Axis("height", height, "pixels"), Axis("width", width, "pixels")))
    pyramid = Pyramid.of(spec)
    assert (pyramid.base_height, pyramid.base_width) == base
    assert pyramid.stages == stages
    picture = torch.rand(2, 3, height, width)
    filled = pyramid.fill(picture)
    assert filled.shape[2:] == (base[0] * 2**stages, base[1] * 2**stages)
    assert torch.equal(pyramid.crop(filled), picture)
    assert filled.min() >= -1.0
    assert filled.sum().item() == pytest.approx(picture.sum().item() - (filled.numel() - picture.numel()), rel=1e-4)
