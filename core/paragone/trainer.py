"""The loop: players take turns, each turn accumulates gradients, checks them, steps.

It knows no medium, no file and no terminal. Progress is counted in real samples
shown to the discriminator. Everything random is derived from (seed, step), so
that a training stopped after any step and continued is the same training. Several
processes take parts of one batch each, so that they too are the same training.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import nn

from .adaptive import AugmentController
from .batch_statistics import BatchStatistics
from .clusters import Clustered, groups
from .data import Dataset, Order
from .ema import Ema
from .errors import DivergenceError, UsageError
from .execution import Execution
from .game import Game, MicroBatch
from .meters import Meters
from .parts import part_size
from .players import Players, latent_size
from .randomness import derive, generator_for
from .ranks import Ranks
from .reconstruction import rows
from .schedules import cosine_ramp, ema_decay
from .settings import AdamSettings, Settings


class Trainer:
    """Trains two players on a data set.

    Attributes:
        step: steps done.
        samples: real samples shown to the discriminator.
        seconds: time spent; kept by the caller.
        ema: the generator's moving average.
        controller: the augmentation's probability.
        meters: means since the last line of statistics.
        ranks: the processes that share each batch.
    """

    def __init__(self, players: Players, dataset: Dataset, settings: Settings, execution: Execution, ranks: Ranks | None = None) -> None:
        self.players, self.dataset, self.settings, self.execution = players, dataset, settings, execution
        self.ranks = ranks or Ranks()
        self.part = part_size(settings.train.batch, settings.train.accumulate, settings.train.group, self.ranks.size)
        tokens = settings.tokens
        if dataset.spec.tokens is not None and tokens.score_function and tokens.alone < 1 and self.part == 1:
            what = "holds every sample against the others of its part of the batch, and there are none"
            raise UsageError(what, where="tokens.score_function", fix="Set train.accumulate lower, or tokens.score_function=0.")
        self.step, self.samples, self.seconds = 0, 0, 0.0
        self.modules = {"generator": execution.place(players.generator), "discriminator": execution.place(players.discriminator)}
        # the encoder takes its steps with the generator, for which it works
        self.sides = {"generator": ["generator"], "discriminator": ["discriminator"]}
        if settings.reconstruction.wanted:
            self.modules["encoder"] = execution.place(_encoder(players, settings))
            self.sides["generator"].append("encoder")
        for module in self.modules.values():
            self.ranks.share(module.state_dict().values())
        # a player may come with parts that are not to be trained; they stay as they are
        self.trained = {
            player: [p for name in names for p in self.modules[name].parameters() if p.requires_grad]
            for player, names in self.sides.items()
        }
        self.optimisers = {name: _adam(parameters, getattr(settings, name)) for name, parameters in self.trained.items()}
        # the generator's turns read the data in an order of their own: R3GAN pairs it with fresh reals
        self.orders = {
            name: Order(derive(settings.train.seed, name), len(dataset), groups(dataset), settings.train.group) for name in self.sides
        }
        self.ema = Ema(players.generator)
        self.controller = AugmentController(settings.augment)
        self.meters = Meters(execution.device, self.ranks)
        self.game = Game(dataset.spec, players, settings, execution, self.meters)
        self.unsound = False  # whether a loss of this turn was not finite
        self.statistics = BatchStatistics(self.modules.values() if players.batch_statistics else (), self.ranks)

    def advance(self, progress: float) -> None:
        """One step: every player takes its turns, then the average follows.

        Args:
            progress: share of the budget used, which the schedules follow.

        Raises:
            DivergenceError: before anything non-finite can reach a weight.
        """
        train, penalty, ema = self.settings.train, self.settings.penalty, self.settings.ema
        # tokens: before there is anything to judge, the generator may learn from the likelihood alone
        played = 0.0 if self.dataset.spec.tokens is None else self.settings.tokens.played(progress)
        turns = 0 if played < 0 else train.discriminator_turns
        if not turns:
            self.samples += train.batch
        self.controller.ramp(progress)
        self.statistics.begin()
        scale = 0.0 if self.step % penalty.every else penalty.every * cosine_ramp(1.0, penalty.end, progress)
        # for networks that draw numbers themselves; the first process draws what one alone would
        torch.manual_seed(derive(train.seed, "step", self.step, *([self.ranks.rank] if self.ranks.rank else [])))

        for turn in range(turns):
            for batch in self.micro_batches("discriminator", turn, noise=scale > 0):
                loss = self.game.discriminator_loss(batch, self.controller.p, scale, diversity=self.step % 8 == 0)
                self.accumulate("discriminator", loss)
            certainty = self.take_turn("discriminator", progress, self.game.take_certainty())
            self.samples += train.batch
            self.controller.observe(certainty, train.batch)

        silent = self.dataset.spec.tokens is not None and played < self.settings.tokens.lead
        for batch in self.micro_batches("generator", alone=silent):
            self.accumulate("generator", self.game.generator_loss(batch, self.controller.p, played))
        self.take_turn("generator", progress, rate=self.settings.tokens.learning_rate if silent else None)

        self.statistics.agree()
        half_life = cosine_ramp(ema.half_life_start, ema.half_life, progress)
        self.ema.update(ema_decay(half_life, train.batch * max(turns, 1)))
        self.step += 1

    def accumulate(self, player: str, loss: torch.Tensor) -> None:
        """Add the gradient of one micro-batch's ``loss`` to ``player``'s; one that is not finite fails the whole turn, in all processes."""
        if not torch.isfinite(loss):
            self.unsound = True
            return
        (loss / self.settings.train.accumulate).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped

    def take_turn(self, player: str, progress: float, certainty: float = 0.0, rate: float | None = None) -> float:
        """Average ``player``'s gradient over the processes, check it, move its weights, forget the gradient.

        Args:
            player: whose turn it is.
            progress: share of the budget used.
            certainty: r_t of this process.
            rate: learning rate, where it is not to follow the schedule.

        Returns:
            ``certainty``, averaged along with it.
        """
        settings: AdamSettings = getattr(self.settings, player)
        parameters = self.trained[player]
        for parameter in parameters:
            if parameter.grad is None:  # unused this time, or in this process; Adam's averages must still decay
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        unsound, certainty = self.ranks.average(gradients, [float(self.unsound), certainty])
        if unsound:
            raise self.divergence(player, "the loss")
        norm = nn.utils.get_total_norm(gradients).item()
        if not math.isfinite(norm):
            named = ((name, p) for side in self.sides[player] for name, p in self.modules[side].named_parameters())
            culprit = next((name for name, p in named if p.grad is not None and not torch.isfinite(p.grad).all()), "all together")
            raise self.divergence(player, f"the gradient of {culprit}")
        self.meters.add(f"gradient_{player}", norm)
        if settings.clip:
            nn.utils.clip_grads_with_norm_(parameters, settings.clip, torch.tensor(norm))
        optimiser = self.optimisers[player]
        for group in optimiser.param_groups:
            scheduled, group["betas"] = adam_ramps(settings, progress)
            group["lr"] = scheduled if rate is None else rate
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return certainty

    def micro_batches(self, player: str, turn: int = 0, noise: bool = False, alone: bool = False) -> Iterator[MicroBatch]:
        """This process's parts of one turn's batch, with all their random numbers.

        The numbers are drawn for the whole batch and then cut, so that splitting a
        batch does not change what is computed. The other player is frozen meanwhile.
        ``alone``: the generator learns from the likelihood alone.
        """
        train, estimator = self.settings.train, self.game.estimator
        for name, parameters in self.trained.items():
            for parameter in parameters:
                parameter.requires_grad_(name == player)
        numbers = generator_for(train.seed, player, self.step, turn)
        batch, device = train.batch, self.execution.device
        indices = self.orders[player](self.samples if player == "discriminator" else self.step * batch, batch)
        latent = torch.randn(batch, latent_size(self.players.generator), generator=numbers)
        per_sample = self.players.augmentation.uniforms_per_sample if self.players.augmentation else 0
        uniforms = torch.rand(2, batch, per_sample, generator=numbers)
        mix = torch.rand(batch, generator=numbers)
        noises = torch.randn(2, batch, *estimator.shape, generator=numbers) if noise and self.game.finite_differences else None
        asked = self.settings.reconstruction
        share = 1.0 if alone else asked.share  # while nobody plays, there is nothing else to be done with the rest
        again = rows(batch, train.group, share) if asked.wanted and player == "generator" else torch.zeros(batch, dtype=torch.bool)
        dropout = _uniforms(batch, getattr(self.players.generator, "dropout_size", 0) if player == "generator" else 0, numbers)
        chance = _uniforms(batch, estimator.uniforms if player == "generator" and not alone else 0, numbers)
        which = _instances(self.dataset, indices, numbers)
        parts = train.accumulate * self.ranks.size
        for number in range(self.ranks.rank * train.accumulate, (self.ranks.rank + 1) * train.accumulate):
            part = slice(number * self.part, (number + 1) * self.part)
            real, label = self.dataset.batch(indices[part], device)
            group = label
            if which is not None:
                label, group = (told[part].to(device) for told in which)
            yield MicroBatch(
                real,
                label,
                latent[part].to(device),
                uniforms[:, part].to(device),
                mix[part].to(device),
                None if noises is None else noises[:, part].to(device),
                again[part].nonzero()[:, 0].to(device),
                int(again.sum()) / parts,
                None if chance is None else chance[part].to(device),
                None if dropout is None else dropout[part].to(device),
                group,
            )

    def check_weights(self) -> None:
        """Raise unless every weight and every average is finite: a step that is too long overflows though its gradient was fine.

        Raises:
            DivergenceError: naming the player.
        """
        for player, module in (*self.modules.items(), ("generator", self.ema.module)):
            culprit = next((name for name, value in module.state_dict().items() if not torch.isfinite(value).all()), None)
            if culprit is not None:
                raise self.divergence(player, f"the weight {culprit}")

    def divergence(self, player: str, what: str) -> DivergenceError:
        """The error for a number that is no longer finite."""
        return DivergenceError(
            f"{what} of the {player} is not finite, so the training stops here",
            where=f"step {self.step}",
            fix=f"Begin again with a lower {player}.learning_rate or a higher penalty.r1 or fd_r1, or --resume with --precision fp32.",
        )


def adam_ramps(settings: AdamSettings, progress: float) -> tuple[float, tuple[float, float]]:
    """Learning rate and (β1, β2) after ``progress`` of the budget."""
    rate_end = settings.learning_rate if settings.learning_rate_end is None else settings.learning_rate_end
    beta2_end = settings.beta2 if settings.beta2_end is None else settings.beta2_end
    return (
        cosine_ramp(settings.learning_rate, rate_end, progress),
        (settings.beta1, cosine_ramp(settings.beta2, beta2_end, progress)),
    )


def _instances(dataset: Dataset, indices: torch.Tensor, numbers: torch.Generator) -> tuple[torch.Tensor, torch.Tensor] | None:
    """For each of ``indices`` one of the instances near it, and the cluster of both; ``None`` without instances."""
    if not (isinstance(dataset, Clustered) and dataset.clusters.counts):
        return None
    chosen = torch.randint(dataset.near.shape[1], (len(indices),), generator=numbers)
    return dataset.near[indices, chosen], dataset.groups[indices]


def _uniforms(batch: int, size: int, numbers: torch.Generator) -> torch.Tensor | None:
    return torch.rand(batch, size, generator=numbers) if size else None


def _encoder(players: Players, settings: Settings) -> nn.Module:
    if players.encoder is None:
        raise UsageError(
            f"preset {settings.train.preset} has no encoder, so nothing can be reconstructed",
            where="reconstruction",
            fix="Set reconstruction.features and reconstruction.samples to 0.",
        )
    return players.encoder


def _adam(parameters: list[nn.Parameter], settings: AdamSettings) -> torch.optim.Adam:
    rate, betas = adam_ramps(settings, 0.0)
    return torch.optim.Adam(parameters, lr=rate, betas=betas, eps=settings.epsilon, fused=parameters[0].device.type in ("cpu", "cuda"))
