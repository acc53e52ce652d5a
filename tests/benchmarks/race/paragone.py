"""Paragone's own presets through the public library: from the starter set to a run folder, and from there to samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

import paragone
from paragone.reporting import Silent

from .. import knobs
from .runner import Runner, Sampler, Sprites, Trained, parameters
from .sprites import HELD_OUT


class Counter(Silent):
    """Remembers how many real samples were shown."""

    shown = 0

    def progress(self, share: float, samples: int) -> None:
        """See :class:`paragone.reporting.Reporter`."""
        self.shown = samples


def preset(name: str, goes_on: bool = False) -> Runner:
    """The runner of one preset.

    Args:
        name: of the preset.
        goes_on: resume for a longer budget, where none of its settings follows the budget.
    """

    def run(sprites: Sprites, budgets: Sequence[float], seed: int, scratch: Path) -> Iterator[Trained]:
        settings = {
            "train.hold_out": HELD_OUT,
            "train.seed": seed,
            "train.threads": knobs.threads(),
            "train.device": "cpu",
            **knobs.overrides(),
        }
        counter, watch, folder = Counter(), knobs.Watch.start(), scratch / "run"
        for index, seconds in enumerate(budgets):
            if goes_on and index:
                done = paragone.resume(folder, minutes=seconds / 60, reporter=counter)
            else:
                counter, watch, folder = Counter(), knobs.Watch.start(), scratch / f"{seconds:g}"
                done = paragone.train("image", out=folder, preset=name, minutes=seconds / 60, settings=settings, reporter=counter)
            with watch.paused():
                model = paragone.load(done.path, device="cpu")
                facts = {"settings": model.settings.to_dict()}
                yield Trained(_sampler(model, sprites), watch.wall, watch.cpu, counter.shown, parameters(model.generator), facts)

    return run


def _sampler(model: paragone.Sampler, sprites: Sprites) -> Sampler:
    """Samples with the labels that the training pictures have, as often."""

    def sample(count: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        if not model.labels:
            return model.sample(range(count)).samples, None
        drawn = torch.randint(len(sprites.numbers), (count,), generator=torch.Generator().manual_seed(0))
        samples = torch.empty(count, *model.spec.shape)
        for number, name in enumerate(sprites.names):
            seeds = (sprites.numbers[drawn] == number).nonzero()[:, 0]
            if len(seeds):
                samples[seeds] = model.sample(seeds.tolist(), label=name).samples
        return samples, sprites.numbers[drawn]

    return sample
