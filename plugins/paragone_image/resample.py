"""``grid_sample`` that can be differentiated twice.

torch knows no second derivative of it. In the picture it is linear, so the
derivative of its derivative is itself again: the two functions below are each
other's transpose. They use nothing but torch's public interface.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import grid_sample


def sample_at(picture: torch.Tensor, grid: torch.Tensor, padding: str) -> torch.Tensor:
    """Bilinear look-up, differentiable any number of times in ``picture`` and not in ``grid``.

    Args:
        picture: ``(B, C, H, W)``.
        grid: ``(B, H', W', 2)`` places in [-1, 1], as ``affine_grid`` makes them.
        padding: ``"zeros"`` or ``"reflection"``.

    Returns:
        ``(B, C, H', W')``.
    """
    return _LookUp.apply(picture, grid, padding)  # type: ignore[no-untyped-call]  # torch leaves Function.apply untyped


def _look_up(picture: torch.Tensor, grid: torch.Tensor, padding: str) -> torch.Tensor:
    return grid_sample(picture, grid, mode="bilinear", padding_mode=padding, align_corners=False)


class _LookUp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, picture: torch.Tensor, grid: torch.Tensor, padding: str) -> torch.Tensor:
        ctx.save_for_backward(grid)
        ctx.shape, ctx.padding = picture.shape, padding
        return _look_up(picture, grid, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        put = _PutBack.apply(gradients[0], grid, ctx.shape, ctx.padding)  # type: ignore[no-untyped-call]  # as above
        return put, None, None


class _PutBack(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gradient: torch.Tensor, grid: torch.Tensor, shape: torch.Size, padding: str) -> torch.Tensor:
        ctx.save_for_backward(grid)
        ctx.padding = padding
        with torch.enable_grad():
            picture = gradient.new_zeros(shape).requires_grad_()
            (put,) = torch.autograd.grad(_look_up(picture, grid, padding), picture, gradient)
        return put

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        found = _LookUp.apply(gradients[0], grid, ctx.padding)  # type: ignore[no-untyped-call]  # as above
        return found, None, None, None
