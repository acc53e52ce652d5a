"""A trainer's whole state, to one file and back.

The state file alone is enough to continue bit for bit. The generator's file is
written before it, from the same weights, for those who only sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from . import weights
from .building import together
from .errors import RunError
from .run import FORMAT, Run
from .trainer import Trainer


def save(run: Run, trainer: Trainer) -> None:
    """Write ``state.safetensors`` and ``generator.safetensors``; of several processes, the first does while the others wait.

    Raises:
        ProcessError: if the processes' weights are not the same any more, naming the player.
        DivergenceError: if a weight is not finite; such a state must not replace a good one.
        OutputError: if one cannot be written; the old one is still there.
    """
    ranks = trainer.ranks
    ranks.check_equal(
        {f"{name}'s weights": _bytes(module.state_dict()) for name, module in _modules(trainer).items()}
        | {f"{name}'s optimiser": _bytes(_adam(name, optimiser)) for name, optimiser in trainer.optimisers.items()},
        fix="The last saved state is kept: continue with --resume. If it happens again, the machines compute differently.",
    )
    trainer.check_weights()
    tensors = _tensors(trainer)
    if ranks.first:
        _write(run, trainer, tensors)
    ranks.wait()


def _write(run: Run, trainer: Trainer, tensors: Mapping[str, torch.Tensor]) -> None:
    facts = {
        "format": FORMAT,
        "step": trainer.step,
        "samples": trainer.samples,
        "seconds": trainer.seconds,
        "augment_p": trainer.controller.p,
    }
    # the state last: what is cut off between the two goes on from the state before, and saves both again
    weights.save(run.generator, trainer.ema.module.state_dict(), {"format": FORMAT, "samples": trainer.samples})
    weights.save(run.state, tensors, facts)


def restore(run: Run, trainer: Trainer) -> None:
    """Continue from ``state.safetensors``, which of several processes the first reads.

    Raises:
        RunError: if it is missing, damaged, or does not fit the networks.
    """
    tensors, facts = trainer.ranks.read(lambda: weights.read(run.state))
    for name, module in _modules(trainer).items():
        weights.fill_module(module, _part(tensors, name), f"{run.state} ({name})", together(run))
    try:
        for name, optimiser in trainer.optimisers.items():
            idle = name == "discriminator" and trainer.settings.tokens.alone > 0  # it may not have had a turn yet
            _restore_adam(optimiser, _part(tensors, f"adam.{name}"), 0 if idle else int(facts["step"]))
        trainer.meters.restore(_part(tensors, "meters"))
        trainer.step, trainer.samples = int(facts["step"]), int(facts["samples"])
        trainer.seconds, trainer.controller.p = float(facts["seconds"]), float(facts["augment_p"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunError(f"does not hold a whole state ({error})", where=run.state, fix="Restore it from a copy, or train again.") from error


def _tensors(trainer: Trainer) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for name, module in _modules(trainer).items():
        tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
    for name, optimiser in trainer.optimisers.items():
        tensors |= _adam(name, optimiser)
    return tensors | {f"meters.{name}": value for name, value in trainer.meters.state().items()}


def _modules(trainer: Trainer) -> dict[str, nn.Module]:
    return {**trainer.modules, "ema": trainer.ema.module}


def _adam(name: str, optimiser: torch.optim.Adam) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for index, parameter in enumerate(optimiser.param_groups[0]["params"]):
        tensors |= {f"adam.{name}.{index}.{key}": value for key, value in optimiser.state[parameter].items()}
    return tensors


def _bytes(tensors: Mapping[str, torch.Tensor]) -> Iterator[bytes]:
    """The content of each, one after the other: a generator, so that a process alone copies none."""
    for tensor in tensors.values():
        yield tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()


def _part(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}


def _restore_adam(optimiser: torch.optim.Adam, tensors: Mapping[str, torch.Tensor], steps: int) -> None:
    if not tensors and not steps:
        return
    for index, parameter in enumerate(optimiser.param_groups[0]["params"]):
        state: dict[str, Any] = {}
        for key in ("step", "exp_avg", "exp_avg_sq"):
            saved = tensors[f"{index}.{key}"]
            # like the parameter, in its memory format: that is how Adam would have made it
            if saved.shape != (() if key == "step" else parameter.shape):  # copy_ would stretch it
                raise ValueError(f"adam {index}.{key} has shape {tuple(saved.shape)}")
            state[key] = saved.to(parameter.device) if key == "step" else torch.empty_like(parameter).copy_(saved)
        optimiser.state[parameter] = state
