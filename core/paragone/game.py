"""One micro-batch of each player's turn: from samples to a loss to differentiate.

Nothing here steps an optimiser or draws a random number; both come from
:mod:`paragone.trainer`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import nn

from .diversity import label_diversity
from .errors import UsageError
from .estimators import Made, estimator_for, leave_one_out
from .execution import Execution
from .meters import Meters
from .objectives import certainty, objective
from .penalties import Critic, finite_difference_norm, interpolated_gradient_norm, squared_gradient_norm
from .players import Players
from .randomness import remembered
from .reconstruction import LOG_VARIANCE, divergence, draw, feature_distance, sample_distance
from .settings import Settings
from .spec import SampleSpec
from .tokens import negative_log_likelihood


@dataclass
class MicroBatch:
    """What one micro-batch of a turn is made of; B samples, all on the device.

    Attributes:
        real: ``(B, *shape)`` samples of the data set.
        label: ``(B,)`` int64 labels of ``real``, asked of the fakes too; or ``None``.
        latent: ``(B, latent_size)``.
        uniforms: ``(2, B, uniforms_per_sample)`` for the augmentation of reals and of fakes.
        mix: ``(B,)`` uniform, for WGAN-GP.
        noise: ``(2, B, *seen)`` standard normal for the finite differences on what is
            seen of real and fake, or ``None`` when they are not due.
        again: ``(R,)`` int64, which rows of the generator's fakes are reconstructions of ``real``.
        again_mean: R averaged over the micro-batches of the turn: what their losses are divided by.
        chance: ``(B, uniforms)`` for the estimator, or ``None`` where it needs none.
        dropout: ``(B, dropout_size)`` for a generator of tokens that drops something, or ``None``.
        group: ``(B,)`` int64, which samples may be compared: ``label``, or the clusters of instances; ``None`` for all.
    """

    real: torch.Tensor
    label: torch.Tensor | None
    latent: torch.Tensor
    uniforms: torch.Tensor
    mix: torch.Tensor
    noise: torch.Tensor | None = None
    again: torch.Tensor | None = None
    again_mean: float = 0.0
    chance: torch.Tensor | None = None
    dropout: torch.Tensor | None = None
    group: torch.Tensor | None = None


@dataclass
class Critics:
    """The discriminator on one micro-batch: samples in, logits out.

    Attributes:
        real, fake: ``(B, *shape)`` → ``(B,)``.
        both: ``(2B, *shape)`` → ``(2B,)``, reals first. One wide call instead of
            two: a weight is read, and rounded to bf16, once for twice the work.
    """

    real: Critic
    fake: Critic
    both: Critic


class Game:
    """The objective, penalties and augmentation, bound to two players."""

    def __init__(self, spec: SampleSpec, players: Players, settings: Settings, execution: Execution, meters: Meters) -> None:
        self.spec, self.players, self.execution, self.meters = spec, players, execution, meters
        self.objective, self.penalty = objective(settings.train.objective), settings.penalty
        self.reconstruction, self.tokens = settings.reconstruction, settings.tokens
        self.estimator = estimator_for(spec, players.generator, settings.tokens)
        if spec.tokens is not None:
            _refuse_what_teaches_nothing(settings)
        self.generate: nn.Module = execution.compile(players.generator)
        self._certainties: list[torch.Tensor] = []
        twice = self.penalty.r1 or self.penalty.r2 or self.penalty.wgan_gp
        if twice and not getattr(players.discriminator, "twice_differentiable", True):
            raise UsageError(
                "this discriminator cannot be differentiated twice, so r1, r2 and wgan_gp cannot be used with it",
                where="penalty",
                fix="Use penalty.fd_r1 and penalty.fd_r2 instead.",
            )
        if self.reconstruction.wanted and self.reconstruction.features and not hasattr(players.discriminator, "judge"):
            raise UsageError(
                "this discriminator does not show its features, so reconstructions cannot be measured in them",
                where="reconstruction.features",
                fix="Use reconstruction.samples instead.",
            )

    @property
    def penalised(self) -> bool:
        """Whether any penalty has a weight."""
        weights = self.penalty
        return any((weights.r1, weights.r2, weights.wgan_gp, weights.fd_r1, weights.fd_r2))

    @property
    def finite_differences(self) -> bool:
        """Whether the penalties need noise."""
        return bool(self.penalty.fd_r1 or self.penalty.fd_r2)

    def take_certainty(self) -> float:
        """Mean r_t over the micro-batches since the last call."""
        certainties, self._certainties = self._certainties, []
        return torch.stack(certainties).mean().item()

    def augment(self, samples: torch.Tensor, uniforms: torch.Tensor, p: float) -> torch.Tensor:
        """``samples`` as the discriminator sees them; always in fp32, since bf16 would move them by fractions of a step."""
        augmentation = self.players.augmentation
        if augmentation is None or p == 0.0:
            return samples
        with self.execution.autocast(enabled=False):
            return augmentation(samples.float(), uniforms, p)

    def generator_loss(self, batch: MicroBatch, p: float, played: float = 0.0) -> torch.Tensor:
        """The generator's loss on one micro-batch, a scalar; call ``backward`` on it.

        Args:
            batch: of this turn.
            p: probability of an augmentation.
            played: share of the game that is over; below 0, tokens are learned from their likelihood alone.
        """
        again = batch.again if batch.again is not None and len(batch.again) else None
        with self.execution.autocast():
            code = None if again is None else self.encode(batch, again)
            latent = batch.latent if code is None or again is None else batch.latent.index_copy(0, again, draw(*code, batch.latent[again]))
        loss, made, maps = torch.zeros((), device=latent.device), None, list[torch.Tensor]()
        if self.spec.tokens is None or played >= self.tokens.lead:
            loss, made, maps = self.play(batch, latent, p, played)
        after = self.tokens.likelihood_after
        weight = self.tokens.likelihood if played < 0 or after is None else after
        if self.spec.tokens is not None and weight:
            nats = self.nats(batch.real, batch.latent, batch.label, batch.dropout).mean()
            self.meters.add("likelihood", nats)
            loss = loss + weight * nats
        if code is not None and again is not None:
            loss = loss + self.reconstruction_loss(batch, again, code, latent, made, maps, p)
        return loss

    def play(self, batch: MicroBatch, latent: torch.Tensor, p: float, played: float) -> tuple[torch.Tensor, Made, list[torch.Tensor]]:
        """What the discriminator makes of the generator's fakes: its loss, the fakes, and the feature maps if they are wanted."""
        with self.execution.autocast():
            made = self.estimator.make(self.generate, latent, batch.label, batch.chance, played)
            logits, maps = self.judge(self.augment(made.seen, batch.uniforms[1], p), batch.label)
            if self.objective.pairs:
                with torch.no_grad():
                    seen = self.estimator.seen(batch.real, differentiable=False)
                    real = self.players.discriminator(self.augment(seen, batch.uniforms[0], p), batch.label).float()
            else:
                real = logits.detach()  # the other generator losses do not look at it
        loss = self.objective.generator(real, logits)
        self.meters.add("loss_generator", loss)
        if self.tokens.score_function and made.nll is not None:
            # Williams 1992: ∇E[D(x)] = E[(D(x) − b)·∇log p(x)]
            loss = loss + self.tokens.score_function * (leave_one_out(logits.detach()) * made.nll).mean() / self.spec.size
        return loss, made, maps

    def nats(self, tokens: torch.Tensor, latent: torch.Tensor, label: torch.Tensor | None, dropout: torch.Tensor | None) -> torch.Tensor:
        """−log p of real ``tokens`` given ``latent``, over the length of a sample: nats a position, ``(B,)``."""
        with self.execution.autocast():
            logits = self.players.generator.logits(latent, label, tokens, dropout)  # type: ignore[operator]  # nn.Module hides it
        padding = None if self.spec.tokens is None else self.spec.tokens.padding
        return negative_log_likelihood(logits, tokens, padding) / self.spec.size

    def encode(self, batch: MicroBatch, again: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and logarithm of the variance of the codes of the rows ``again``, each ``(R, latent_size)`` float32."""
        encoder = self.players.encoder
        assert encoder is not None, "the trainer asks for reconstructions only of players with an encoder"
        mean, log_variance = encoder(batch.real[again], None if batch.label is None else batch.label[again])
        return mean.float(), log_variance.float().clamp(*LOG_VARIANCE)

    def judge(self, samples: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The discriminator's logits ``(B,)`` float32 and, if it shows them and they are wanted, its feature maps."""
        if not (self.reconstruction.wanted and self.reconstruction.features):
            return self.players.discriminator(samples, label).float(), []
        logits, maps = self.players.discriminator.judge(samples, label)  # type: ignore[operator]  # nn.Module hides it
        return logits.float(), maps

    def reconstruction_loss(
        self,
        batch: MicroBatch,
        again: torch.Tensor,
        code: tuple[torch.Tensor, torch.Tensor],
        latent: torch.Tensor,
        made: Made | None,
        maps: list[torch.Tensor],
        p: float,
    ) -> torch.Tensor:
        """How far the reconstructions are from what was wanted, and their codes from the latents' distribution; a scalar.

        Args:
            batch: of this turn.
            again: ``(R,)`` rows that are reconstructions.
            code: mean and logarithm of the variance of their codes.
            latent: ``(B, latent_size)``, with those codes in the rows ``again``.
            made: the generator's fakes; ``None`` while there is no game.
            maps: the discriminator's features of them, augmented.
            p: probability of an augmentation: wanted samples are augmented as their reconstructions were.
        """
        weights, wanted = self.reconstruction, batch.real[again]
        distance = torch.zeros(len(again), device=wanted.device)
        label = None if batch.label is None else batch.label[again]
        if weights.features and made is not None:
            with torch.no_grad(), self.execution.autocast():
                seen = self.augment(self.estimator.seen(wanted, differentiable=False), batch.uniforms[1][again], p)
                features = self.judge(seen, label)[1]
            distance = weights.features * feature_distance([each[again] for each in maps], features)
        if weights.samples and self.spec.tokens is not None:  # the distance of a sample of tokens is how unlikely it is
            dropout = None if batch.dropout is None else batch.dropout[again]
            distance = distance + weights.samples * self.nats(wanted, latent[again], label, dropout)
        elif weights.samples and made is not None:
            distance = distance + weights.samples * sample_distance(made.seen[again], wanted)
        kl = divergence(*code)
        self.meters.add("reconstruction", distance.mean(), len(again))
        self.meters.add("divergence", kl.mean(), len(again))
        cost = (kl - weights.free).clamp_min(0.0)
        if self.spec.tokens is not None:
            cost = cost / self.spec.size  # as the nats of the tokens are: with both weights 1 the sum is the evidence bound
        return (distance + weights.divergence * cost).sum() / batch.again_mean

    def discriminator_loss(self, batch: MicroBatch, p: float, penalty_scale: float, diversity: bool) -> torch.Tensor:
        """The discriminator's loss with its penalties on one micro-batch, a scalar.

        Args:
            batch: of this turn.
            p: probability of an augmentation.
            penalty_scale: factor of all penalty weights; 0 leaves them out this time.
            diversity: whether to measure :func:`label_diversity` as well.
        """
        with torch.no_grad(), self.execution.autocast():
            fake = self.generate(batch.latent, batch.label)
            fake = fake.float() if self.spec.tokens is None else fake
        critics = self.critics(batch, p)
        both = self.estimator.seen(torch.cat([batch.real, fake]), differentiable=bool(penalty_scale) and self.penalised)
        again = contextlib.nullcontext if batch.noise is None else remembered(both.device)
        with self.execution.autocast():
            logits = critics.both(both).float()
        real_logits, fake_logits = logits.chunk(2)
        loss = self.objective.discriminator(real_logits, fake_logits)
        self.meters.add("loss_discriminator", loss)
        self.meters.add("margin", real_logits.detach().mean() - fake_logits.detach().mean())
        self._certainties.append(certainty(self.objective, real_logits.detach(), fake_logits.detach()))
        self.meters.add("r_t", self._certainties[-1])
        if diversity:
            self.meters.add("diversity", label_diversity(batch.real, fake, batch.group))
        if penalty_scale and self.penalised:
            penalty = penalty_scale * self.penalties(critics, batch, both, logits, again).mean()
            self.meters.add("penalty", penalty)
            loss = loss + penalty
        elif self.penalised:  # what is told is the mean of all turns
            self.meters.add("penalty", 0.0)
        return loss

    def critics(self, batch: MicroBatch, p: float) -> Critics:
        """The discriminator with this micro-batch's labels and augmentation filled in."""

        def bind(uniforms: torch.Tensor, label: torch.Tensor | None) -> Critic:
            return lambda samples: self.players.discriminator(self.augment(samples, uniforms, p), label)

        real, fake = (bind(uniforms, batch.label) for uniforms in batch.uniforms)
        # what compares the samples of a batch, or of a group that would hold both, must not see reals and fakes in one
        if self.players.batch_statistics or len(batch.real) % getattr(self.players.discriminator, "compares", 1):
            return Critics(real, fake, lambda both: torch.cat([real(both[: len(both) // 2]), fake(both[len(both) // 2 :])]))
        twice = None if batch.label is None else batch.label.repeat(2)
        return Critics(real, fake, bind(batch.uniforms.flatten(0, 1), twice))

    def penalties(
        self,
        critics: Critics,
        batch: MicroBatch,
        both: torch.Tensor,
        logits: torch.Tensor,
        again: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> torch.Tensor:
        """The weighted sum of every penalty that has a weight, ``(B,)``.

        The exact ones run in fp32: bf16 has too few digits for a second derivative.
        Gradients are taken at the samples before augmentation, as in R3GAN.

        Args:
            critics, batch: of this turn.
            both: ``(2B, *seen)`` what is seen of reals, then of fakes.
            logits: ``(2B,)`` of them.
            again: within it a discriminator with dropout draws what it drew for those.
        """
        weights = self.penalty
        real, fake = both.chunk(2)
        total = torch.zeros(len(real), device=real.device)
        if weights.r1:
            total = total + weights.r1 / 2 * squared_gradient_norm(critics.real, real)
        if weights.r2:
            total = total + weights.r2 / 2 * squared_gradient_norm(critics.fake, fake)
        if weights.wgan_gp:
            total = total + weights.wgan_gp * interpolated_gradient_norm(critics.real, real, fake, batch.mix)
        if batch.noise is not None:
            with again(), self.execution.autocast():
                norm = finite_difference_norm(critics.both, both, batch.noise.flatten(0, 1), weights.sigma, logits)
            on_real, on_fake = norm.chunk(2)
            total = total + weights.fd_r1 / 2 * on_real + weights.fd_r2 / 2 * on_fake
        return total


def _refuse_what_teaches_nothing(settings: Settings) -> None:
    """Raise if there would be a turn of a generator of tokens without a gradient.

    Raises:
        UsageError: naming the setting.
    """
    tokens, rebuilt = settings.tokens, bool(settings.reconstruction.wanted and settings.reconstruction.samples)
    before = tokens.likelihood > 0 or rebuilt
    after = (tokens.likelihood if tokens.likelihood_after is None else tokens.likelihood_after) > 0 or rebuilt
    for name, learns, weight in (("alone", before, "likelihood"), ("lead", after, "likelihood_after")):
        if getattr(tokens, name) > 0 and not learns:
            raise UsageError(
                "is above 0, and nothing is learned from the likelihood then",
                where=f"tokens.{name}",
                fix=f"Set tokens.{weight}=1, or tokens.{name}=0.",
            )
    if tokens.relaxation == "none" and not tokens.score_function and tokens.alone < 1:
        raise UsageError(
            "is none, so nothing that the discriminator says would reach the generator",
            where="tokens.relaxation",
            fix="Set tokens.score_function=1, or another relaxation.",
        )
