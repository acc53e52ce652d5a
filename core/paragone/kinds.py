"""The kinds of sample that a run can be asked for: its labels, and the clusters within them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import one_hot

from .clusters import Clusters
from .errors import UsageError
from .generating import Told
from .modality import Modality
from .options import nearest_error
from .randomness import generator_for
from .request import Request
from .run import Run
from .settings import TrainSettings


@dataclass(frozen=True)
class Kinds:
    """Labels and clusters of one run, and what its networks are told of a request.

    Attributes:
        labels: names, ``()`` for data without labels.
        clusters: what seeds draw from, ``None`` for a run without.
        where: the run, for errors.
        unclustered: what to do if there are no clusters, for errors.
    """

    labels: tuple[str, ...]
    clusters: Clusters | None
    where: object
    unclustered: str

    @classmethod
    def of(cls, run: Run, medium: Modality, train: TrainSettings) -> Kinds:
        """Those of a run of ``medium`` that was trained with ``train``."""
        fix = "Ask for a label."
        if train.clusters:
            fix = f"Train on more samples, or with a smaller train.cluster_size (it was {train.cluster_size}), or ask for a label."
        elif medium.embedding:
            fix = "Train with train.clusters above 0, or ask for a label."
        return cls(tuple(map(str, run.config["labels"])), run.clusters, run.path, fix)

    def check(self, label: str | None) -> None:
        """Raise unless ``label`` can be asked for.

        Raises:
            UsageError: naming the nearest that can.
        """
        if label is None or label in self.labels:
            return
        if not self.labels:
            raise UsageError("was trained without labels", where=self.where, fix="Leave the label out.")
        raise nearest_error("label", label, self.labels)

    def label_of(self, seed: int) -> str | None:
        """The label that a seed draws, each as likely; ``None`` without labels."""
        if not self.labels:
            return None
        return self.labels[int(torch.randint(len(self.labels), (), generator=generator_for(seed, "label")))]

    def label_like(self, like: int, label: str | None) -> str | None:
        """``label``, or that of the sample of the seed ``like``: of whatever is to be like that.

        Raises:
            UsageError: if there are no clusters to be alike in.
        """
        if not self.clusters:
            raise UsageError("has no clusters, so no seed says what is like it", where=self.where, fix=self.unclustered)
        return label or self.label_of(like)

    def numbers(self, requests: Sequence[Request]) -> list[int] | None:
        """The numbers that networks are told, of clusters or else of labels; ``None`` if they are told nothing."""
        labels = [self.labels.index(request.label) for request in requests if request.label is not None] or None
        return self.clusters.told([request.of_cluster(request.nearest_seed) for request in requests], labels) if self.clusters else labels

    def shares(self, requests: Sequence[Request]) -> Told:
        """The same for a generator that blends: ``(B, clusters)`` float32, shares of both, if any lies between two clusters."""
        numbers, clusters = self.numbers(requests), self.clusters
        if not clusters or numbers is None or not any(request.walk for request in requests):
            return numbers
        shares = one_hot(torch.tensor(numbers), len(clusters)).float()
        for row, (request, number) in enumerate(zip(requests, numbers, strict=True)):
            if request.walk:
                label, share = clusters.labels[clusters.groups[number]], request.walk.share
                shares[row] = 0.0
                shares[row, clusters.draw(request.of_cluster(request.seed), label)] += 1 - share
                shares[row, clusters.draw(request.of_cluster(request.walk.to), label)] += share
        return shares
