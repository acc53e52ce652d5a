from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from paragone_image.networks import halving
from paragone_image.networks.halving import Halve, weight_gradient


def maps(height: int, width: int, channels_last: bool, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    x = torch.randn(3, 5, height, width, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)
    return x.contiguous(memory_format=torch.channels_last) if channels_last else x


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("sides", [(8, 8), (4, 6), (7, 5), (2, 2)])
def test_the_product_is_torch_s_gradient_of_the_weight(sides: tuple[int, int], channels_last: bool) -> None:
    x = maps(*sides, channels_last)
    layer = nn.Conv2d(5, 7, 4, 2, 1).double()
    out = torch.randn_like(layer(x))
    (wanted,) = torch.autograd.grad(layer(x), layer.weight, out)
    torch.testing.assert_close(weight_gradient(x, out), wanted)


def gradients(layer: nn.Conv2d, x: torch.Tensor, twice: bool) -> list[torch.Tensor]:
    """Of the maps, the weight and the bias; ``twice``: of the size of the first of these."""
    x = x.clone().requires_grad_()
    assert layer.bias is not None
    wanted = [x, layer.weight, layer.bias]
    with torch.autocast("cpu", torch.bfloat16):
        out = layer(x)
    assert out.dtype == torch.bfloat16
    found = torch.autograd.grad(out.float().tanh().sum(), wanted, create_graph=twice)
    if twice:
        return list(torch.autograd.grad(found[0].float().square().sum(), wanted))
    return list(found)


@pytest.mark.parametrize("twice", [False, True])
def test_in_bf16_gradients_are_torch_s_and_so_are_theirs(twice: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Halve(5, 7)
    x = maps(8, 6, True, torch.float32)
    used: list[torch.Size] = []

    def noted(x: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        used.append(x.shape)
        return weight_gradient(x, out)

    monkeypatch.setattr(halving, "weight_gradient", noted)
    ours = gradients(layer, x, twice)
    assert used == [x.shape]  # in the last differentiation only
    other = nn.Conv2d(5, 7, 4, 2, 1)
    other.load_state_dict(layer.state_dict())
    for found, wanted in zip(ours, gradients(other, x, twice), strict=True):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted, rtol=0.02, atol=0.02 * wanted.abs().max().item())


@pytest.mark.parametrize("case", ["fp32", "large", "frozen"])
def test_elsewhere_it_is_torch_s_layer(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = Halve(5, 7), maps(8, 6, True, torch.float32)
    if case == "large":
        monkeypatch.setattr(halving, "IN_CACHE", 4 * x.numel() - 1)
    elif case == "frozen":
        layer.requires_grad_(False)
    monkeypatch.setattr(halving, "_Halved", None)  # would fail
    with torch.autocast("cpu", torch.bfloat16, enabled=case != "fp32"):
        assert torch.equal(layer(x), nn.Conv2d.forward(copy.deepcopy(layer), x))
