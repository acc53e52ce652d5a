from __future__ import annotations

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample

from paragone_image.resample import sample_at


@pytest.mark.parametrize("padding", ["zeros", "reflection"])
def test_same_as_grid_sample_and_differentiable_twice(padding: str) -> None:
    torch.manual_seed(0)
    picture = torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    grid = affine_grid(torch.randn(2, 2, 3, dtype=torch.float64), [2, 3, 5, 4], align_corners=False)
    expected = grid_sample(picture, grid, padding_mode=padding, align_corners=False)
    assert torch.equal(sample_at(picture, grid, padding), expected)
    (mine,) = torch.autograd.grad(sample_at(picture, grid, padding).sum(), picture)
    (theirs,) = torch.autograd.grad(expected.sum(), picture)
    torch.testing.assert_close(mine, theirs)
    # tanh makes a function with a second derivative out of a linear one
    assert torch.autograd.gradcheck(lambda x: torch.tanh(sample_at(x, grid, padding)), picture)
    assert torch.autograd.gradgradcheck(lambda x: torch.tanh(sample_at(x, grid, padding)), picture)
