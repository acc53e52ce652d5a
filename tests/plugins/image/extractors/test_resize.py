"""Pictures as a network of photographs takes them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from paragone_image.extractors.resize import to_rgb
from paragone_image.tensors import to_samples

from ..pictures import noise, sprite
from .common import SHAPES, batch_of, spec_of


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_square_rgb_between_zero_and_one(shape: tuple[int, int, int]) -> None:
    picture = to_rgb(batch_of(spec_of(*shape), 2), 64, binary=False)
    assert picture.shape == (2, 3, 64, 64)
    assert picture.dtype == torch.float32
    assert picture.min() >= 0
    assert picture.max() <= 1


@pytest.mark.parametrize(("height", "width"), [(32, 32), (100, 100), (64, 37), (150, 224)])
def test_it_resizes_as_pillow_does(height: int, width: int) -> None:
    # Pillow's bicubic of floats is the reference of Parmar et al. 2022
    side = 48
    pixels = noise((height, width, 3))
    scale = side / max(height, width)
    high, wide = round(height * scale), round(width * scale)
    planes = [Image.fromarray(pixels[..., c].astype(np.float32) / 255).resize((wide, high), Image.Resampling.BICUBIC) for c in range(3)]
    expected = np.stack([np.asarray(plane) for plane in planes]).clip(0, 1)
    got = to_rgb(to_samples(torch.tensor(pixels)[None]), side, binary=False)[0]
    top, left = (side - high) // 2, (side - wide) // 2
    np.testing.assert_allclose(got[:, top : top + high, left : left + wide], expected, atol=1e-4)
    got[:, top : top + high, left : left + wide] = 0.5
    assert (got == 0.5).all(), "the rest is grey"


def test_a_picture_of_the_right_size_stays() -> None:
    pixels = torch.tensor(noise((1, 24, 24, 3)))
    assert torch.equal(to_rgb(to_samples(pixels), 24, binary=False), pixels.permute(0, 3, 1, 2) / 255)


def test_grey_is_three_times_the_same() -> None:
    got = to_rgb(batch_of(spec_of(1, 8, 8), 1), 16, binary=False)
    assert torch.equal(got[:, 0], got[:, 1])
    assert torch.equal(got[:, 0], got[:, 2])


def test_values_are_those_of_the_file() -> None:
    generator = torch.Generator().manual_seed(0)
    samples = torch.rand(2, 3, 8, 8, generator=generator) * 2 - 1
    got = to_rgb(samples, 8, binary=False) * 255
    torch.testing.assert_close(got, got.round(), atol=1e-4, rtol=0)
    torch.testing.assert_close(got, (samples + 1) * 127.5, atol=0.51, rtol=0)


def test_transparency_lies_on_grey() -> None:
    picture = sprite(0, 8, 8, (0, 100, 255)).astype(np.float64) / 255
    expected = picture[..., :3] * picture[..., 3:] + 0.5 * (1 - picture[..., 3:])
    got = to_rgb(to_samples(torch.tensor(sprite(0, 8, 8, (0, 100, 255)))[None]), 8, binary=False)[0]
    np.testing.assert_allclose(got.permute(1, 2, 0), expected, atol=1e-6)


def test_colour_under_no_alpha_has_no_effect() -> None:
    samples = batch_of(spec_of(4, 16, 16), 1)
    coloured = samples.clone()
    coloured[:, :3][(samples[:, 3:] == -1).expand(-1, 3, -1, -1)] = 0.7
    assert not torch.equal(samples, coloured)
    assert torch.equal(to_rgb(samples, 16, binary=False), to_rgb(coloured, 16, binary=False))


def test_binary_alpha_is_rounded() -> None:
    almost = torch.tensor([0.1, 0.1, 0.1, 0.2])[None, :, None, None].expand(1, 4, 8, 8)  # alpha 0.6, colour 0.55 / 0.6
    assert to_rgb(almost, 8, binary=True).unique().tolist() == pytest.approx([234 / 255])
    assert (to_rgb(-almost, 8, binary=True) == 0.5).all()


def test_a_line_survives_reduction() -> None:
    # without antialiasing some lines of one pixel would vanish and others stay
    pixels = torch.zeros(64, 256, 256, 1, dtype=torch.uint8)
    for index in range(64):
        pixels[index, :, 90 + index] = 255
    seen = to_rgb(to_samples(pixels), 32, binary=False).mean((1, 2, 3))
    assert seen.min() > 0.5 * seen.max()


def test_a_thin_picture_keeps_a_row() -> None:
    got = to_rgb(torch.ones(1, 1, 8, 1024), 32, binary=False)
    assert (got == 1).sum() >= 3 * 32 * 0.25


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        to_rgb(torch.full((1, 3, 8, 8), torch.nan), 8, binary=False)
