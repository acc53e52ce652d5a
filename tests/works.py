"""What the processes of :mod:`processes` do: functions that can be imported by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import torch

from paragone import api
from paragone.distributed import Processes, joined
from paragone.reporting import Silent
from paragone.trainer import Trainer
from paragone.world import World

BASE: dict[str, Any] = {"train.samples": 10**6, "train.device": "cpu", "train.precision": "fp32", "train.threads": 1}


def make(settings: dict[str, Any]) -> Trainer:
    """A trainer of the toy medium in this process's world."""
    plan = api.plan("points", layers=[("test", {**BASE, **settings})])
    with joined() as ranks:
        return Trainer(plan.players, plan.dataset, plan.settings, plan.execution, ranks)


def state(trainer: Trainer) -> dict[str, Any]:
    """All that training changes, as arrays and numbers."""
    modules = {**trainer.modules, "average": trainer.ema.module}
    tensors = {f"{name}.{key}": value.numpy() for name, module in modules.items() for key, value in module.state_dict().items()}
    return {"tensors": tensors, "p": trainer.controller.p, "means": trainer.meters.take(), "samples": trainer.samples}


def advance(settings: dict[str, Any], steps: int) -> dict[str, Any]:
    """The state after so many steps."""
    trainer = make(settings)
    with joined():
        for step in range(steps):
            trainer.advance(step / steps)
        return state(trainer)


def advance_without_averaging(settings: dict[str, Any], steps: int) -> dict[str, Any]:
    """The same with an engine that forgets to."""
    Processes.average = lambda self, tensors, numbers=(): list(numbers)  # type: ignore[method-assign]  # to break it
    return advance(settings, steps)


def pool(names: list[list[str]]) -> dict[str, list[float]]:
    """Means of what each process has, which of process R are ``names[R]``."""
    with joined() as ranks:
        return {
            name: mean.tolist() for name, mean in ranks.pool({name: torch.tensor([1.0, ranks.rank]) for name in names[ranks.rank]}).items()
        }


def what_is_read(settings: dict[str, Any]) -> list[list[int]]:
    """The indices that each turn of one step asks the data for."""
    trainer, asked = make(settings), []
    inner = trainer.dataset.batch

    def spy(indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        asked.append(indices.tolist())
        return inner(indices, device)

    trainer.dataset.batch = spy  # type: ignore[method-assign]  # to look over its shoulder
    with joined():
        trainer.advance(0.0)
    return asked


def train(out: str, settings: dict[str, Any], mishap: str = "", data: str | None = None) -> str:
    """A whole training, with a ``mishap`` in one process; returns where."""
    plan = api.plan("points", data, out=out, layers=[("test", {**BASE, **settings})], reporter=Printing(Path(out)))
    if mishap:
        MISHAPS[mishap](plan)
    return str(api.train_plan(plan, Printing(Path(out))).path)


def resume(out: str, settings: dict[str, Any]) -> str:
    """Continue a training; returns where."""
    return str(api.resume(out, layers=[("test", settings)]).path)


def open_pictures(folder: str) -> list[float]:
    """Open a folder of pictures; when this process began and ended to decode, or nothing if it did not."""
    import time

    from paragone_image import dataset

    inner, times = dataset.prepare, []

    def slow(*arguments: Any) -> Any:
        times.append(time.time())
        time.sleep(1.0)
        result = inner(*arguments)
        times.append(time.time())
        return result

    dataset.prepare = slow
    api.plan("image", folder, layers=[("test", {"train.samples": 64, "train.device": "cpu", "data.size": "32"})])
    return times


class Printing(Silent):
    """Writes a note's words beside the run, a file a process."""

    def __init__(self, out: Path) -> None:
        self.file = out.with_name(f"notes-{World.here().rank}")

    def note(self, text: str) -> None:
        with self.file.open("a") as file:
            file.write(text + "\n")


def _at_step(step: int, rank: int, what: Any) -> Any:
    """A mishap that happens in process ``rank`` when ``step`` begins; -1 is the last one."""

    def prepare(plan: Any) -> None:
        if World.here().rank != rank % World.here().size:
            return
        inner = Trainer.advance

        def advance(self: Trainer, progress: float) -> None:
            if self.step == step:
                what(self)
            inner(self, progress)

        Trainer.advance = advance  # type: ignore[method-assign]  # this process only

    return prepare


def _nan_in_a_forward_pass(trainer: Trainer) -> None:
    trainer.players.discriminator.fail_at = 1


def _one_weight_differs(trainer: Trainer) -> None:
    with torch.no_grad():
        trainer.players.generator.first.bias[0] += 0.125


def _disk_is_full(trainer: Trainer) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    Path.write_bytes = full  # type: ignore[method-assign,assignment]  # this process only


def _raise(trainer: Trainer) -> None:
    raise OSError(5, "Input/output error", "samples.npy")


MISHAPS: dict[str, Any] = {
    "nan in 1": _at_step(5, 1, _nan_in_a_forward_pass),
    "weight in 1": _at_step(5, 1, _one_weight_differs),
    "full disk in 0": _at_step(5, 0, _disk_is_full),
    "unreadable data in 1": _at_step(5, 1, _raise),
    "kill 0": _at_step(5, 0, lambda trainer: os.kill(os.getpid(), signal.SIGKILL)),
    "kill 1": _at_step(5, 1, lambda trainer: os.kill(os.getpid(), signal.SIGKILL)),
    "terminate the last": _at_step(5, -1, lambda trainer: os.kill(os.getpid(), signal.SIGTERM)),
}
