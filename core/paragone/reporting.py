"""What a training says while it runs, and to whom.

The trainer knows no terminal: it calls a :class:`Reporter`. The command line
brings one that draws a progress bar, a notebook may bring its own, and
:class:`Silent` is the library's default. No torch is imported here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Stats:
    """One line of ``stats.jsonl``: means over the samples since the line before.

    Attributes:
        step: steps done.
        samples: real samples shown to the discriminator.
        seconds: time spent training, over all sessions of the run.
        progress: share of the budget that is used up, 0 to 1.
        samples_per_second: rate since the line before.
        loss_generator, loss_discriminator: the objective's losses, without penalties.
        penalty: weighted penalties, averaged over all steps.
        margin: mean of D(real) − D(fake), in logits.
        r_t: the discriminator's certainty on training samples, −1 to 1 (ADA).
        augment_p: probability of an augmentation.
        diversity: distance between fakes of one label over the same of reals; 1 is ideal.
        gradient_generator, gradient_discriminator: mean norm of the whole gradient.
        learning_rate_generator, learning_rate_discriminator: as of the last step.
        reconstruction: weighted distance of reconstructions from what they should be, 0 without.
        likelihood: −log p of real samples in nats a position, where a generator of tokens learns from it, else 0.
        divergence: nats by which their codes differ from the latents' distribution, 0 without.
        health: one word from :mod:`paragone.health`.
        advice: what to do about it, or empty.
    """

    step: int
    samples: int
    seconds: float
    progress: float
    samples_per_second: float
    loss_generator: float
    loss_discriminator: float
    penalty: float
    margin: float
    r_t: float
    augment_p: float
    diversity: float
    gradient_generator: float
    gradient_discriminator: float
    learning_rate_generator: float
    learning_rate_discriminator: float
    reconstruction: float = 0.0
    divergence: float = 0.0
    likelihood: float = 0.0
    health: str = ""
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self)


class Reporter(Protocol):
    """Listens to a training. Every method returns quickly and never raises."""

    def note(self, text: str) -> None:
        """One plain line that a user should read, such as a list of skipped files."""

    def progress(self, fraction: float, samples: int) -> None:
        """Called after every step: share of the budget used, real samples shown."""

    def stats(self, stats: Stats) -> None:
        """Called with every new line of ``stats.jsonl``."""

    def close(self) -> None:
        """The training has ended, for whatever reason."""


class Silent:
    """A reporter that says nothing."""

    def note(self, text: str) -> None:
        """Ignore it."""

    def progress(self, fraction: float, samples: int) -> None:
        """Ignore it."""

    def stats(self, stats: Stats) -> None:
        """Ignore it."""

    def close(self) -> None:
        """Nothing to close."""
