"""A plain verdict on a training, from its own statistics, and the knob to turn.

==============  =============================================================
starting        too early to say
learning        nothing is wrong
overfitting     the discriminator knows the training set by heart
collapsed       the fakes of a label are nearly one and the same
diverging       the players' gradients or logits run away
==============  =============================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from .reporting import Stats
from .settings import Settings

WINDOW = 4
"""Lines of statistics that a verdict looks at: one odd line is no illness."""

PAST = 1000
"""Lines of statistics that say what is usual: a training of days has a hundred times as many."""

EARLY, EARLY_STEPS = 0.1, 500
"""Share of the budget, and steps, in which a generator may still be finding its feet."""

COLLAPSED_DIVERSITY = 0.35
OVERFIT_CERTAINTY = 0.9
RUNAWAY_MARGIN = 100.0
RUNAWAY_GRADIENT = 100.0


@dataclass(frozen=True)
class Verdict:
    """What is the matter, and what to do about it.

    Attributes:
        health: one word of the table above.
        advice: a sentence; empty when there is nothing to do.
    """

    health: str
    advice: str = ""


def judge(history: Sequence[Stats], settings: Settings) -> Verdict:
    """The verdict on a training.

    Args:
        history: its statistics so far, oldest first.
        settings: it runs with; they decide which knob is worth turning.
    """
    if len(history) < WINDOW:
        return Verdict("starting")
    recent, past = history[-WINDOW:], history[-PAST:-WINDOW] or history[-WINDOW:]
    if fmean(abs(line.margin) for line in recent) > RUNAWAY_MARGIN or any(
        # a usual gradient of 0, as a saturated hinge game has, says nothing about what is large
        0 < RUNAWAY_GRADIENT * median(getattr(line, name) for line in past) < fmean(getattr(line, name) for line in recent)
        for name in ("gradient_generator", "gradient_discriminator")
    ):
        halved = {f"{player}.learning_rate": getattr(settings, player).learning_rate / 2 for player in ("generator", "discriminator")}
        return Verdict("diverging", f"Start again with half the learning rates, {_set(halved)}, or with higher penalties.")
    if recent[-1].progress < EARLY or recent[-1].step < EARLY_STEPS:
        return Verdict("starting")
    if fmean(line.diversity for line in recent) < COLLAPSED_DIVERSITY:
        return Verdict("collapsed", f"Start again with {_stricter(settings)}, or lower learning rates.")
    if fmean(line.r_t for line in recent) > OVERFIT_CERTAINTY:
        return Verdict("overfitting", _against_overfitting(recent[-1].augment_p, settings))
    return Verdict("learning")


def _against_overfitting(p: float, settings: Settings) -> str:
    if settings.augment.mode != "adaptive":
        return "Show it more of the same kind, or set augment.mode=adaptive where the preset has an augmentation."
    if p < settings.augment.p_max:
        return "Augmentation is rising against it; lower augment.ramp to make that faster."
    return f"Augmentation is at its limit: add data, stop earlier, or start again with {_stricter(settings)}."


def _stricter(settings: Settings) -> str:
    """Twice the penalties that it has; where there are none, what could be set."""
    weights = {name: getattr(settings.penalty, name) for name in ("r1", "r2", "wgan_gp", "fd_r1", "fd_r2")}
    twice = {f"penalty.{name}": 2 * weight for name, weight in weights.items() if weight}
    return f"twice the penalty, {_set(twice)}" if twice else "a penalty, such as --set penalty.fd_r1=0.1 --set penalty.fd_r2=0.1"


def _set(values: Mapping[str, float]) -> str:
    return " ".join(f"--set {name}={value:g}" for name, value in values.items())
