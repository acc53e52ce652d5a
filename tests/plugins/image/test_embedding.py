from __future__ import annotations

import math

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


def filled(*colour: float) -> torch.Tensor:
    return torch.tensor(colour)[:, None, None].repeat(1, 32, 32)


def test_two_pictures_of_one_colour_each_are_two_apart_or_none() -> None:
    assert distance(filled(-1), filled(1)) == pytest.approx(2)
    assert distance(filled(1, -1, -1), filled(-1, 1, -1)) == pytest.approx(2)
    assert distance(filled(1, -1, -1), filled(0.9, -0.9, -1)) == 0  # of the same level


def test_colours_are_compared_by_hellingers_distance() -> None:
    one, other = filled(-1, -1, -1), filled(-1, -1, -1)
    one[:, :, :8], other[:, :, :18] = 1.0, 1.0  # a quarter and nine sixteenths of them are white
    colours = 2 * (1 - math.sqrt(1 / 4 * 9 / 16) - math.sqrt(3 / 4 * 7 / 16))
    # the upright edge lies in another column of fields: nothing of it overlaps
    edge = 4 * (2 / 8) / 4  # twice a step of 1, seen from two of eight columns, in one of four columns of fields; each picture
    assert distance(one, other) == pytest.approx(colours + 2 * edge, abs=1e-5)


def test_what_is_transparent_has_no_colour_but_an_outline() -> None:
    empty, white = filled(-1, -1, -1, -1), filled(1, 1, 1, 1)
    assert distance(empty, white) == pytest.approx(1)  # one of them has no colour that would count twice
    assert distance(empty, filled(-1, -1, -1, 1)) == pytest.approx(1)
    disc = white.clone()
    disc[:, :, :16] = -1.0
    shifted = white.clone()
    shifted[:, :, 16:] = -1.0
    assert distance(disc, shifted) == pytest.approx(0, abs=1e-6)  # the same edge, seen from the other side


def test_edges_differ_by_their_direction() -> None:
    upright = torch.where(torch.arange(32) // 4 % 2 == 0, -1.0, 1.0).expand(1, 32, 32)
    level, slanted = upright.mT, torch.where((torch.arange(32)[:, None] + torch.arange(32)) // 6 % 2 == 0, -1.0, 1.0)[None]
    assert distance(upright, upright.flip(2)) == pytest.approx(0, abs=1e-3)
    for other in (level, slanted):
        assert distance(upright, other) > 0.5
    # between two directions both are counted: a small turn is a small step
    angles = [
        torch.sin(4 * (torch.linspace(-3, 3, 32)[:, None] * math.sin(turn) + torch.linspace(-3, 3, 32) * math.cos(turn)))[None]
        for turn in (0.0, 0.1, 0.4)
    ]
    assert distance(angles[0], angles[1]) < distance(angles[0], angles[2]) / 3


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 40), (4, 64, 64)])
def test_every_size_has_finite_rows(shape: tuple[int, ...]) -> None:
    samples = torch.rand(5, *shape) * 2 - 1
    rows = embed(samples, spec_like(samples[0]))
    assert rows.dim() == 2
    assert len(rows) == 5
    assert rows.isfinite().all()
