"""How often samples are augmented: ramped, or steered by the discriminator's certainty."""

from __future__ import annotations

from .schedules import cosine_ramp
from .settings import AugmentSettings


class AugmentController:
    """Holds the probability p of an augmentation.

    Adaptive (Karras et al. 2020, ADA, section 3.1): when r_t is above its
    target, the discriminator has begun to know the training set by heart, and p
    rises by the share of :attr:`AugmentSettings.ramp` that was shown since; when
    it is below, p falls.

    Attributes:
        p: the probability now.
    """

    def __init__(self, settings: AugmentSettings) -> None:
        self.settings = settings
        self.p = {"none": 0.0, "fixed": settings.p_start, "adaptive": min(settings.p, settings.p_max)}[settings.mode]

    def ramp(self, progress: float) -> None:
        """Follow the cosine ramp, if p is fixed. ``progress``: share of the budget used."""
        if self.settings.mode == "fixed":
            self.p = cosine_ramp(self.settings.p_start, self.settings.p, progress)

    def observe(self, r_t: float, samples: int) -> None:
        """Adjust p, if it is adaptive, after ``samples`` real samples with mean certainty ``r_t``."""
        if self.settings.mode == "adaptive":
            step = samples / self.settings.ramp * ((r_t > self.settings.target) - (r_t < self.settings.target))
            self.p = min(max(self.p + step, 0.0), self.settings.p_max)
