"""How long a training lasts, and which share of that is behind it."""

from __future__ import annotations

from dataclasses import dataclass

from .settings import TrainSettings


@dataclass(frozen=True)
class Budget:
    """Real samples shown to the discriminator, or seconds of training.

    Only a budget in samples gives the same weights twice: seconds depend on how
    busy the machine is.
    """

    samples: int | None = None
    seconds: float | None = None

    @classmethod
    def of(cls, settings: TrainSettings) -> Budget:
        """The budget that the settings name."""
        return cls(settings.samples, None if settings.minutes is None else settings.minutes * 60)

    def progress(self, samples: int, seconds: float) -> float:
        """Share used after ``samples`` and ``seconds``; 1 or more means: stop."""
        shares = [done / limit for done, limit in ((samples, self.samples), (seconds, self.seconds)) if limit]
        return max(shares, default=0.0)
