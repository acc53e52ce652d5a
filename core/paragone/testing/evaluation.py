"""Checks of the metrics and feature extractors, where the plugin declares any."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..errors import UsageError
from ..evaluation.evidence import Evidence
from ..evaluation.examiner import NOT_FINITE, Examiner, ask, labels_like
from .check import Check
from .subject import Subject

COUNT = 48
"""Samples of each kind; few, so most metrics doubt themselves. The first extractor that is installed is tried."""


def evaluation_works(subject: Subject) -> str | None:
    medium, sampler = subject.medium, subject.sampler()
    for extractor in medium.extractors if medium.metrics else ():
        try:
            examiner = Examiner(medium, sampler.spec, sampler.execution, extractor.name)
        except UsageError:
            continue  # it needs an extra that is not installed; the error says which
        real = examiner.real(subject.dataset, "real samples", most=COUNT)
        made = examiner.generated(sampler.generator, range(COUNT), labels_like(real, COUNT, seed=0), sampler.clusters)
        wrong = _features(examiner, real)
        if wrong:
            return wrong
        for candidate, what in ((made, "generated"), (real, "real"), (real.part(torch.arange(1)), "one real")):
            scores = ask(medium.metrics, candidate, real, seed=0)
            for again in (candidate, replace(candidate)):  # with what it has found out once, and without
                differ = [name for name, score in ask(medium.metrics, again, real, seed=0).items() if score != scores[name]]
                if differ:
                    return f"{', '.join(differ)} of {what} samples, asked twice with one seed, gave different scores"
            for name, score in scores.items():
                if score.value is None and not score.doubt:
                    return f"{name} of {what} samples has neither a value nor a doubt"
                if score.doubt == NOT_FINITE:
                    return f"{name} of {what} samples is not finite"
        return None
    return "every extractor needs something that is not installed" if medium.extractors and medium.metrics else None


def _features(examiner: Examiner, real: Evidence) -> str | None:
    """Are those of a sample the same each time, and whatever stands beside it?"""
    samples = real.read(torch.arange(min(len(real), 8)))
    with torch.inference_mode():
        first, second, alone = (examiner.extractor(each).float() for each in (samples, samples, samples[:1]))
    if not torch.equal(first, second):
        return f"extractor {examiner.extractor.identity} gave other features the second time"
    if not torch.allclose(alone, first[:1], atol=1e-3 * float(first.abs().max())):
        return f"extractor {examiner.extractor.identity} gives a sample alone other features than among others"
    return None


CHECKS = (
    Check(
        "evaluation_works",
        "features are of the sample alone; each metric gives the same finite number each time, of one sample too, or says why it cannot",
        "the extractors and metrics that {module} declares",
        evaluation_works,
        each_preset=False,
    ),
)
