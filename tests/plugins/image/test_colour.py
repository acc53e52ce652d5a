from __future__ import annotations

import torch

from paragone_image.colour import OPPONENTS, premultiply, to_opponents


def test_premultiply_by_hand() -> None:
    straight = torch.tensor([[0.0, 1.0, -1.0, 0.0], [0.5, 0.5, 0.5, -1.0]])[:, :, None, None]
    expected = torch.tensor([[-0.5, 0.0, -1.0, 0.0], [-1.0, -1.0, -1.0, -1.0]])[:, :, None, None]
    torch.testing.assert_close(premultiply(straight), expected)


def test_opponents_are_a_rotation() -> None:
    matrix = torch.tensor(OPPONENTS)
    torch.testing.assert_close(matrix.T @ matrix, torch.eye(3))


def test_opponents_by_hand_and_alpha_passes() -> None:
    picture = torch.tensor([[0.9, 0.3, -0.3, 0.7], [0.5, 0.5, 0.5, -1.0]])[:, :, None, None]
    seen = to_opponents(picture, 2.0)[:, :, 0, 0]
    expected = torch.tensor([[0.9 / 3**0.5, 2 * 1.2 / 2**0.5, 0.0, 0.7], [1.5 / 3**0.5, 0.0, 0.0, -1.0]])
    torch.testing.assert_close(seen, expected)


def test_without_chroma_only_brightness_is_seen() -> None:
    seen = to_opponents(torch.randn(2, 3, 3, 3), 0.0)
    assert seen[:, 0].abs().min() > 0
    assert not seen[:, 1:].any()


def test_colours_are_never_rounded_to_bf16() -> None:
    picture = torch.rand(1, 4, 2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(to_opponents(picture, 2.0), to_opponents(picture, 2.0).float())
        torch.testing.assert_close(to_opponents(picture, 2.0)[:, 0], picture[:, :3].sum(1) / 3**0.5)
