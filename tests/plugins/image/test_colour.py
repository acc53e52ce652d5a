from __future__ import annotations

import colorsys

import torch

from paragone_image.colour import OPPONENTS, from_opponents, premultiply, to_opponents


def test_premultiply_by_hand() -> None:
    straight = torch.tensor([[0.0, 1.0, -1.0, 0.0], [0.5, 0.5, 0.5, -1.0]])[:, :, None, None]
    expected = torch.tensor([[-0.5, 0.0, -1.0, 0.0], [-1.0, -1.0, -1.0, -1.0]])[:, :, None, None]
    torch.testing.assert_close(premultiply(straight), expected)


def test_opponents_are_a_rotation() -> None:
    matrix = torch.tensor(OPPONENTS)
    torch.testing.assert_close(matrix.T @ matrix, torch.eye(3))


def test_there_and_back() -> None:
    picture = torch.randn(2, 4, 3, 3)
    back = from_opponents(to_opponents(picture, 2.0), 0.5)
    torch.testing.assert_close(back[:, :3], picture[:, :3] * 3**0.5)
    torch.testing.assert_close(back[:, 3], picture[:, 3])


def test_without_chroma_everything_is_grey_and_alpha_passes() -> None:
    picture = torch.randn(2, 4, 3, 3)
    grey = from_opponents(picture, 0.0)
    torch.testing.assert_close(grey[:, 0], grey[:, 1])
    torch.testing.assert_close(grey[:, 0], picture[:, 0])  # brightness 1 is white of 1
    torch.testing.assert_close(grey[:, 3], picture[:, 3])


def test_the_second_channel_is_red_against_blue() -> None:
    picture = torch.zeros(1, 3, 1, 1)
    picture[0, 1] = 0.5
    red, green, blue = (from_opponents(picture, 1.0)[0, :, 0, 0] + 1).div(2).clamp(0, 1).tolist()
    assert green == 0.5
    hue, _, _ = colorsys.rgb_to_hsv(red, green, blue)
    assert red > blue
    assert abs(hue - 1 / 12) < 0.01  # orange, half-way between red and yellow
