"""Tensors to safetensors files and back, with errors that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import nn

from . import files
from .errors import RunError


def save(path: Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> None:
    """Write ``tensors`` and JSON ``facts``; an old file at ``path`` stays until the new one is complete.

    Raises:
        OutputError: if it cannot be written.
    """
    # one contiguous copy of each on the CPU: the format knows neither strides nor shared storage
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    files.write(path, serialise(plain, metadata={"paragone": json.dumps(dict(facts))}))


def read(path: Path, prefix: str = "") -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors and facts of a file that :func:`save` wrote.

    Args:
        path: of the file.
        prefix: read only the tensors whose names begin with it, and take it away from them.

    Raises:
        RunError: if it is missing, truncated or of another origin.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["paragone"])
            if not isinstance(facts, dict):
                raise ValueError("facts have names")
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118  # not a mapping
            # copies: what is still mapped to a file cannot be replaced in Windows
            return {name.removeprefix(prefix): file.get_tensor(name).clone() for name in names}, facts
    except FileNotFoundError as error:
        raise RunError("is missing", where=path, fix="Check the run folder; an unfinished copy may lack files.") from error
    except (OSError, SafetensorError) as error:
        raise RunError(f"is damaged ({error})", where=path, fix="Restore it from a copy, or train again.") from error
    except (KeyError, ValueError, RecursionError) as error:
        raise RunError("was not written by Paragone", where=path, fix="Restore the file that the training wrote.") from error


def facts(path: Path) -> dict[str, Any]:
    """The facts alone of a file that :func:`save` wrote; no tensor is read.

    Raises:
        RunError: as :func:`read`.
    """
    return read(path, prefix="\0")[1]


def holds(path: Path, prefix: str) -> bool:
    """Whether a file that :func:`save` wrote has a tensor whose name begins with ``prefix``.

    Raises:
        RunError: as :func:`read`.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return any(name.startswith(prefix) for name in file.keys())  # noqa: SIM118  # not a mapping
    except (OSError, SafetensorError) as error:
        raise RunError(f"is damaged ({error})", where=path, fix="Restore it from a copy, or train again.") from error


TOGETHER = "config.json and the weights do not belong together: restore both from one run."


def fill_module(module: nn.Module, tensors: Mapping[str, torch.Tensor], where: object, fix: str = TOGETHER) -> None:
    """Copy ``tensors`` into the parameters and buffers of ``module``.

    Args:
        module: to be filled.
        tensors: by name.
        where: they came from, for the error.
        fix: how to mend what does not fit.

    Raises:
        RunError: naming the first tensor that is missing, left over or of another shape.
    """
    state = module.state_dict()
    for name in sorted(state.keys() | tensors.keys()):
        wanted = tuple(state[name].shape) if name in state else None
        found = tuple(tensors[name].shape) if name in tensors else None
        if wanted != found:
            raise RunError(
                f"tensor {name!r} has shape {found or 'none'}, the networks of config.json want {wanted or 'none'}",
                where=where,
                fix=fix,
            )
    module.load_state_dict(dict(tensors))
