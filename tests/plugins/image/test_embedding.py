from __future__ import annotations

import pytest
import torch

from paragone.spec import Axis, SampleSpec
from paragone_image.embedding import embed


def spec_like(picture: torch.Tensor) -> SampleSpec:
    sizes = zip(("channels", "height", "width"), picture.shape, ("channels", "pixels", "pixels"), strict=True)
    return SampleSpec(tuple(Axis(*each) for each in sizes), traits={"mode": {1: "L", 3: "RGB", 4: "RGBA"}[len(picture)]})


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Squared, of the rows of two pictures of their own."""
    spec = spec_like(one)
    rows = embed(torch.stack([one, other]), spec)
    return float((rows[0] - rows[1]).square().sum())


def test_black_and_white_are_one_apart() -> None:
    assert distance(torch.full((1, 20, 28), -1.0), torch.full((1, 20, 28), 1.0)) == pytest.approx(1)
    # brightness differs by 1, and colour does not at all
    assert distance(torch.full((3, 32, 32), -1.0), torch.full((3, 32, 32), 1.0)) == pytest.approx(1, abs=1e-5)


def test_what_is_transparent_differs_in_alpha_too() -> None:
    empty, white = torch.full((4, 32, 32), -1.0), torch.full((4, 32, 32), 1.0)
    assert distance(empty, white) == pytest.approx(2, abs=1e-5)
    half = white.clone()
    half[:, :16] = -1.0
    # half of the brightness, half of alpha, and one row of 32 where brightness jumps: it fills half of one of eight fields
    steps = 8 * (1 / 4) ** 2 / 64
    assert distance(half, white) == pytest.approx(0.5 + 0.5 + steps, abs=1e-4)


def test_red_and_green_differ_by_a_quarter_of_their_distance() -> None:
    red, green = (torch.tensor(colour)[:, None, None].expand(3, 16, 16) for colour in ([1.0, -1.0, -1.0], [-1.0, 1.0, -1.0]))
    # (1, 0, 0) and (0, 1, 0): as bright, as saturated, √2 apart
    assert distance(red, green) == pytest.approx(2 / 4, abs=1e-5)


def test_detail_is_seen_where_the_means_are_the_same() -> None:
    stripes = torch.where(torch.arange(32) % 2 == 0, -1.0, 1.0).expand(1, 32, 32)
    assert distance(stripes, torch.zeros(1, 32, 32)) > 0.9
    assert distance(stripes, -stripes) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 40), (4, 64, 64)])
def test_every_size_has_finite_rows(shape: tuple[int, ...]) -> None:
    samples = torch.rand(5, *shape) * 2 - 1
    rows = embed(samples, spec_like(samples[0]))
    assert rows.dim() == 2
    assert len(rows) == 5
    assert rows.isfinite().all()
