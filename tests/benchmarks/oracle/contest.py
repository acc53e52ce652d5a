"""One training on an oracle's sequences, and what its generator and its discriminator are worth.

The medium is the text plugin's; its networks ask nothing of a sample but a length and a vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from paragone.allocator import keep_freed_memory
from paragone.budget import Budget
from paragone.building import build
from paragone.data import Dataset
from paragone.execution import Execution
from paragone.randomness import derive, generator_for
from paragone.settings import settle
from paragone.trainer import Trainer
from paragone_text.networks.decoding import Drawing
from paragone_text.plugin import paragone_modality

from .. import knobs
from .choosing import best_of
from .lstm import Oracle
from .measures import along, scores
from .regret import Regret, regret

ALPHAS = (0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5)
"""What the logits are multiplied by, one over the temperature: 1 samples what was learned, more of it samples the likely."""
CHUNK = 64


def trainer_for(dataset: Dataset, preset: str, *layers: Mapping[str, Any]) -> Trainer:
    """A trainer of the text medium on ``dataset``, not begun, on one thread unless told otherwise.

    Args:
        dataset: of an oracle's sequences.
        preset: of the text medium.
        layers: settings by dotted name; later ones win, and the person's own (:func:`knobs.overrides`) win over all.
    """
    medium = paragone_modality()
    every = [{"train.preset": preset, "train.threads": knobs.threads(), "train.device": "cpu"}, *layers, knobs.overrides()]
    settings = settle(medium, [("benchmark", layer) for layer in every])
    execution = Execution.choose(settings.train.device, settings.train.precision, settings.train.compile, settings.train.threads)
    players = build(medium, settings, dataset.spec, 0, derive(settings.train.seed, "weights"))
    return Trainer(players, dataset, settings, execution)


def train(trainer: Trainer, look: Callable[[float], None], looks: int = 10) -> float:
    """Train to the end of the budget, which is counted in seconds of processor time, so that a shared machine is fair.

    Args:
        trainer: not begun.
        look: called with the share of the budget that is used, ``looks`` times; its time does not count.

    Returns:
        Seconds of processor time.
    """
    keep_freed_memory()
    budget, watch, looked = Budget.of(trainer.settings.train), knobs.Watch.start(), 0
    while (progress := budget.progress(trainer.samples, trainer.seconds)) < 1:
        trainer.advance(progress)
        trainer.seconds = watch.cpu
        if budget.progress(trainer.samples, trainer.seconds) >= (looked + 1) / looks:
            looked += 1
            with watch.paused():
                look(looked / looks)
    trainer.check_weights()
    return trainer.seconds


@dataclass(frozen=True)
class Generated:
    """A generator as a distribution over sequences that is known, as the oracle is.

    Attributes:
        network: draws a token at a time, and nothing else about a sample is random.
        alpha: what its logits are multiplied by.
    """

    network: Drawing
    alpha: float = 1.0

    def __post_init__(self) -> None:
        if self.network.code:
            raise ValueError("a generator with a code has no likelihood that can be written down")

    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """``(B, L)`` int64 → ``(B, L, V)``; satisfies :data:`Logits`."""
        latent = torch.zeros(len(tokens), self.network.latent_size)
        logits: torch.Tensor = self.network.logits(latent, None, tokens)  # type: ignore[operator]  # nn.Module hides it
        return self.alpha * logits.float()

    def sample(self, count: int, seed: int) -> torch.Tensor:
        """``(count, L)`` int64, in the product's own way."""
        latent = torch.randn(count, self.network.latent_size, generator=generator_for(seed, "generated"))
        return torch.cat([self.network.decode(part, None, temperature=1 / self.alpha) for part in torch.split(latent, CHUNK)])


def generated(trainer: Trainer, alpha: float = 1.0) -> Generated:
    """The moving average of the generator."""
    return Generated(cast(Drawing, trainer.ema.module), alpha)


def curve(generator: Generated, oracle: Oracle, test: torch.Tensor, count: int, alphas: Sequence[float] = ALPHAS) -> list[dict[str, Any]]:
    """Quality against variety: a point for each α.

    Args:
        generator: whose α is replaced.
        oracle: the truth.
        test: ``(N, L)`` int64 of the oracle, not trained on.
        count: sequences to generate for each point.
    """
    points = []
    for alpha in alphas:
        mine = Generated(generator.network, alpha)
        real, fake = along(test, oracle.logits, mine.logits), along(mine.sample(count, 0), mine.logits, oracle.logits)
        points.append({"alpha": alpha, **{name: [each.mean, each.error] for name, each in scores(real, fake).items()}})
    return points


def judged(trainer: Trainer, oracle: Oracle, fresh: torch.Tensor) -> Regret:
    """The discriminator against the optimum, on real and generated sequences that neither player has seen.

    Args:
        trainer: at its end.
        oracle: the truth.
        fresh: ``(N, L)`` int64 of the oracle, N even.
    """
    # against the generator that it plays with, not the average
    mine, length = Generated(cast(Drawing, trainer.players.generator)), fresh.shape[1]
    generator_sequences = mine.sample(len(fresh), 1)
    real_ratio = length * along(fresh, oracle.logits, mine.logits).ratio
    fake_ratio = -length * along(generator_sequences, mine.logits, oracle.logits).ratio
    return regret(
        logits_of(trainer.players.discriminator, fresh),
        logits_of(trainer.players.discriminator, generator_sequences),
        real_ratio,
        fake_ratio,
    )


def chosen(trainer: Trainer, oracle: Oracle, fresh: torch.Tensor, alpha: float, ks: Sequence[int] = (2, 4)) -> list[dict[str, Any]]:
    """Points beside the curve: the best of k by how likely a sequence is, and by the discriminator if there was a game.

    Args:
        trainer: at its end.
        oracle: the truth.
        fresh: ``(N, L)`` int64 of the oracle.
        alpha: of the generator that is chosen from.
        ks: numbers of candidates.
    """
    mine, length = generated(trainer, alpha), fresh.shape[1]
    made = mine.sample(len(fresh), 2)
    fake, real = along(made, mine.logits, oracle.logits), along(fresh, oracle.logits, mine.logits)
    found: dict[str, tuple[torch.Tensor, ...]] = {"likelihood": (-fake.own, -real.other)}
    if trainer.settings.tokens.alone < 1:
        found["discriminator"] = tuple(logits_of(trainer.players.discriminator, tokens) for tokens in (made, fresh))
    points = []
    for by, (of_fake, of_real) in found.items():
        for k in ks:
            nll_oracle, nll_test = best_of(k, of_fake.double(), of_real.double(), fake.other, real.other, length)
            points.append({"by": by, "alpha": alpha, "k": k, "nll_oracle": nll_oracle, "nll_test": nll_test})
    return points


@torch.no_grad()
def logits_of(discriminator: nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    """``(N, L)`` int64 → ``(N,)``."""
    return torch.cat([discriminator(part, None).float() for part in torch.split(tokens, CHUNK)])
