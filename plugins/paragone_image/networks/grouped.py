"""Grouped convolutions whose second derivative is as cheap as their first: for exact gradient penalties."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.autograd import Function
from torch.nn.functional import conv2d, conv_transpose2d


class GroupedConv2d(nn.Conv2d):
    """A convolution in groups with an odd square kernel, stride 1 and no bias, ``(B, C, H, W)`` → ``(B, C', H, W)``.

    The same numbers as :class:`torch.nn.Conv2d`. But torch differentiates a grouped
    convolution a second time one group after the other, and a penalty on the
    gradient of a network with a hundred groups waits for hundreds of tiny
    convolutions. Every derivative of a convolution is a convolution, so here each
    of them is one call.
    """

    def __init__(self, channels: int, outputs: int, kernel: int, groups: int) -> None:
        super().__init__(channels, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        weight = self.weight
        if torch.is_autocast_enabled(x.device.type):  # what autocast does for torch's own
            kind = torch.get_autocast_dtype(x.device.type)
            x, weight = x.to(kind), weight.to(kind)
        return _convolved(x, weight, self.groups)


class _Convolution(Function):
    """``(B, C, H, W)``, ``(C', C/g, k, k)`` → ``(B, C', H, W)``."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, groups: int) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.groups = groups
        return _convolve(x, weight, groups)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        (out,) = gradients
        of_x = _convolved(out, _turned(weight, ctx.groups), ctx.groups) if ctx.needs_input_grad[0] else None
        of_weight = _WeightGradient.apply(x, out, weight.shape, ctx.groups) if ctx.needs_input_grad[1] else None  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return of_x, of_weight, None


class _WeightGradient(Function):
    """The gradient of a convolution's weight: input ``(B, C, H, W)``, gradient of the output ``(B, C', H, W)`` → ``(C', C/g, k, k)``.

    Linear in both, so its own derivatives are convolutions with what comes in for the weight.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, out: torch.Tensor, shape: torch.Size, groups: int) -> torch.Tensor:
        ctx.save_for_backward(x, out)
        ctx.groups = groups
        margin, weight = [shape[-1] // 2] * 2, x.new_empty(()).expand(shape)  # only its shape is looked at
        wanted = [False, True, False]  # of input, weight and bias
        return cast(
            torch.Tensor,
            torch.ops.aten.convolution_backward(out, x, weight, None, [1, 1], margin, [1, 1], False, [0, 0], groups, wanted)[1],
        )

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, out = ctx.saved_tensors
        (weight,) = gradients
        of_x = _convolved(out, _turned(weight, ctx.groups), ctx.groups) if ctx.needs_input_grad[0] else None
        of_out = _convolved(x, weight, ctx.groups) if ctx.needs_input_grad[1] else None
        return of_x, of_out, None, None


def _convolved(x: torch.Tensor, weight: torch.Tensor, groups: int) -> torch.Tensor:
    return cast(torch.Tensor, _Convolution.apply(x, weight, groups))  # type: ignore[no-untyped-call]  # torch leaves it untyped


def _convolve(x: torch.Tensor, weight: torch.Tensor, groups: int) -> torch.Tensor:
    margin = weight.shape[-1] // 2
    if x.is_cuda and x.dtype == torch.float32:
        # the same sum, for which cuDNN has a kernel 4 to 25 times as fast: the one that carries gradients back
        return conv_transpose2d(x, _turned(weight, groups), padding=margin, groups=groups)
    return conv2d(x, weight, padding=margin, groups=groups)


def _turned(weight: torch.Tensor, groups: int) -> torch.Tensor:
    """The kernel that carries a gradient back: turned by half a turn, inputs and outputs of each group swapped."""
    outputs = weight.shape[0] // groups
    return weight.view(groups, outputs, *weight.shape[1:]).transpose(1, 2).flip(3, 4).reshape(-1, outputs, *weight.shape[2:])
