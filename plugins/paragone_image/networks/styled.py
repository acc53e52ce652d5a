"""A styled layer of ``small``'s generator: normalise, scale, shift, and the leaky ReLU, with a gradient of its own.

torch's own gradient of the same takes twice as long on a CPU: it goes over the
maps a dozen times, some of them in another memory order than they have.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import leaky_relu_

from paragone.execution import in_full_precision
from paragone.layers import SLOPE

EPSILON = 1e-4
"""Added to the mean square, so that a pixel of zeros stays one."""


def styled(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """leaky(gain · x / √(mean over channels of x² + ε) + shift).

    Karras et al. 2018, section 4.2 (pixel normalisation); Dumoulin et al. 2017, equation 5. It can be differentiated once.

    Args:
        x: ``(B, C, H, W)`` maps.
        gain, shift: ``(B, C, 1, 1)``, of the same dtype.

    Returns:
        ``(B, C, H, W)``.
    """
    out: torch.Tensor = _Styled.apply(x, gain, shift)  # type: ignore[no-untyped-call]  # torch's
    return out


class _Styled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        with in_full_precision(x):  # a GPU's autocast would turn some of these into fp32, and the gradient would have two types
            length = torch.linalg.vector_norm(x, dim=1, keepdim=True)  # (B, 1, H, W)
            scale = torch.rsqrt(length.square() / x.shape[1] + EPSILON)
            normal = x * scale
            out = leaky_relu_(torch.addcmul(shift, normal, gain), SLOPE)
        ctx.save_for_backward(normal, scale, gain, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        normal, scale, gain, out = ctx.saved_tensors
        batch, channels, height, width = out.shape
        gradient = torch.ops.aten.leaky_relu_backward(gradient, out, SLOPE, self_is_result=True)
        product = gradient * normal
        # sums are products with matrices: over pixels for gain and shift, over channels for d(scale)
        pixels = out.new_ones(batch, 1, height * width)
        for_gain, for_shift = (torch.bmm(pixels, _rows(each)).view(batch, channels, 1, 1) for each in (product, gradient))
        mean = torch.bmm(_rows(product), gain.view(batch, channels, 1) / channels).view(batch, 1, height, width)
        # d/dx of x·s(x) with s = scale: s · (d - normal · mean of d·normal), d = gradient · gain
        for_x = (gradient * gain).addcmul_(normal, mean, value=-1).mul_(scale)
        return for_x, for_gain, for_shift


def _rows(maps: torch.Tensor) -> torch.Tensor:
    """``(B, C, H, W)`` → ``(B, H·W, C)``: in channels_last, as it lies in memory."""
    return maps.permute(0, 2, 3, 1).flatten(1, 2)
