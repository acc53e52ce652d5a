"""Sizes and modes against closed forms."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from paragone.errors import UsageError
from paragone_image.fit import choose_size, fit, parse_size, resize, to_mode

from .pictures import noise, sprite


def test_sizes_are_read() -> None:
    assert [parse_size(text) for text in ("auto", "32x32", "48X32", " 64 × 16 ", "28")] == [None, (32, 32), (48, 32), (64, 16), (28, 28)]


@pytest.mark.parametrize("text", ["", "x", "32x", "-8x8", "32x32x32", "7x32", "32x1025", "1e3"])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({(28, 28): 9}, (28, 28)),
        ({(48, 32): 9}, (48, 32)),
        ({(128, 8): 9}, (128, 8)),
        ({(129, 32): 9}, (64, 64)),
        ({(7, 7): 9}, (32, 32)),
        ({(48, 30): 2, (300, 300): 1}, (32, 32)),
        ({(49, 30): 2, (8, 8): 1}, (64, 64)),
        ({}, (64, 64)),
    ],
)
def test_auto_size(sizes: dict[tuple[int, int], int], expected: tuple[int, int]) -> None:
    assert choose_size(Counter(sizes)) == expected


def test_the_same_size_changes_nothing() -> None:
    picture = sprite(0, levels=(0, 3, 128, 255))
    for how in ("pad", "crop", "stretch"):
        np.testing.assert_array_equal(fit(picture, (32, 32), how), picture)


def test_whole_factors_enlarge_pixel_by_pixel_and_reduce_by_the_mean() -> None:
    picture = sprite(0, 8, 12)
    np.testing.assert_array_equal(resize(picture, (36, 16)), np.kron(picture, np.ones((2, 3, 1), np.uint8)))
    grey = noise((8, 12))
    mean = grey.reshape(4, 2, 4, 3).mean(axis=(1, 3))
    assert np.abs(resize(grey, (4, 4)) - mean).max() < 1  # Pillow rounds after each axis


@pytest.mark.parametrize("size", [(16, 16), (13, 21), (45, 45)])
def test_invisible_colour_never_bleeds(size: tuple[int, int]) -> None:
    # red where it can be seen, and nothing but red may ever be seen
    picture = sprite(3)
    picture[..., :3] = np.where(picture[..., 3:] == 0, [0, 255, 0], [255, 0, 0])
    got = resize(picture, size)
    seen = got[got[..., 3] > 0]
    assert seen[:, 0].min() == 255
    assert seen[:, 1:3].max() == 0
    assert got[got[..., 3] == 0].max(initial=0) == 0


def test_padding_is_clear_for_transparent_and_the_border_colour_for_opaque_pictures() -> None:
    clear = fit(sprite(0, 16, 32), (32, 32), "pad")
    assert clear[:8].max() == clear[24:].max() == 0
    np.testing.assert_array_equal(clear[8:24], sprite(0, 16, 32))
    opaque = noise((16, 32, 3))
    opaque[[0, -1]] = opaque[:, [0, -1]] = [10, 20, 30]
    got = fit(opaque, (32, 32), "pad")
    assert (got[:8] == [10, 20, 30]).all()
    assert (got[24:] == [10, 20, 30]).all()
    np.testing.assert_array_equal(got[8:24], opaque)
    assert fit(opaque, (32, 32), "pad", clear_border=True)[0, 0].tolist() == [0, 0, 0, 0]


def test_crop_keeps_the_middle_and_stretch_keeps_all() -> None:
    picture = noise((16, 48))
    np.testing.assert_array_equal(fit(picture, (32, 32), "crop"), np.kron(picture[:, 16:32], np.ones((2, 2), np.uint8)))
    half = np.zeros((16, 48), np.uint8)
    half[:, 24:] = 255
    got = fit(half, (24, 32), "stretch")
    assert got[:, :9].max() == 0  # Lanczos rings a little at the edge itself
    assert got[:, 15:].min() == 255


@pytest.mark.parametrize("shape", [(2, 3000), (3000, 2, 3), (2, 999, 4)])
@pytest.mark.parametrize("how", ["pad", "crop", "stretch"])
def test_extreme_shapes_fit(shape: tuple[int, ...], how: str) -> None:
    assert fit(noise(shape), (48, 32), how).shape[:2] == (32, 48)  # type: ignore[arg-type]  # parametrised text


def test_modes() -> None:
    grey, colour, clear = noise((4, 5)), noise((4, 5, 3)), sprite(0, 4, 5, (0, 100, 255))
    np.testing.assert_array_equal(to_mode(grey, "RGB"), np.dstack([grey] * 3))
    np.testing.assert_array_equal(to_mode(to_mode(grey, "RGBA"), "L")[..., 0], grey)
    np.testing.assert_array_equal(to_mode(to_mode(colour, "RGBA"), "RGB"), colour)
    black = np.rint(clear[..., :3] * (clear[..., 3:] / 255))
    np.testing.assert_array_equal(to_mode(clear, "RGB"), black)
    luma = colour @ np.array([0.299, 0.587, 0.114])
    assert np.abs(to_mode(colour, "L")[..., 0] - luma).max() <= 0.51


def test_padding_enlarges_by_whole_factors_only() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    made = fit(picture, (32, 32), "pad")
    np.testing.assert_array_equal(made[4:28, 4:28, :3], picture)
    np.testing.assert_array_equal(fit(picture, (50, 48), "pad")[:, 1:49, :3], picture.repeat(2, 0).repeat(2, 1))
