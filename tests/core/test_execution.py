from __future__ import annotations

import pytest
import torch
from torch import nn

from paragone.errors import UsageError
from paragone.execution import Execution, _bf16_is_fast, _device


def test_a_device_that_is_not_there() -> None:
    for name in ("cuda:99", "nonsense", "meta2", "meta"):
        with pytest.raises(UsageError, match="cannot be used here"):
            Execution.choose(name)


def test_precision_is_what_was_asked_for() -> None:
    layer = nn.Linear(4, 4)
    for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        execution = Execution.choose("cpu", precision)
        assert execution.precision == precision
        with execution.autocast():
            assert layer(torch.ones(2, 4)).dtype == dtype
        with execution.autocast(enabled=False):
            assert layer(torch.ones(2, 4)).dtype == torch.float32


def test_convolutions_are_placed_channels_last() -> None:
    execution = Execution.choose("cpu", "fp32")
    convolution = execution.place(nn.Conv2d(4, 8, 3))
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last)
    assert execution.place(nn.Linear(3, 3)).weight.is_contiguous()
    film = nn.Sequential(nn.Conv3d(2, 2, 3), nn.Conv2d(2, 2, 3))  # of weights with five dimensions too
    film.register_buffer("mask", torch.ones(1, 2, 3, 4))
    assert execution.place(film)[1].weight.is_contiguous(memory_format=torch.channels_last)
    assert film.mask.is_contiguous(memory_format=torch.channels_last)
    assert film[0].weight.is_contiguous()


def test_compilation_is_optional() -> None:
    layer = nn.Linear(2, 2)
    assert Execution(torch.device("cpu")).compile(layer) is layer
    assert Execution(torch.device("cpu"), compiled=True).compile(layer) is not layer


@pytest.mark.gpu
def test_auto_takes_the_gpu() -> None:
    execution = Execution.choose()
    assert execution.device.type == "cuda"
    assert execution.bf16


@pytest.mark.parametrize(("cuda", "mps", "chosen"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_takes_the_fastest_that_is_there(cuda: bool, mps: bool, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    zeros = torch.zeros
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch, "zeros", lambda size, device: tried.append(str(device)) or zeros(size))
    assert _device("auto").type == chosen
    assert tried == [chosen]


@pytest.mark.parametrize(("capability", "fast"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_bf16_is_for_gpus_that_multiply_it(capability: tuple[int, int], fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert _bf16_is_fast(torch.device("cuda:0")) == fast


@pytest.mark.parametrize(("avx512", "amx", "precision"), [(False, False, "fp32"), (True, False, "bf16"), (False, True, "bf16")])
def test_and_for_processors_that_do(avx512: bool, amx: bool, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert Execution.choose("cpu").precision == precision
