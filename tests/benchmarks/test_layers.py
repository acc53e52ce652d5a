"""Layers of `small` beside other ways to work out the same: seconds of one over those of the other, in turns."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import conv_transpose2d, leaky_relu

from paragone.allocator import keep_freed_memory
from paragone.execution import Execution
from paragone.layers import SLOPE
from paragone_image.networks.halving import Halve
from paragone_image.networks.small import Double, added_up
from paragone_image.networks.styled import EPSILON, styled

from . import knobs
from .machine import alternate

pytestmark = pytest.mark.benchmark

BATCH, ROUNDS = 64, 15
SIZES = ((256, 4), (128, 8), (64, 16), (32, 32))
"""Channels and side of the maps in `small`'s generator at 32×32."""


def by_torch(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """What :func:`styled` computes, differentiated by torch."""
    normal = x * torch.rsqrt(x.square().mean(1, keepdim=True) + EPSILON)
    return leaky_relu(torch.addcmul(shift, normal, gain), SLOPE)


def there_and_back(forward: Callable[[], torch.Tensor]) -> Callable[[], None]:
    """Forward and backward, from a gradient that lies in memory as the maps do."""
    gradient = torch.randn_like(forward())

    def run() -> None:
        forward().backward(gradient)  # type: ignore[no-untyped-call]  # torch's

    return run


@pytest.fixture(autouse=True)
def _as_in_a_training() -> None:
    torch.set_num_threads(knobs.threads())
    keep_freed_memory()


@pytest.mark.parametrize(("channels", "side"), SIZES)
def test_styled_beside_torch_s_gradient(channels: int, side: int, capsys: pytest.CaptureFixture[str]) -> None:
    kind = torch.bfloat16 if Execution.choose("cpu").bf16 else torch.float32
    x = torch.randn(BATCH, channels, side, side).to(kind).contiguous(memory_format=torch.channels_last).requires_grad_()
    gain, shift = torch.randn(2, BATCH, channels, 1, 1).to(kind).requires_grad_()
    ours, torchs = (there_and_back(lambda way=way: way(x, gain, shift)) for way in (styled, by_torch))  # type: ignore[misc]  # bound now
    _say(capsys, f"styled, {channels} maps of {side}×{side}, over torch's own gradient", *alternate(ours, torchs, ROUNDS))


@pytest.mark.parametrize(("channels", "side"), SIZES[:-1])
def test_doubling_beside_the_transposed_convolution(channels: int, side: int, capsys: pytest.CaptureFixture[str]) -> None:
    """In training, as two layers, and when sampling, where the kernel was added up before."""
    execution = Execution.choose("cpu")
    double = Double(channels, channels // 2)
    execution.place(double)
    x = torch.randn(BATCH, channels, side, side).contiguous(memory_format=torch.channels_last).requires_grad_()

    def transposed() -> torch.Tensor:
        return conv_transpose2d(x, added_up(double.conv.weight), double.conv.bias, stride=2, padding=1)

    with execution.autocast():
        times = alternate(there_and_back(lambda: double(x)), there_and_back(transposed), ROUNDS)
    _say(capsys, f"doubling {channels} maps of {side}×{side}, forward and backward, over the transposed convolution", *times)
    fused = copy.deepcopy(double).eval()
    fused.fuse_for_sampling()
    with torch.inference_mode():
        times = alternate(lambda: fused(x[:16]), lambda: double(x[:16]), ROUNDS)
    _say(capsys, f"sampling, {channels} maps of {side}×{side}, the transposed convolution over doubling", *times)


@pytest.mark.parametrize("batch", [BATCH // 2, 2 * BATCH])
def test_halving_beside_torch_s_gradient(batch: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The last halving, of the encoder's batch where it reconstructs half of one, and of the discriminator's: reals and fakes."""
    execution = Execution.choose("cpu")
    ours, torchs = Halve(128, 256), nn.Conv2d(128, 256, 4, 2, 1)
    for layer in (ours, torchs):
        execution.place(layer)
    x = torch.randn(batch, 128, 8, 8).contiguous(memory_format=torch.channels_last).requires_grad_()
    with execution.autocast():
        times = alternate(*(there_and_back(lambda layer=layer: layer(x)) for layer in (ours, torchs)), ROUNDS)  # type: ignore[misc]  # bound now
    _say(capsys, f"halving {batch} samples of 128 maps of 8×8, forward and backward, over torch's own gradient", *times)


def _say(capsys: pytest.CaptureFixture[str], what: str, ours: float, other: float) -> None:
    with capsys.disabled():
        print(f"\n{what}: {ours / other:.2f} ({1e3 * ours:.2f} of {1e3 * other:.2f} ms)", end="")
    knobs.record({"benchmark": "layers", "row": what, "ratio": round(ours / other, 3)})
