"""Train presets on data that is already in memory, without a run folder: the engine's loop, and nothing round it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from paragone.allocator import keep_freed_memory
from paragone.budget import Budget
from paragone.building import build
from paragone.data import Dataset
from paragone.execution import Execution
from paragone.generating import generate
from paragone.randomness import derive, latents
from paragone.registry import registry
from paragone.settings import settle
from paragone.trainer import Trainer

from . import knobs


def picture_trainer(dataset: Dataset, *layers: Mapping[str, Any]) -> Trainer:
    """A trainer of the picture medium on ``dataset``, not begun.

    Args:
        dataset: of pictures, without labels.
        layers: settings by dotted name; later ones win, and the person's own (:func:`knobs.overrides`) win over all.
    """
    medium = registry().modality("image")
    every = [{"train.threads": knobs.threads(), "train.device": "cpu", "train.conditional": False}, *layers, knobs.overrides()]
    settings = settle(medium, [("benchmark", layer) for layer in every])
    execution = Execution.choose(settings.train.device, settings.train.precision, settings.train.compile, settings.train.threads)
    players = build(medium, settings, dataset.spec, len(dataset.labels), derive(settings.train.seed, "weights"))
    return Trainer(players, dataset, settings, execution)


def train(trainer: Trainer, looks: int = 1, look: Callable[[float], None] = lambda share: None) -> knobs.Watch:
    """Train to the end of the budget; the time that looking takes is not counted.

    Args:
        trainer: not begun.
        looks: how often to look, in equal parts of the budget, the last time at its end.
        look: called with the share of the budget that is used.

    Returns:
        A watch that was stopped while looking: ask it at once.
    """
    keep_freed_memory()
    budget, watch, looked = Budget.of(trainer.settings.train), knobs.Watch.start(), 0
    while (progress := budget.progress(trainer.samples, trainer.seconds)) < 1:
        trainer.advance(progress)
        trainer.seconds = watch.wall
        while looked < looks - 1 and budget.progress(trainer.samples, trainer.seconds) >= (looked + 1) / looks:
            looked += 1
            with watch.paused():
                look(looked / looks)
    trainer.check_weights()
    return watch


def sample(trainer: Trainer, count: int) -> torch.Tensor:
    """``(count, *shape)`` from the moving average, seeds 0 to ``count``, as the product makes them."""
    generator = trainer.ema.module
    return generate(generator, trainer.dataset.spec, trainer.execution, latents(range(count), int(generator.latent_size)), None)  # type: ignore[arg-type]  # nn.Module hides it
