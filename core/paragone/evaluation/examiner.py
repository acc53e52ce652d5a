"""Looks at data and at generators through one feature extractor, and asks the metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch
from torch import nn

from ..clusters import Clusters
from ..data import Dataset
from ..errors import ParagoneError, PluginError
from ..execution import Execution
from ..generating import CHUNK, best_count, generate
from ..modality import Metric, Modality, resolve, returned, running
from ..opening import cache_folder
from ..players import latent_size
from ..randomness import generator_for, latents
from ..spec import SampleSpec
from .evidence import Evidence, Measure, Score
from .features import MOST, FeatureExtractor, Progress, extract, real_evidence

NOT_FINITE = "it is not finite"

WORTH_HALVING = 20
"""With fewer references there is nothing to be said about real samples, and half of them says even less."""

KEPT = 2**24
"""Numbers in all generated samples together up to which these are kept for those who look at them."""


class Examiner:
    """One feature extractor of one medium, and the means to use it.

    Args:
        medium: that declares it.
        spec: of a sample.
        execution: where generators run; extractors get it too.
        extractor: its name; ``None`` for the default.
        progress: told how far the long parts are.

    Raises:
        UsageError: if there is no such extractor, or what it needs is not installed.
    """

    def __init__(
        self, medium: Modality, spec: SampleSpec, execution: Execution, extractor: str | None = None, progress: Progress | None = None
    ) -> None:
        self.medium, self.spec, self.execution = medium, spec, execution
        code = medium.extractor(extractor).build
        with running(code):
            self.extractor: FeatureExtractor = resolve(code)(spec, execution)
        self.progress: Progress = progress or (lambda what, done, total: None)

    def real(self, dataset: Dataset, what: str, most: int = MOST) -> Evidence:
        """The features of ``most`` samples of a data set; computed once, then kept beside the medium's other caches."""
        cache, seen_as = cache_folder(self.medium.name) / "features", repr(self.spec)
        return real_evidence(self.extractor, dataset, cache, what, self.progress, most, seen_as)

    def generated(self, generator: nn.Module, seeds: range, numbers: torch.Tensor | None, clusters: Clusters | None = None) -> Evidence:
        """What ``generator`` makes of ``seeds``: sample *i* is what `create` makes of that seed and label, but for rounding.

        Args:
            generator: on the device; it must stay as it is for as long as samples are read from what is returned.
            seeds: one a sample.
            numbers: ``(len(seeds),)`` int64 labels, ``None`` without.
            clusters: of the run, if it has some.
        """
        told = None if numbers is None else numbers.tolist()
        if clusters:
            told = clusters.told(seeds, told)

        def make(wanted: torch.Tensor) -> torch.Tensor:
            latent = latents([seeds[index] for index in wanted.tolist()], latent_size(generator))
            asked = None if told is None else [told[index] for index in wanted.tolist()]
            return generate(generator, self.spec, self.execution, latent, asked)

        kept: list[torch.Tensor] = []
        few = len(seeds) * self.spec.size <= KEPT

        def batches() -> Iterator[torch.Tensor]:
            for wanted in torch.split(torch.arange(len(seeds)), best_count(generator, self.spec, self.execution)):
                for samples in torch.split(make(wanted), CHUNK):  # the extractor's features round as the batch does
                    if few:
                        kept.append(samples)
                    yield samples

        features = extract(self.extractor, batches(), len(seeds), "generated samples", self.progress)
        # a sample is a function of its seed: those that are looked at can be made again, instead of keeping very many
        samples = torch.cat(kept) if few else None
        return Evidence(features.double(), numbers, make if samples is None else samples.__getitem__, self.spec)


def labels_like(reference: Evidence, count: int, seed: int) -> torch.Tensor | None:
    """``(count,)`` labels in the proportions of ``reference``, in random order; ``None`` without labels.

    Each share is met as exactly as whole numbers allow: what chance draws would differ
    by is not the generator's doing.
    """
    if reference.numbers is None:
        return None
    order = reference.numbers.sort().values
    evenly = ((torch.arange(count, dtype=torch.float64) + 0.5) / count * len(order)).long()
    return order[evenly][torch.randperm(count, generator=generator_for(seed, "labels"))]


def ask(metrics: Iterable[Metric], candidate: Evidence, reference: Evidence, seed: int) -> dict[str, Score]:
    """Each metric's score, by its name.

    Raises:
        PluginError: if a metric fails.
    """
    return {metric.name: _ask(metric, candidate, reference, seed) for metric in metrics}


def _ask(metric: Metric, candidate: Evidence, reference: Evidence, seed: int) -> Score:
    measure: Measure = resolve(metric.measure)
    try:
        score = measure(candidate, reference, seed)
    except ParagoneError:
        raise
    except Exception as error:  # a plugin's own code: whatever it raises is that plugin's fault
        fix = "Tell the author of the plugin that declares it."
        raise PluginError(f"fails: {type(error).__name__}: {error}", where=f"metric {metric.name}", fix=fix) from error
    returned(f"metric {metric.name}", score, Score, "paragone.evaluation.evidence.Score")
    for number in (score.value, score.deviation):
        returned(f"metric {metric.name}", number, (float, int, type(None)), "a Score of Python's own numbers")
    if any(number is not None and not math.isfinite(number) for number in (score.value, score.deviation)):
        return Score(None, doubt=NOT_FINITE)
    return score
