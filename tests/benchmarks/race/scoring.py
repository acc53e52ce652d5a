"""How like the held-out sprites a set of pictures is, by what ``create image evaluate`` measures."""

from __future__ import annotations

import torch

from paragone.errors import UsageError
from paragone.evaluation.evidence import Evidence
from paragone.evaluation.examiner import Examiner, ask
from paragone.evaluation.features import extract
from paragone.evaluation.memorisation import memorisation
from paragone.execution import Execution
from paragone.registry import registry
from paragone.spec import SampleSpec

from .runner import Sprites, Unavailable

GENERATED = 512
METRICS = ("kid", "precision", "recall", "density", "coverage", "variety")


def score(generated: torch.Tensor, numbers: torch.Tensor | None, train: Sprites, heldout: Sprites) -> dict[str, float]:
    """All scores of ``generated`` against the held-out sprites, on EfficientNet-Lite0's features.

    Args:
        generated: ``(N, 4, 32, 32)`` premultiplied RGBA in [-1, 1].
        numbers: ``(N,)`` labels, for coverage within each; ``None`` for a runner that knows none.
        train, heldout: the two parts.

    Returns:
        Each of :data:`METRICS`; ``nearest``, the distance to the training set over that
        of held-out sprites; and ``coverage LABEL`` for each label.
    """
    examiner = _examiner(heldout.part.spec)
    made = Evidence(
        extract(examiner.extractor, torch.split(generated, 32), len(generated), "generated samples", examiner.progress).double(),
        numbers,
        lambda wanted: generated[wanted],
    )
    seen, unseen = examiner.real(train.part, "training samples"), examiner.real(heldout.part, "held-out samples")
    wanted = [metric for metric in examiner.medium.metrics if metric.name in METRICS]
    values = {name: found.value for name, found in ask(wanted, made, unseen, 0).items()}
    values["nearest"] = memorisation(made, seen, unseen).ratio
    if numbers is not None:
        coverage = [examiner.medium.metric("coverage")]
        for number, label in enumerate(heldout.names):
            values[f"coverage {label}"] = ask(coverage, made.of_label(number), unseen.of_label(number), 0)["coverage"].value
    return {name: round(value, 4) for name, value in values.items() if value is not None}


def _examiner(spec: SampleSpec) -> Examiner:
    medium = registry().modality("image")
    try:
        return Examiner(medium, spec, Execution.choose("cpu", "fp32"))
    except UsageError as error:
        raise Unavailable(str(error)) from error
