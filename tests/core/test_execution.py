from __future__ import annotations

import pytest
import torch
from torch import nn

from paragone.errors import UsageError
from paragone.execution import Execution


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
