"""From the discriminator's judgement to a gradient of the generator.

Where samples are real numbers there is nothing to it: the gradient flows through
the sample. Tokens are drawn, and a draw has no derivative. What is done about it is
an estimator's business, and neither the game nor the networks know which one it is.

==================  ===================================================================
pathwise            samples of real numbers: ∂D(G(z))/∂G
straight-through    forward the tokens, backward as if they were softmax(logits/τ)
gumbel              the same, with the Gumbel noise that makes these tokens the largest
score-function      (D(x) − b)·∇log p(x): REINFORCE; alone, or added to one of the above
==================  ===================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import nn

from .schedules import geometric_ramp
from .settings import TokenSettings
from .spec import SampleSpec
from .tokens import TokenGenerator, negative_log_likelihood, rows, written


@dataclass
class Made:
    """Fakes of the generator's turn.

    Attributes:
        seen: what the discriminator is shown of them, differentiable as far as the estimator makes it so.
        nll: ``(B,)`` −log p of the fakes in nats, differentiable; ``None`` where they have none.
    """

    seen: torch.Tensor
    nll: torch.Tensor | None = None


class Estimator(Protocol):
    """Between the generator and the discriminator.

    Attributes:
        shape: of what the discriminator sees of a sample where it is to be differentiated.
        uniforms: random numbers that one fake of the generator's turn needs.
    """

    shape: tuple[int, ...]
    uniforms: int

    def seen(self, samples: torch.Tensor, differentiable: bool) -> torch.Tensor:
        """What the discriminator is shown of ``(B, *spec.shape)`` samples.

        Args:
            samples: of the data or of the generator.
            differentiable: whether it will be differentiated by what it is shown.
        """
        ...

    def make(
        self, generate: nn.Module, latent: torch.Tensor, label: torch.Tensor | None, uniforms: torch.Tensor | None, played: float
    ) -> Made:
        """Fakes for the generator to learn from; arguments as those of :class:`paragone.players.Generator`.

        Args:
            generate: the generator, perhaps compiled.
            latent: ``(B, latent_size)``.
            label: ``(B,)``, or ``None``.
            uniforms: ``(B, self.uniforms)`` in ``[0, 1)``; ``None`` if it needs none.
            played: share of the game that is over.
        """
        ...


class Pathwise:
    """Samples of real numbers. Satisfies :class:`Estimator`."""

    uniforms = 0

    def __init__(self, spec: SampleSpec) -> None:
        self.shape = spec.shape

    def seen(self, samples: torch.Tensor, differentiable: bool) -> torch.Tensor:
        """The samples themselves."""
        return samples

    def make(
        self, generate: nn.Module, latent: torch.Tensor, label: torch.Tensor | None, uniforms: torch.Tensor | None, played: float
    ) -> Made:
        """See :meth:`Estimator.make`."""
        return Made(generate(latent, label))


class Discrete:
    """Samples of tokens. Satisfies :class:`Estimator`.

    Args:
        spec: of a sample of tokens.
        generator: satisfies :class:`paragone.tokens.TokenGenerator`; asked for logits.
        settings: which relaxation, and its temperature.
    """

    def __init__(self, spec: SampleSpec, generator: nn.Module, settings: TokenSettings) -> None:
        if spec.tokens is None or spec.tokens.vocabulary is None:
            raise ValueError(f"expected samples of tokens, got {spec}")
        self.vocabulary, self.padding = spec.tokens.vocabulary, spec.tokens.padding
        self.shape = (*spec.shape, self.vocabulary)
        self.generator, self.settings = cast(TokenGenerator, generator), settings
        self.uniforms = spec.size * self.vocabulary if settings.relaxation == "gumbel" else 0

    def seen(self, samples: torch.Tensor, differentiable: bool) -> torch.Tensor:
        """Rows of 0 and 1 where a derivative is wanted; else the tokens, which are looked up much faster."""
        return rows(samples, self.vocabulary) if differentiable else samples

    def make(
        self, generate: nn.Module, latent: torch.Tensor, label: torch.Tensor | None, uniforms: torch.Tensor | None, played: float
    ) -> Made:
        """See :meth:`Estimator.make`: drawn without a gradient, then scored, all tokens at once."""
        with torch.no_grad():
            tokens = generate(latent, label)
        logits = self.generator.logits(latent, label, tokens).float()
        nll = negative_log_likelihood(logits, tokens, self.padding)
        if self.settings.relaxation == "none":
            return Made(tokens, nll)
        noisy = logits if uniforms is None else gumbels_of_a_draw(logits, tokens, uniforms.view(logits.shape))
        start, end = self.settings.temperature, self.settings.temperature_end
        temperature = start if end is None else geometric_ramp(start, end, played)
        seen, drawn = straight_through(noisy, tokens, temperature), written(tokens, self.padding)[..., None]
        return Made(torch.where(drawn, seen, seen.detach()), nll)  # what follows the end was not drawn: its logits are nobody's


def estimator_for(spec: SampleSpec, generator: nn.Module, settings: TokenSettings) -> Estimator:
    """The estimator for samples of ``spec``; the other arguments as for :class:`Discrete`."""
    return Pathwise(spec) if spec.tokens is None else Discrete(spec, generator, settings)


def straight_through(logits: torch.Tensor, tokens: torch.Tensor, temperature: float) -> torch.Tensor:
    """``tokens`` as rows of 0 and 1, with the derivative of softmax(logits/τ).

    Bengio et al. 2013, section 4; with Gumbel noise in the logits, Jang et al. 2017, section 2.2.

    Args:
        logits: ``(B, L, V)``.
        tokens: ``(B, L)`` int64.
        temperature: τ.
    """
    soft = (logits / temperature).softmax(-1)
    return rows(tokens, logits.shape[-1]) + (soft - soft.detach())


def gumbels_of_a_draw(logits: torch.Tensor, tokens: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Logits with Gumbel noise as it must have been if ``tokens`` were the largest.

    The largest of all is Gumbel(log Σ exp), whichever it is; the others are Gumbels
    below it. Maddison et al. 2014, section 3; Paulus et al. 2021 (arXiv 2010.04838), equation 8.

    Args:
        logits: ``(B, L, V)``.
        tokens: ``(B, L)`` int64 that were drawn from them.
        uniforms: ``(B, L, V)`` in ``[0, 1)``.
    """
    exponentials = -torch.log1p(-uniforms)  # −log of a uniform in (0, 1]
    waiting = exponentials.clamp_min(torch.finfo(torch.float32).tiny).log()
    mine = tokens[..., None]
    largest = logits.logsumexp(-1, keepdim=True) - waiting.gather(-1, mine)
    others = -torch.logaddexp(waiting - logits, -largest)
    return others.scatter(-1, mine, largest)


def leave_one_out(rewards: torch.Tensor) -> torch.Tensor:
    """Each reward less the mean of the others, ``(B,)``: a baseline that leaves the gradient unbiased.

    Kool et al. 2019, equation 9. Of a single reward nothing is left.
    """
    count = len(rewards)
    return (rewards - rewards.mean()) * (count / max(count - 1, 1))
