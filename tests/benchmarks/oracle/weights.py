"""An oracle's weights from a file that somebody gives: arrays only, nothing in it is ever run.

Read are safetensors, ``.npz``, a folder of one ``.npy`` for each tensor (named
``.npz`` or not), and the pickle of protocol 3 that SeqGAN's authors published. That
last one is read as data: of its instructions only the payloads of bytes are taken.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from paragone.errors import DataError

from .lstm import NAMES, Oracle, shapes

FIX = f"Give the {len(NAMES)} tensors {', '.join(NAMES)} as .npz or .safetensors; oracle/lstm.py says which is which."
TEXTS = ("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
BYTES = ("BINBYTES", "SHORT_BINBYTES", "BINBYTES8")


def load(path: Path) -> Oracle:
    """The oracle in ``path``.

    Raises:
        DataError: if it holds no oracle, or not all of one.
    """
    try:
        return Oracle(checked(_read(path)))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", where=path, fix="Check the path.") from error
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, SafetensorError) as error:
        raise DataError(f"holds no oracle ({error})", where=path, fix=FIX) from error


def checked(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """``tensors`` as an oracle's weights in float32.

    Raises:
        ValueError: if one is missing, too many, of another shape, or not finite.
    """
    if set(tensors) != set(NAMES):
        wrong = ", ".join(sorted(set(tensors) ^ set(NAMES)))
        raise ValueError(f"missing or unknown: {wrong}")
    vocabulary, embedding = tensors["emb"].shape
    for name, shape in shapes(vocabulary, embedding, len(tensors["bi"])).items():
        if tuple(tensors[name].shape) != shape:
            raise ValueError(f"{name} is {tuple(tensors[name].shape)}, expected {shape}")
        if not bool(torch.isfinite(tensors[name]).all()):
            raise ValueError(f"{name} is not finite")
    return {name: tensors[name].float() for name in NAMES}


def _read(path: Path) -> dict[str, torch.Tensor]:
    if path.is_dir():
        arrays = {_name(file.stem): np.load(file, allow_pickle=False) for file in path.glob("*.np[yz]")}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}
    if path.suffix == ".safetensors":
        return {_name(name): tensor for name, tensor in load_file(path).items()}
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {_name(name): torch.from_numpy(arrays[name]) for name in arrays.files}
    return shaped(payloads(path.read_bytes()))


def _name(name: str) -> str:
    """One tensor, several spellings."""
    return {"embedding": "emb"}.get(name.lower(), name.lower())


def payloads(pickled: bytes) -> list[np.ndarray]:
    """The arrays in a pickle of float32 arrays, flat, in their order, without unpickling it.

    NumPy writes an array as its shape, its type, whether its columns come first, and
    then its bytes: so the bytes are told by the truth value before them.

    Raises:
        ValueError: if it is no pickle, or holds arrays of another kind.
    """
    found: list[np.ndarray] = []
    texts, before = set[str](), ""
    for instruction, argument, _ in pickletools.genops(pickled):
        if instruction.name in TEXTS:
            texts.add(str(argument))
        elif isinstance(argument, bytes) and instruction.name in BYTES and before in ("NEWFALSE", "NEWTRUE"):
            if before == "NEWTRUE":
                raise ValueError("an array stored by columns")
            found.append(np.frombuffer(argument, "<f4").copy())
        if "PUT" not in instruction.name and instruction.name != "MEMOIZE":
            before = instruction.name
    if {text for text in texts if text[1:].isdigit()} != {"f4"}:  # the names of NumPy's types
        raise ValueError("not float32 throughout")
    return found


def shaped(flat: list[np.ndarray]) -> dict[str, torch.Tensor]:
    """The fifteen tensors from their numbers alone: the lengths of the biases say what the shapes must be.

    Raises:
        ValueError: if there are not fifteen, or they do not divide so.
    """
    if len(flat) != len(NAMES):
        raise ValueError(f"{len(flat)} arrays")
    by_name = dict(zip(NAMES, flat, strict=True))
    hidden, vocabulary = len(by_name["bi"]), len(by_name["bo"])
    wanted = shapes(vocabulary, by_name["wi"].size // max(hidden, 1), hidden)
    return {name: torch.from_numpy(array.reshape(wanted[name])) for name, array in by_name.items()}
