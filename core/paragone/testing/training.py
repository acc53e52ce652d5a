"""Checks of what the engine promises for every medium: turns, seeds, files, interruptions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import torch

from .. import api, checkpoint, weights
from ..errors import Interrupted
from ..randomness import latents
from ..reporting import Silent
from ..run import Run
from ..sampler import CHUNK, generate
from ..trainer import Trainer
from .check import Check
from .subject import STEPS, Subject

SEEDS = range(5)


def a_turn_changes_its_player_only(subject: Subject) -> str | None:
    trainer = subject.trainer()
    losses: dict[str, Callable[..., torch.Tensor]] = {
        "discriminator": lambda batch: trainer.game.discriminator_loss(batch, 0.5, 1.0, diversity=True),
        "generator": lambda batch: trainer.game.generator_loss(batch, 0.5),
    }
    for player, loss in losses.items():
        before = _parameters(trainer)
        for batch in trainer.micro_batches(player, noise=True):
            trainer.accumulate(player, loss(batch))
        trainer.take_turn(player, 0.0)
        changed = {side for side, old in before.items() if not torch.equal(old, _parameters(trainer)[side])}
        if changed != set(trainer.sides[player]):
            return f"the {player}'s turn changed {', '.join(sorted(changed)) or 'nothing'}"
    return None


def _parameters(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: torch.cat([p.detach().flatten().clone() for p in module.parameters()]) for name, module in trainer.modules.items()}


def same_seed_same_weights(subject: Subject) -> str | None:
    first, second = Run.open(subject.run).hash(), Run.open(subject.train("again")).hash()
    return None if first == second else "two trainings with the same seed ended with other weights"


def same_seed_same_bytes(subject: Subject) -> str | None:
    one, two = (subject.sampler().sample(SEEDS).save(subject.path(name), overwrite=True) for name in ("bytes-1", "bytes-2"))
    differ = [first.name for first, second in zip(one, two, strict=True) if first.read_bytes() != second.read_bytes()]
    return f"{', '.join(differ)} differ between two calls" if differ else None


def samples_do_not_depend_on_others(subject: Subject) -> str | None:
    sampler = subject.sampler()
    many = sampler.sample(range(CHUNK + 3)).samples
    for seed in (0, 5, CHUNK + 1):
        if not torch.equal(sampler.sample([seed]).samples[0], many[seed]):
            return f"sample {seed} alone is not sample {seed} among {CHUNK + 3}"
    return None


def saved_and_loaded_is_the_same(subject: Subject) -> str | None:
    sampler, trainer = subject.sampler(), subject.trainer("unused", **{"train.samples": STEPS * subject.batch})
    checkpoint.restore(Run.open(subject.run), trainer)
    generator = trainer.ema.module
    latent = latents(SEEDS, int(generator.latent_size))  # type: ignore[arg-type]  # nn.Module hides it
    label = sampler.labels[0] if sampler.labels else None
    kept = generate(generator, sampler.spec, trainer.execution, latent, None if label is None else [0] * len(SEEDS))
    loaded = sampler.sample(SEEDS, label=label).samples
    return None if torch.equal(kept, loaded) else f"samples differ by up to {(kept - loaded).abs().max():.3g}"


class _StopAt(Silent):
    """Interrupts a training after so many samples, before they are saved."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def progress(self, share: float, samples: int) -> None:
        if samples >= self.samples:
            raise Interrupted("stopped by the check")


def resumed_is_uninterrupted(subject: Subject) -> str | None:
    out = subject.path("stopped")
    with contextlib.suppress(Interrupted):
        subject.train("stopped", _StopAt(3 * subject.batch), **{"train.save_seconds": 0.0})
    api.resume(out, modality=subject.modality, data=subject.data)
    (one, _), (two, _) = (weights.read(Run.open(path).state) for path in (subject.run, out))
    differ = sorted(name for name in one.keys() | two.keys() if name not in one or name not in two or not torch.equal(one[name], two[name]))
    return f"{len(differ)} of {len(one)} tensors differ, such as {differ[0]}" if differ else None


CHECKS = (
    Check(
        "a_turn_changes_its_player_only",
        "a turn changes the weights of its own player and of no other",
        "{build}: players that share parameters, or change some in forward",
        a_turn_changes_its_player_only,
    ),
    Check(
        "same_seed_same_weights",
        "the same seed trains the same weights, bit for bit",
        "{build} and {dataset}: random numbers that the engine does not know of, or the order of a set or a folder",
        same_seed_same_weights,
    ),
    Check(
        "same_seed_same_bytes", "the same seed makes the same file, byte for byte", "{artefacts}: a date in the file?", same_seed_same_bytes
    ),
    Check(
        "samples_do_not_depend_on_others",
        "sample i is the same alone and among others",
        "{build}, the generator: batch statistics in eval mode, or random numbers of its own",
        samples_do_not_depend_on_others,
    ),
    Check(
        "saved_and_loaded_is_the_same",
        "a generator that was saved and loaded makes the same samples",
        "{build}, the generator: state that is neither a parameter nor a buffer",
        saved_and_loaded_is_the_same,
    ),
    Check(
        "resumed_is_uninterrupted",
        "a training that was interrupted and resumed is, bit for bit, the one that never stopped",
        "{build}: state that is neither a parameter nor a buffer; {dataset}: samples that change when opened again",
        resumed_is_uninterrupted,
    ),
)
