from __future__ import annotations

import pytest
import torch
from torch.nn.functional import leaky_relu

from paragone.layers import SLOPE
from paragone_image.networks.styled import EPSILON, styled


def by_torch(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    normal = x / (x.square().mean(1, keepdim=True) + EPSILON).sqrt()
    return leaky_relu(gain * normal + shift, SLOPE)


def given(dtype: torch.dtype, channels_last: bool = True) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    noise = torch.Generator().manual_seed(0)
    x = torch.randn(3, 8, 5, 4, generator=noise, dtype=torch.float64).to(dtype)
    gain, shift = torch.randn(2, 3, 8, 1, 1, generator=noise, dtype=torch.float64).to(dtype)
    if channels_last:
        x = x.contiguous(memory_format=torch.channels_last)
    return x.requires_grad_(), gain.requires_grad_(), shift.requires_grad_()


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_the_same_numbers_and_gradients_as_torch_s(dtype: torch.dtype, tolerance: float, channels_last: bool) -> None:
    ours, theirs = given(dtype, channels_last), given(dtype, channels_last)
    one, two = styled(*ours), by_torch(*theirs)
    assert one.dtype == dtype
    assert one.stride() == ours[0].stride()
    torch.testing.assert_close(one, two, rtol=tolerance, atol=tolerance)
    weight = torch.linspace(-1, 2, one.numel(), dtype=dtype).view_as(one)
    for found, wanted in zip(torch.autograd.grad(one, ours, weight), torch.autograd.grad(two, theirs, weight), strict=True):
        torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance * wanted.abs().max().item())


def test_autocast_changes_no_type() -> None:
    """A GPU's autocast asks for fp32 in some of the operations; the CPU's does not, so this only tells that none is asked."""
    x, gain, shift = given(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        out = styled(x, gain, shift)
    assert out.dtype == torch.bfloat16
    assert torch.equal(out, styled(x, gain, shift))
    assert {each.dtype for each in torch.autograd.grad(out.sum(), (x, gain, shift))} == {torch.bfloat16}


def test_finite_differences_agree() -> None:
    assert torch.autograd.gradcheck(styled, given(torch.float64), atol=1e-6)


def test_a_pixel_of_zeros_stays_finite() -> None:
    x = torch.zeros(1, 4, 2, 2, requires_grad=True)
    ones = torch.ones(1, 4, 1, 1)
    (gradient,) = torch.autograd.grad(styled(x, ones, 0 * ones).sum(), x)
    torch.testing.assert_close(gradient, torch.full_like(x, SLOPE / EPSILON**0.5))  # slope at 0 is that below 0
