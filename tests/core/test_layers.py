"""Pieces of networks, against closed forms."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paragone.layers import SLOPE, LabelEmbedding, group_deviation, initialise, leaky_clamp


def test_leaky_clamp_is_exact_within_and_never_flat() -> None:
    x = torch.tensor([-3.0, -1.0, 0.25, 1.0, 11.0], requires_grad=True)
    torch.testing.assert_close(leaky_clamp(x), torch.tensor([-1.2, -1.0, 0.25, 1.0, 2.0]))
    (slope,) = torch.autograd.grad(leaky_clamp(x * 1.0001).sum(), x)
    torch.testing.assert_close(slope, torch.tensor([0.1, 0.1, 1.0, 0.1, 0.1]), rtol=1e-3, atol=1e-3)


def test_group_deviation_against_torch_std() -> None:
    x = torch.randn(8, 5)
    expected = torch.stack([x[:4].std(0, correction=0).mean(), x[4:].std(0, correction=0).mean()])
    torch.testing.assert_close(group_deviation(x, 4)[:, 0], expected.repeat_interleave(4), rtol=1e-4, atol=1e-4)
    assert group_deviation(x[:6], 4).shape == (6, 1)  # pairs
    assert group_deviation(x[:7], 4).max() < 1e-3  # nothing to compare
    same = group_deviation(x[:1].expand(4, 5), 4)
    assert same.max() < 1e-3


def test_initialised_layers_keep_the_size_of_numbers_through_leaky_relu() -> None:
    torch.manual_seed(0)
    x = torch.randn(512, 256)
    for layer in [initialise(nn.Linear(256, 256)) for _ in range(6)]:
        x = layer(torch.nn.functional.leaky_relu(x, SLOPE))
    assert 0.8 < x.std() < 1.25


def test_a_label_embedding_reads_rows_and_what_lies_between() -> None:
    held = LabelEmbedding(3, 5)
    rows = held(torch.tensor([2, 0]))
    assert torch.equal(rows, held.weight[[2, 0]])
    assert torch.equal(held(torch.eye(3)[[2, 0]]), rows)
    assert torch.allclose(held(torch.tensor([[0.25, 0.0, 0.75]])), 0.25 * held.weight[:1] + 0.75 * held.weight[2:])


def test_a_label_embedding_of_instances() -> None:
    torch.manual_seed(0)
    groups, codes = torch.arange(400) // 4, torch.randn(400, 16)
    held = LabelEmbedding(400, 64, deviation=0.3)
    held.describe_instances(groups, codes)
    assert held.line is not None
    assert held.weight.shape == (100, 64)  # a row a cluster
    told = torch.tensor([7, 5, 399])
    rows = held(told)
    assert torch.allclose(rows, held.weight[[1, 1, 99]] + codes[told] @ held.line.weight.T, atol=1e-6)
    assert torch.allclose(held(torch.eye(400)[told]), rows, atol=1e-6)
    assert held(torch.arange(400)).std().item() == pytest.approx(0.3, rel=0.05)  # as large as without instances
    again = LabelEmbedding(400, 64)
    again.describe_instances(groups, torch.zeros_like(codes))
    again.load_state_dict(held.state_dict())
    assert torch.equal(again(told), rows)
