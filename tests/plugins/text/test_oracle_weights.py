"""Files of weights: what is read, what is refused, and that nothing in them is run."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from benchmarks.oracle.lstm import NAMES, Oracle
from benchmarks.oracle.weights import load, payloads
from safetensors.torch import save_file

from paragone.errors import DataError

TOKENS = torch.tensor([[1, 2, 0, 6], [5, 5, 5, 5]])


@pytest.fixture
def oracle() -> Oracle:
    # as many hidden numbers as SeqGAN's bias has bytes under 256, so that both kinds of payload occur
    return Oracle.random(3, vocabulary=70, width=5)


def arrays(oracle: Oracle) -> list[np.ndarray]:
    return [oracle.weights[name].numpy() for name in NAMES]


@pytest.mark.parametrize("kind", ["npz", "safetensors", "folder", "pkl", "pickle of protocol 4"])
def test_each_kind_of_file_gives_the_same_oracle(oracle: Oracle, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights.{kind}"
    if kind == "npz":
        np.savez(path, **dict(zip(NAMES, arrays(oracle), strict=True)))
    elif kind == "safetensors":
        save_file({"embedding" if name == "emb" else name.upper(): tensor for name, tensor in oracle.weights.items()}, path)
    elif kind == "folder":  # as Caccia et al. keep them: an .npy that is called .npz
        path.mkdir()
        for name, array in zip(NAMES, arrays(oracle), strict=True):
            with open(path / f"{name}.npz", "wb") as file:
                np.save(file, array)
    else:
        path.write_bytes(pickle.dumps(arrays(oracle), protocol=3 if kind == "pkl" else 4))
    assert torch.equal(load(path).logits(TOKENS), oracle.logits(TOKENS))


class Deletion:
    """Unpickled, this removes a file."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.unlink, (self.victim,)


def test_a_pickle_is_never_run(oracle: Oracle, tmp_path: Path) -> None:
    victim = tmp_path / "kept"
    victim.touch()
    pickled = pickle.dumps([*arrays(oracle), Deletion(victim)], protocol=3)
    assert len(payloads(pickled)) == len(NAMES)
    assert victim.exists()
    pickle.loads(pickled)  # it was no empty threat
    assert not victim.exists()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda weights: weights[:-1], "14 arrays"),
        (lambda weights: [weight.astype("f8") for weight in weights], "not float32"),
        (lambda weights: [np.asfortranarray(weight) for weight in weights], "by columns"),
        (lambda weights: [weights[0][:, :-1].copy(), *weights[1:]], "reshape"),
        (lambda weights: [*weights[:-1], weights[-1] * np.nan], "bo is not finite"),
    ],
)
def test_a_pickle_of_something_else_is_refused(oracle: Oracle, spoil: Any, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pkl"
    path.write_bytes(pickle.dumps(spoil(arrays(oracle)), protocol=3))
    with pytest.raises(DataError, match=reason):
        load(path)


def test_what_is_no_oracle_is_refused(oracle: Oracle, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path / "absent.npz")
    for name, content in {"a.npz": b"", "a.safetensors": b"\xff" * 20, "a.pkl": b"\x80\x03]", "b.pkl": b"hello"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match="holds no oracle"):
            load(tmp_path / name)
    save_file({name: tensor for name, tensor in oracle.weights.items() if name != "uf"}, tmp_path / "less.safetensors")
    with pytest.raises(DataError, match="missing or unknown: uf"):
        load(tmp_path / "less.safetensors")
    np.savez(tmp_path / "objects.npz", emb=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="holds no oracle"):
        load(tmp_path / "objects.npz")
    save_file(oracle.weights | {"uf": torch.zeros(5, 4)}, tmp_path / "shape.safetensors")
    with pytest.raises(DataError, match=r"uf is \(5, 4\), expected \(5, 5\)"):
        load(tmp_path / "shape.safetensors")
