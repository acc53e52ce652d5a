"""Checks of what the engine promises for every medium: turns, seeds, files, interruptions."""

from __future__ import annotations

import contextlib
import copy
import subprocess
import sys
from collections.abc import Callable, Mapping

import torch
from torch import nn

from .. import api, checkpoint, weights
from ..errors import Interrupted
from ..execution import Execution
from ..generating import CHUNK, generate
from ..players import fused, latent_size
from ..randomness import latents
from ..rehearsal import rehearse
from ..reporting import Silent
from ..run import Run
from ..trainer import Trainer
from .check import Check
from .subject import STEPS, Subject

SEEDS = range(5)
ROUNDING = 1e-3
"""Most that a sample may change when weights are fused, as a share of the range."""
APART = 0.01
"""Most that two processes may end away from one, as a share of the way the weights have gone."""
GENTLE = {"generator.epsilon": 0.1, "discriminator.epsilon": 0.1}
"""Adam with a small ε takes a whole step for the last digit of a gradient near 0: rounding would be all that is seen."""


def a_turn_changes_its_player_only(subject: Subject) -> str | None:
    trainer = subject.trainer()
    losses: dict[str, Callable[..., torch.Tensor]] = {
        "discriminator": lambda batch: trainer.game.discriminator_loss(batch, 0.5, 1.0, diversity=True),
        "generator": lambda batch: trainer.game.generator_loss(batch, 0.5),
    }
    for player, loss in losses.items():
        before = _flat(trainer.modules)
        for batch in trainer.micro_batches(player, noise=True):
            trainer.accumulate(player, loss(batch))
        trainer.take_turn(player, 0.0)
        changed = {side for side, old in before.items() if not torch.equal(old, _flat(trainer.modules)[side])}
        if changed != set(trainer.sides[player]):
            return f"the {player}'s turn changed {', '.join(sorted(changed)) or 'nothing'}"
    return None


def a_turn_in_bf16(subject: Subject) -> str | None:
    plan = subject.plan("bf16")
    trainer = Trainer(plan.players, plan.dataset, plan.settings, Execution.choose("cpu", "bf16", threads=1))
    try:
        rehearse(trainer, subject.declared.build)
        trainer.advance(0.0)
    except Exception as error:  # whatever the networks raise is what this check is there to find
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return None


def _flat(modules: Mapping[str, nn.Module]) -> dict[str, torch.Tensor]:
    """All weights of each in one row."""
    return {name: torch.cat([p.detach().flatten().clone() for p in module.parameters()]) for name, module in modules.items()}


def same_seed_same_weights(subject: Subject) -> str | None:
    first, second = Run.open(subject.run).hash(), Run.open(subject.train("again")).hash()
    return None if first == second else "two trainings with the same seed ended with other weights"


def same_seed_same_bytes(subject: Subject) -> str | None:
    first, second = (subject.sampler().sample(SEEDS) for _ in range(2))
    if not torch.equal(first.samples, second.samples):
        return "the samples themselves differ: the generator draws random numbers of its own"
    one, two = (batch.save(subject.path("files")) for batch in (first, second))
    differ = [first.name for first, second in zip(one, two, strict=True) if first.read_bytes() != second.read_bytes()]
    return f"{', '.join(differ)} differ between two calls" if differ else None


def samples_do_not_depend_on_others(subject: Subject) -> str | None:
    sampler, count, threads = subject.sampler(), 2 * CHUNK + 3, torch.get_num_threads()
    alone = {seed: sampler.sample([seed]).samples[0] for seed in (0, 5, CHUNK + 1, 2 * CHUNK)}
    try:
        if sampler.in_parallel:
            torch.set_num_threads(2)  # small samples are made by several threads at once
        many = sampler.sample(range(count)).samples
    finally:
        torch.set_num_threads(threads)
    for seed, sample in alone.items():
        if not torch.equal(sample, many[seed]):
            return f"sample {seed} alone is not sample {seed} among {count}"
    return None


def saved_and_loaded_is_the_same(subject: Subject) -> str | None:
    sampler, trainer = subject.sampler(), subject.trainer("unused", **{"train.samples": STEPS * subject.batch})
    checkpoint.restore(Run.open(subject.run), trainer)
    generator = trainer.ema.module
    latent = latents(SEEDS, latent_size(generator))
    asked = sampler.sample(SEEDS, label=sampler.labels[0] if sampler.labels else None)
    numbers, loaded = sampler.numbers(asked.requests), asked.samples
    plain, kept = (
        generate(each, sampler.spec, trainer.execution, latent, numbers) for each in (generator, fused(copy.deepcopy(generator)))
    )
    if not torch.equal(kept, loaded):
        return f"samples differ by up to {(kept - loaded).abs().max():.3g}"
    off, width = (kept - plain).abs().max().item(), sampler.spec.high - sampler.spec.low
    return None if off <= ROUNDING * width else f"fuse_for_sampling() changed samples by up to {off:.3g}"


class _StopAt(Silent):
    """Interrupts a training after so many samples, before they are saved."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def progress(self, share: float, samples: int) -> None:
        if samples >= self.samples:
            raise Interrupted("stopped by the check")


def resumed_is_uninterrupted(subject: Subject) -> str | None:
    plan = subject.plan("stopped", **{"train.save_seconds": 0.0})
    with contextlib.suppress(Interrupted):
        api.train_plan(plan, _StopAt(3 * subject.batch))
    api.resume(plan.out, modality=subject.modality, data=subject.data)
    (one, _), (two, _) = (weights.read(Run.open(path).state) for path in (subject.run, plan.out))
    differ = sorted(name for name in one.keys() | two.keys() if name not in one or name not in two or not torch.equal(one[name], two[name]))
    return f"{len(differ)} of {len(one)} tensors differ, such as {differ[0]}" if differ else None


def two_processes_are_one(subject: Subject) -> str | None:
    """The distance between their weights, over how far the training moved them."""
    if subject.players().batch_statistics:
        return None  # a pair that says so trains differently when its batch is split
    out, start = subject.path("two"), _flat(subject.trainer().modules)
    gentle = [part for key, value in GENTLE.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "paragone_cli", subject.modality, "train", *subject.arguments, *gentle]
    done = subprocess.run([*command, "--processes", "2", "--out", str(out), "--quiet"], capture_output=True, text=True)
    if done.returncode:
        return f"with --processes 2 it ended with {done.returncode}: {done.stderr}"
    ends = []
    for path in (subject.train("one", **GENTLE), out):
        trainer = subject.trainer()
        checkpoint.restore(Run.open(path), trainer)
        ends.append(_flat(trainer.modules))
    for name, begun in start.items():
        apart, moved = (ends[1][name] - ends[0][name]).norm().item(), (ends[0][name] - begun).norm().item()
        if apart > APART * moved:
            return f"weights of the {name} are {apart:.3g} apart, after a way of {moved:.3g}"
    return None


CHECKS = (
    Check(
        "a_turn_changes_its_player_only",
        "a turn changes the weights of its own player and of no other",
        "{build}: players that share parameters, or change some in forward",
        a_turn_changes_its_player_only,
    ),
    Check(
        "a_turn_in_bf16",
        "both players take their turns in bf16 (torch.autocast), which trainings choose where it is faster",
        "{build}: maps that are put into a buffer of another dtype, or a function that bf16 has not; .float() what must stay exact",
        a_turn_in_bf16,
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
        "{build}, the generator: batch statistics in eval mode, random numbers of its own, or something that a call leaves on the module",
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
    Check(
        "two_processes_are_one",
        f"two processes that share a batch train the same weights as one, to {APART:.0%} of the way, or batch_statistics = True",
        "{build}: layers that mix the samples of a batch beyond train.group, or draw random numbers; {dataset}: an order of its own",
        two_processes_are_one,
    ),
)
