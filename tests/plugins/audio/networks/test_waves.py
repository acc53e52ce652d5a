"""Convolutions along time."""

from __future__ import annotations

import pytest
import torch

from paragone_audio.networks.waves import Grow, Refine, Style, TimeConv, wrap


@pytest.mark.parametrize(("size", "dilation"), [(3, 1), (5, 3), (7, 1)])
def test_a_looping_convolution_of_a_moved_loop_is_moved(size: int, dilation: int) -> None:
    conv, x = TimeConv(2, 3, size, dilation, loop=True), torch.randn(1, 2, 1, 10)
    assert conv(x).shape == (1, 3, 1, 10)
    torch.testing.assert_close(conv(x.roll(4, 3)), conv(x).roll(4, 3), rtol=1e-4, atol=1e-5)


def test_wrapping_by_brute_force_more_than_once_round() -> None:
    x = torch.arange(3.0).view(1, 1, 1, 3)
    for reach in range(9):
        expected = [float(step % 3) for step in range(-reach, 3 + reach)]
        assert wrap(x, reach).flatten().tolist() == expected


def test_style_normalises_each_step_and_sets_every_channel() -> None:
    style = Style(3, 2)
    with torch.no_grad():
        style.read.weight.zero_()
        style.read.bias.copy_(torch.tensor([1.0, 0.0, -1.0, 0.5, 0.0, 0.25]))  # gains 2, 1, 0 and shifts
    x = 7 * torch.randn(4, 3, 1, 5) + 2
    normal = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    expected = normal * torch.tensor([2.0, 1.0, 0.0])[:, None, None] + torch.tensor([0.5, 0.0, 0.25])[:, None, None]
    torch.testing.assert_close(style(x, torch.randn(4, 2)), expected, rtol=1e-4, atol=1e-4)


def test_refining_begins_as_the_identity_and_its_weights_can_learn() -> None:
    refine, x = Refine(4, 3, 1, loop=False), torch.randn(2, 4, 1, 8)
    assert torch.equal(refine(x, torch.randn(2, 3)), x)
    refine(x, torch.randn(2, 3)).square().sum().backward()
    assert refine.conv.conv.weight.grad is not None
    assert refine.conv.conv.weight.grad.abs().max() > 0


def test_growing_makes_four_steps_of_one() -> None:
    assert Grow(4, 6, 3, loop=False)(torch.randn(2, 4, 1, 5), torch.randn(2, 3)).shape == (2, 6, 1, 20)
