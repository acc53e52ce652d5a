"""The way from pixels to samples and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paragone_image.tensors import to_pixels, to_samples

from .pictures import noise, sprite


def test_samples_are_premultiplied_and_bounded() -> None:
    picture = sprite(0, levels=(0, 1, 77, 254, 255)).astype(np.float64) / 255
    expected = np.concatenate([picture[..., :3] * picture[..., 3:], picture[..., 3:]], axis=2) * 2 - 1
    got = to_samples(torch.tensor(sprite(0, levels=(0, 1, 77, 254, 255)))[None])[0]
    np.testing.assert_allclose(got.permute(1, 2, 0), expected, atol=1e-6)
    assert got.min() == -1
    assert got.max() == 1
    assert (got[:, torch.tensor(picture[..., 3] == 0)] == -1).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_every_value_comes_back_without_alpha(channels: int) -> None:
    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1).repeat(1, 1, 1, channels)
    assert torch.equal(to_pixels(to_samples(pixels), binary=False), pixels)


def test_every_colour_under_every_alpha_comes_back() -> None:
    colour, alpha = torch.meshgrid(torch.arange(256), torch.arange(1, 256), indexing="ij")
    pixels = torch.stack([colour, 255 - colour, colour // 2, alpha], dim=-1)[None].to(torch.uint8)
    assert torch.equal(to_pixels(to_samples(pixels), binary=False), pixels)


def test_binary_alpha_is_rounded_and_the_rest_clamped() -> None:
    fake = torch.tensor([[0.0, 0.0, 0.0, 0.2], [0.5, 0.5, 0.5, -0.2], [9.0, -9.0, 0.0, 9.0]]).T[None, :, :, None]
    got = to_pixels(fake, binary=True)[0, :, 0].tolist()
    assert got == [[212, 212, 212, 255], [0, 0, 0, 0], [255, 0, 128, 255]]  # 212 = 255 · 0.5 / 0.6


def test_memory_is_channels_last_and_nan_is_refused() -> None:
    samples = to_samples(torch.tensor(noise((2, 8, 8, 4))))
    assert samples.is_contiguous(memory_format=torch.channels_last)
    samples[0, 0, 0, 0] = torch.nan
    with pytest.raises(ValueError, match="not a number"):
        to_pixels(samples, binary=False)
