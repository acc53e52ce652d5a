from __future__ import annotations

import torch
from torch import nn

from paragone.ema import Ema


def test_average_against_a_sum_by_hand() -> None:
    source = nn.Linear(2, 3)
    ema = Ema(source)
    start = source.weight.detach().clone()
    history = []
    for _ in range(5):
        with torch.no_grad():
            source.weight.add_(1.0)
        history.append(source.weight.detach().clone())
        ema.update(0.9)
    expected = 0.9**5 * start + sum(0.1 * 0.9 ** (4 - index) * weight for index, weight in enumerate(history))
    torch.testing.assert_close(ema.module.weight.data, expected)


def test_decay_zero_keeps_no_average_and_buffers_follow() -> None:
    source = nn.BatchNorm1d(3)
    ema = Ema(source)
    source(torch.randn(8, 3) + 5)
    with torch.no_grad():
        source.weight.add_(1.0)
    ema.update(0.0)
    torch.testing.assert_close(ema.module.weight, source.weight)
    torch.testing.assert_close(ema.module.running_mean, source.running_mean)
    assert not ema.module.training
    assert not any(parameter.requires_grad for parameter in ema.module.parameters())
