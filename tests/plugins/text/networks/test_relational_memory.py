"""The relational memory, against its equations written out number by number."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from paragone_text.networks.relational_memory import RelationalMemory

Array = NDArray[np.float64]
INPUTS, SLOTS, HEADS, HEAD = 5, 3, 2, 4
WIDTH = HEADS * HEAD


@pytest.fixture
def memory() -> RelationalMemory:
    torch.manual_seed(0)
    module = RelationalMemory(INPUTS, SLOTS, HEADS, HEAD).double()
    for parameter in module.parameters():  # normalisations and biases begin at 1 and 0, where a mistake does not show
        torch.nn.init.normal_(parameter, 0.1, 0.5)
    return module


def normalised(row: Array, weight: Array, bias: Array) -> Array:
    return (row - row.mean()) / np.sqrt(row.var() + 1e-5) * weight + bias


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def by_hand(module: RelationalMemory, inputs: Array, old: Array) -> Array:
    """One sample's memory after one step, row by row and head by head."""
    w = {name: parameter.detach().numpy() for name, parameter in module.named_parameters()}
    entered = w["enter.weight"] @ inputs + w["enter.bias"]
    rows = [*old, entered]
    seen = [normalised(w["attend.weight"] @ row, w["attend_norm.weight"], w["attend_norm.bias"]) for row in rows]
    after = []
    for slot in range(len(old)):
        found = []
        for head in range(HEADS):
            part = slice(head * HEAD, (head + 1) * HEAD)
            query = seen[slot][:WIDTH][part]
            scores = np.array([query @ row[WIDTH : 2 * WIDTH][part] / math.sqrt(HEAD) for row in seen])
            shares = np.exp(scores) / np.exp(scores).sum()
            found.append(sum(share * row[2 * WIDTH :][part] for share, row in zip(shares, seen, strict=True)))
        attended = normalised(old[slot] + np.concatenate(found), w["attended_norm.weight"], w["attended_norm.bias"])
        hidden = np.maximum(w["think.0.weight"] @ attended + w["think.0.bias"], 0)
        thought = attended + w["think.2.weight"] @ hidden + w["think.2.bias"]
        proposed = np.tanh(normalised(thought, w["thought_norm.weight"], w["thought_norm.bias"]))
        gates = w["gate_input.weight"] @ entered + w["gate_memory.weight"] @ np.tanh(old[slot])
        after.append(sigmoid(gates[WIDTH:] + 1) * old[slot] + sigmoid(gates[:WIDTH]) * proposed)
    return np.stack(after)


def test_a_step_is_what_the_equations_say(memory: RelationalMemory) -> None:
    inputs, old = torch.randn(4, INPUTS, dtype=torch.float64), torch.randn(4, SLOTS, WIDTH, dtype=torch.float64)
    wanted = [by_hand(memory, x.numpy(), m.numpy()) for x, m in zip(inputs, old, strict=True)]
    np.testing.assert_allclose(memory(inputs, old).detach().numpy(), np.stack(wanted), rtol=1e-10)


def test_slots_in_another_order_end_in_that_order(memory: RelationalMemory) -> None:
    inputs, old = torch.randn(2, INPUTS, dtype=torch.float64), torch.randn(2, SLOTS, WIDTH, dtype=torch.float64)
    order = torch.tensor([2, 0, 1])
    torch.testing.assert_close(memory(inputs, old[:, order]), memory(inputs, old)[:, order])


def test_without_learned_gates_it_keeps_the_sigmoid_of_the_forget_bias(memory: RelationalMemory) -> None:
    for layer in (memory.gate_input, memory.gate_memory):
        torch.nn.init.zeros_(layer.weight)
    inputs, old = torch.randn(1, INPUTS, dtype=torch.float64), 1e6 * torch.randn(1, SLOTS, WIDTH, dtype=torch.float64)
    kept = memory(inputs, old) / old  # what is written is at most ½, lost in so large a memory
    torch.testing.assert_close(kept, torch.full_like(old, 0.7310585786), rtol=1e-4, atol=0)


@pytest.mark.parametrize("slots", [1, 3, 12])
def test_it_begins_as_rows_of_an_identity(slots: int) -> None:
    begun = RelationalMemory(INPUTS, slots, HEADS, HEAD).begin(2)
    wanted = torch.zeros(2, slots, WIDTH)
    for diagonal in range(min(slots, WIDTH)):
        wanted[:, diagonal, diagonal] = 1.0
    assert torch.equal(begun, wanted)
