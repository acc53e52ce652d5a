"""How fast a training would be here: a few of its steps, taken before it begins and thrown away."""

from __future__ import annotations

import copy
import time

import torch

from .cores import threads_kept
from .planning import Plan
from .trainer import Trainer

SECONDS = 2.0
"""That are measured, at least a step."""

LARGEST, WIDEST = 2**25, 2**17
"""Parameters of both players, and numbers in a sample, up to which a CPU is tried: a step of larger ones may take minutes."""


@threads_kept()
def pace(plan: Plan, seconds: float = SECONDS) -> float | None:
    """Real samples a second that a training of ``plan`` would be shown here; the plan stays as it is.

    Steps are not all alike (some have no penalty, texts play no game at first), so this is the pace of the first ones.

    Args:
        plan: of one process.
        seconds: to measure, after a step that is not counted.

    Returns:
        ``None`` where that cannot be known in a few seconds: of several processes, of what is large on a CPU, and where
        a step fails, which the training itself will tell of.
    """
    players, device = plan.players, plan.execution.device
    parameters = sum(parameter.numel() for player in (players.generator, players.discriminator) for parameter in player.parameters())
    large = parameters > LARGEST or plan.dataset.spec.size > WIDEST
    if plan.processes > 1 or (device.type == "cpu" and large):
        return None
    try:
        return _measured(plan, seconds)
    except Exception:  # a want of memory, a plugin's fault, a game that diverges at once
        return None


def _measured(plan: Plan, seconds: float) -> float:
    players, device = copy.deepcopy(plan.players), plan.execution.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        trainer = Trainer(players, plan.dataset, plan.settings, plan.execution)
        trainer.advance(0.0)  # memory is asked for, kernels are chosen
        shown, begun = trainer.samples, _now(device)
        while trainer.samples == shown or _now(device) - begun < seconds:
            trainer.advance(0.0)
        return (trainer.samples - shown) / (_now(device) - begun)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.monotonic()
