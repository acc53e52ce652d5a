from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from paragone import weights
from paragone.errors import OutputError, RunError


def test_round_trip_of_any_memory_layout(tmp_path: Path) -> None:
    tensors = {
        "plain": torch.randn(3, 4),
        "strided": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "shared": (base := torch.arange(6.0))[:3],
        "whole": base,
        "count": torch.tensor(7),
    }
    weights.save(tmp_path / "w", tensors, {"step": 3})
    read, facts = weights.read(tmp_path / "w")
    assert facts == {"step": 3}
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)


def test_damage_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "w"
    with pytest.raises(RunError, match="is missing"):
        weights.read(path)
    weights.save(path, {"a": torch.randn(100)}, {})
    whole = path.read_bytes()
    for broken in (b"", b"\0" * 8, whole[:60], whole[:-1], b"PK" + whole, whole + b"x"):
        path.write_bytes(broken)
        with pytest.raises(RunError, match="is damaged"):
            weights.read(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(RunError, match="not written by Paragone"):
        weights.read(path)
    save_file({"a": torch.zeros(1)}, path, metadata={"paragone": "{"})
    with pytest.raises(RunError, match="not written by Paragone"):
        weights.read(path)
    assert issubclass(json.JSONDecodeError, ValueError)


def test_fill_module_names_the_tensor(tmp_path: Path) -> None:
    module = nn.Linear(2, 3)
    good = {name: torch.ones_like(value) for name, value in module.state_dict().items()}
    weights.fill_module(module, good, "here")
    assert torch.equal(module.weight.data, torch.ones(3, 2))
    for bad, named in (
        ({"weight": good["weight"]}, "bias"),
        ({**good, "weight": torch.ones(2, 2)}, "weight"),
        ({**good, "x": good["bias"]}, "x"),
    ):
        with pytest.raises(RunError, match=f"here: tensor '{named}'"):
            weights.fill_module(module, bad, "here")


def test_an_unwritable_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        weights.save(tmp_path / "file" / "w", {"a": torch.zeros(1)}, {})


@pytest.mark.parametrize("facts", ["[]", '"text"', "3", "[" * 100_000])
def test_facts_that_are_none_are_refused(facts: str, tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "w", metadata={"paragone": facts})
    with pytest.raises(RunError, match="not written by Paragone"):
        weights.read(tmp_path / "w")


def test_what_is_read_is_a_copy(tmp_path: Path) -> None:
    """What is mapped to a file keeps it from being replaced in Windows."""
    weights.save(tmp_path / "w", {"a": torch.arange(4.0)}, {})
    tensors, _ = weights.read(tmp_path / "w")
    with (tmp_path / "w").open("r+b") as file:
        file.seek(-16, 2)
        file.write(bytes(16))
    assert tensors["a"].tolist() == [0, 1, 2, 3]
