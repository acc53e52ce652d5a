from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d, conv_transpose2d

from paragone_image.networks.grouped import GroupedConv2d, _turned

SHAPES = [(6, 6, 3, 3), (4, 8, 3, 2), (8, 4, 1, 4), (3, 3, 5, 1)]
"""Channels, outputs, kernel, groups."""


def pair(channels: int, outputs: int, kernel: int, groups: int) -> tuple[GroupedConv2d, nn.Conv2d]:
    ours = GroupedConv2d(channels, outputs, kernel, groups).double()
    theirs = nn.Conv2d(channels, outputs, kernel, padding=kernel // 2, groups=groups, bias=False).double()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_torchs_convolution_and_so_are_both_derivatives(shape: tuple[int, int, int, int]) -> None:
    samples = torch.randn(2, shape[0], 5, 7, dtype=torch.float64)

    def everything(layer: nn.Module) -> list[torch.Tensor]:
        x = samples.clone().requires_grad_()
        out = layer(x)
        (gradient,) = torch.autograd.grad(out.tanh().sum(), x, create_graph=True)
        (gradient.square().sum() + out.square().sum()).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return [out, gradient, x.grad, next(layer.parameters()).grad]  # type: ignore[list-item]  # both are there now

    ours, theirs = (everything(layer) for layer in pair(*shape))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_finite_differences(check: Callable[..., bool]) -> None:
    layer, _ = pair(4, 4, 3, 2)
    x, weight = torch.randn(2, 4, 3, 3, dtype=torch.float64, requires_grad=True), layer.weight

    def convolve(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(layer, {"weight": weight}, (x,))  # type: ignore[no-any-return]  # of the layer

    assert check(convolve, (x, weight))


def test_the_second_derivative_takes_as_many_calls_for_many_groups_as_for_one() -> None:
    def calls(groups: int) -> int:
        layer, x = GroupedConv2d(16, 16, 3, groups), torch.randn(2, 16, 4, 4, requires_grad=True)
        with torch.profiler.profile(acc_events=True) as profile:
            (gradient,) = torch.autograd.grad(layer(x).tanh().sum(), x, create_graph=True)
            gradient.square().sum().backward()  # type: ignore[no-untyped-call]  # as above
        return sum(event.count for event in profile.key_averages() if event.key in ("aten::convolution", "aten::convolution_backward"))

    assert calls(16) == calls(1)


def test_in_bf16_it_is_what_autocast_makes_of_torchs() -> None:
    ours, theirs = (layer.float() for layer in pair(8, 8, 3, 4))
    x = torch.randn(2, 8, 6, 6)
    with torch.autocast("cpu", torch.bfloat16):
        a, b = ours(x), theirs(x)
    assert a.dtype == b.dtype == torch.bfloat16
    torch.testing.assert_close(a, b)
    a.float().sum().backward()  # type: ignore[no-untyped-call]  # as above
    assert ours.weight.grad is not None
    assert ours.weight.grad.dtype == torch.float32


@pytest.mark.parametrize("shape", SHAPES)
def test_the_transposed_convolution_that_a_gpu_uses_is_the_same_sum(shape: tuple[int, int, int, int]) -> None:
    layer, _ = pair(*shape)
    x, margin = torch.randn(2, shape[0], 5, 7, dtype=torch.float64), shape[2] // 2
    turned = conv_transpose2d(x, _turned(layer.weight, shape[3]), padding=margin, groups=shape[3])
    torch.testing.assert_close(turned, conv2d(x, layer.weight, padding=margin, groups=shape[3]))


@pytest.mark.gpu
@pytest.mark.parametrize("shape", SHAPES)
def test_on_a_gpu_too(shape: tuple[int, int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    layer, _ = pair(*shape)
    x = torch.randn(2, shape[0], 5, 7)
    here = layer.float()(x)
    torch.testing.assert_close(layer.cuda()(x.cuda()).cpu(), here, rtol=1e-4, atol=1e-5)
