"""The convolution that halves a map in ``small``'s discriminator and encoder, with a faster gradient of its weight on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.functional import conv2d, pad

KERNEL, STRIDE, MARGIN = 4, 2, 1

IN_CACHE = 2**22
"""Numbers in a matrix of patches above which the product is slower: they no longer stay near the processor."""


class Halve(nn.Conv2d):
    """``(B, C, H, W)`` → ``(B, C', H/2, W/2)``, odd sides rounded down: a 4×4 convolution of stride 2.

    The same numbers as :class:`torch.nn.Conv2d`, and as often differentiable. But where many maps are
    small a CPU's bf16 kernel takes four times as long for the gradient of the weight as
    for that of the maps; as one product of two matrices it is about as fast.
    """

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__(channels, outputs, KERNEL, STRIDE, MARGIN)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        device, numbers = x.device.type, x.numel() * (KERNEL // STRIDE) ** 2
        if not (device == "cpu" and torch.is_autocast_enabled(device) and self.weight.requires_grad and numbers <= IN_CACHE):
            return super().forward(x)
        kind = torch.get_autocast_dtype(device)
        halved: torch.Tensor = _Halved.apply(*(each.to(kind) for each in (x, self.weight, self.bias)))  # type: ignore[union-attr,no-untyped-call]  # torch's
        return halved


class _Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return conv2d(x, weight, bias, STRIDE, MARGIN)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        (out,) = gradients
        again = torch.is_grad_enabled()  # this is to be differentiated once more, which torch's own gradient can be
        wanted = [ctx.needs_input_grad[0], again, again]
        stride, margin, dilation = [STRIDE] * 2, [MARGIN] * 2, [1, 1]
        of_x, of_weight, of_bias = torch.ops.aten.convolution_backward(
            out, x, weight, [len(weight)], stride, margin, dilation, False, [0, 0], 1, wanted
        )
        if not again:
            of_weight, of_bias = weight_gradient(x, out), out.sum((0, 2, 3))
        return of_x, of_weight, of_bias


def weight_gradient(x: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """Of the maps ``(B, C, H, W)`` and the gradient of what became of them, ``(B, C', H/2, W/2)`` → ``(C', C, 4, 4)``.

    Each place of ``out`` has seen a patch of 4×4 places; the sum over all places of
    patch times gradient is a product of matrices.
    """
    padded = pad(x.permute(0, 2, 3, 1), (0, 0, MARGIN, MARGIN, MARGIN, MARGIN))  # (B, H + 2, W + 2, C)
    patches = padded.unfold(1, KERNEL, STRIDE).unfold(2, KERNEL, STRIDE)  # (B, H/2, W/2, C, 4, 4)
    rows = patches.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)  # (B·H/2·W/2, 4·4·C)
    places = out.permute(1, 0, 2, 3).reshape(out.shape[1], -1)  # (C', B·H/2·W/2)
    return (places @ rows).view(-1, KERNEL, KERNEL, x.shape[1]).permute(0, 3, 1, 2)  # channels_last, as the weight is
