from __future__ import annotations

import colorsys

import pytest
import torch

from paragone_image.augmentation import PictureAugmentation

ALPHA = PictureAugmentation(alpha=True)
PLAIN = PictureAugmentation(alpha=False)


def picture(channels: int, count: int = 64) -> torch.Tensor:
    torch.manual_seed(0)
    if channels < 4:
        return torch.rand(count, channels, 16, 24) * 2 - 1
    alpha = (torch.rand(count, 1, 16, 24) < 0.5).float()
    return torch.cat([torch.rand(count, 3, 16, 24) * alpha, alpha], 1) * 2 - 1


def uniforms(count: int = 64, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, PictureAugmentation.uniforms_per_sample, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_p_decides_how_many_change(channels: int) -> None:
    augmentation = ALPHA if channels == 4 else PLAIN
    x = picture(channels)
    assert augmentation(x, uniforms(), 0.0) is x
    changed = [(augmentation(x, uniforms(), p) - x).abs().amax((1, 2, 3)).gt(1e-4).float().mean().item() for p in (0.02, 0.3, 1.0)]
    assert changed[0] < 0.5 < changed[1] < changed[2] == 1.0


def test_it_is_a_pure_function_of_its_numbers_sample_by_sample() -> None:
    x = picture(4)
    whole = ALPHA(x, uniforms(), 0.6)
    parts = torch.cat([ALPHA(part, numbers, 0.6) for part, numbers in zip(x.split(8), uniforms().split(8), strict=True)])
    torch.testing.assert_close(whole, parts)
    assert not torch.allclose(whole, ALPHA(x, uniforms(seed=2), 0.6))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_gradients_by_finite_differences(channels: int) -> None:
    augmentation = ALPHA if channels == 4 else PLAIN
    x = picture(channels, 3).requires_grad_()
    direction = torch.randn_like(x)
    weight = torch.randn_like(x)
    augmented = (augmentation(x, uniforms(3), 0.9) * weight).sum()
    (gradient,) = torch.autograd.grad(augmented, x)
    with torch.no_grad():  # every change is affine in the picture, so the difference is exact up to rounding
        moved = (augmentation(x + direction, uniforms(3), 0.9) * weight).sum()
    assert (moved - augmented).item() == pytest.approx((gradient * direction).sum().item(), rel=1e-3, abs=1e-2)


def test_transparent_stays_transparent_whatever_the_colours_do() -> None:
    nothing = torch.full((64, 4, 16, 24), -1.0)
    torch.testing.assert_close(ALPHA(nothing, uniforms(), 1.0), nothing)


def test_a_shift_moves_whole_pixels_and_brings_in_transparency() -> None:
    shift = PictureAugmentation(alpha=True, mirror=False, zoom=0.0, cutout=0.0, colour=0.0, shift=0.25)
    numbers = torch.zeros(1, 20)
    numbers[0, 1], numbers[0, 2] = 0.9999, 0.5  # as far as it goes along one axis, nothing along the other
    x = picture(4, 1)
    moved = shift(x, numbers, 1.0)
    far = round(0.25 * 24)
    torch.testing.assert_close(moved[..., : 24 - far], x[..., far:], rtol=0, atol=1e-5)
    assert (moved[..., 24 - far :] < -0.9999).all()


def test_a_mirror_is_a_mirror() -> None:
    mirror = PictureAugmentation(alpha=False, zoom=0.0, cutout=0.0, colour=0.0, shift=0.0)
    numbers = torch.zeros(2, 20)
    numbers[1, 0] = 0.7  # the other half of the time it stays
    x = picture(3, 2)
    out = mirror(x, numbers, 1.0)
    torch.testing.assert_close(out[0], x[0].flip(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(out[1], x[1], rtol=0, atol=1e-5)


def test_brightness_by_hand() -> None:
    bright = PictureAugmentation(alpha=True, mirror=False, zoom=0.0, cutout=0.0, shift=0.0, colour=0.5)
    numbers = torch.full((1, 20), 0.5)  # the middle: nothing else changes
    numbers[0, 4], numbers[0, 10:] = 1.0, 0.0
    x = picture(4, 1)
    out = (bright(x, numbers, 1.0) + 1) / 2
    before = (x + 1) / 2
    torch.testing.assert_close(out[:, :3], before[:, :3] + 0.1 * before[:, 3:], rtol=0, atol=1e-5)
    torch.testing.assert_close(out[:, 3], before[:, 3], rtol=0, atol=1e-5)


def test_cutout_hides_a_square() -> None:
    cut = PictureAugmentation(alpha=True, mirror=False, zoom=0.0, cutout=0.5, shift=0.0, colour=0.0)
    hidden = (cut(torch.ones(64, 4, 16, 24), uniforms(), 1.0) < 0).float().mean((1, 2, 3))
    assert hidden.max().item() == pytest.approx(0.25, abs=0.05)
    assert 0.3 < hidden.gt(0).float().mean() < 0.7


def test_hue_turns_and_keeps_brightness() -> None:
    turn = PictureAugmentation(alpha=False, mirror=False, zoom=0.0, cutout=0.0, shift=0.0, colour=1.0)
    numbers = torch.full((1, 20), 0.5)
    numbers[0, 7], numbers[0, 10:] = 1.0, 0.0
    x = picture(3, 1)
    out = turn(x, numbers, 1.0)
    torch.testing.assert_close(out.mean(1), x.mean(1), rtol=0, atol=1e-5)
    red = torch.tensor([1.0, -1.0, -1.0])[None, :, None, None]
    hue, _, _ = colorsys.rgb_to_hsv(*((turn(red, numbers, 1.0)[0, :, 0, 0] + 1) / 2).tolist())
    assert 0.04 < hue < 0.12  # half a radian is 0.08 of a turn


@pytest.mark.parametrize("position", [5, 6])
def test_contrast_and_saturation_keep_the_middle_grey(position: int) -> None:
    numbers = torch.full((1, 20), 0.5)
    numbers[0, position], numbers[0, 10:] = 1.0, 0.0
    plain = PictureAugmentation(alpha=False, mirror=False, zoom=0.0, cutout=0.0, shift=0.0)
    grey = torch.zeros(1, 3, 16, 24)
    torch.testing.assert_close(plain(grey, numbers, 1.0), grey, rtol=0, atol=1e-6)
    x = picture(3, 1)
    stretched = plain(x, numbers, 1.0)
    centre = x.mean(1, keepdim=True) if position == 6 else torch.zeros(1)
    torch.testing.assert_close(stretched - centre, (x - centre) * (1.8 if position == 6 else 1.4), rtol=0, atol=1e-5)
