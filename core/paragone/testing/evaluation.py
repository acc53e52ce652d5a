"""Checks of the metrics and feature extractors, where the plugin declares any."""

from __future__ import annotations

from ..errors import UsageError
from ..evaluation.examiner import NOT_FINITE, Examiner, ask, labels_like
from .check import Check
from .subject import Subject

COUNT = 48
"""Samples of each kind; few, so most metrics doubt themselves."""


def evaluation_works(subject: Subject) -> str | None:
    medium, sampler = subject.medium, subject.sampler()
    for extractor in medium.extractors if medium.metrics else ():
        try:
            examiner = Examiner(medium, sampler.spec, sampler.execution, extractor.name)
        except UsageError:
            continue  # it needs an extra that is not installed; the error says which
        real = examiner.real(subject.dataset, "real samples", most=COUNT)
        made = examiner.generated(sampler.generator, range(COUNT), labels_like(real, COUNT, seed=0), sampler.clusters)
        for candidate, what in ((made, "generated"), (real, "real")):
            for name, score in ask(medium.metrics, candidate, real, seed=0).items():
                if score.value is None and not score.doubt:
                    return f"{name} of {what} samples has neither a value nor a doubt"
                if score.doubt == NOT_FINITE:
                    return f"{name} of {what} samples is not finite"
        return None
    return "every extractor needs something that is not installed" if medium.extractors and medium.metrics else None


CHECKS = (
    Check(
        "evaluation_works",
        "each metric gives a finite number on the first extractor that is installed, or says why it cannot",
        "the extractors and metrics that {module} declares",
        evaluation_works,
        each_preset=False,
    ),
)
