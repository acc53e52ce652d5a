"""Clusters: samples of one label that are alike, which the players are told of as they are of labels.

A label often holds very different things: *trinket* is books, flasks and coins. A
generator that is asked for a trinket and rewarded for any leaves out those it finds hard. Asked
for a book it must make one (Sage et al. 2018, arXiv 1712.04407, clustered GANs; Liu et al. 2020,
arXiv 2006.10728, self-conditioned GANs). Nobody has to ask: the seed of a
sample draws its cluster, as often as the data has it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch

from . import instances, weights
from .data import Dataset
from .errors import PluginError, RunError, UsageError
from .instances import Instances
from .k_means import find, nearest
from .modality import Modality, resolve, running
from .randomness import derive
from .settings import TrainSettings

READ = 256
"""Samples that are read at a time."""


@dataclass(frozen=True)
class Clusters:
    """What a run knows of its clusters; their numbers, or those of the instances in them, take the place of label numbers.

    Attributes:
        labels: the label number of each cluster, in order; all 0 without labels.
        sizes: samples in each, 1 or more.
        counts: instances in each, 1 or more, which are numbered in this order; empty if players are told of clusters.
        codes: numbers that describe an instance, 0 without.
    """

    labels: tuple[int, ...]
    sizes: tuple[int, ...]
    counts: tuple[int, ...] = ()
    codes: int = 0

    @classmethod
    def from_json(cls, value: Any) -> Clusters | None:
        """Of ``config.json``'s entry; ``None`` for a run without clusters."""
        if value is None:
            return None
        return cls(tuple(value["labels"]), tuple(value["sizes"]), tuple(value.get("instances", ())), value.get("codes", 0))

    def to_json(self) -> dict[str, Any]:
        """The entry of ``config.json``."""
        told = {"instances": list(self.counts), "codes": self.codes} if self.counts else {}
        return {"labels": list(self.labels), "sizes": list(self.sizes), **told}

    @property
    def instances(self) -> Instances | None:
        """What networks are told of before weights are read into them: the codes are 0. ``None`` without instances."""
        return Instances(self.groups, torch.zeros(len(self), self.codes)) if self.counts else None

    @cached_property
    def groups(self) -> torch.Tensor:
        """``(K,)`` int64: the cluster of each number that can be told."""
        groups = torch.arange(len(self.labels))
        return groups.repeat_interleave(torch.tensor(self.counts)) if self.counts else groups

    def __len__(self) -> int:
        """How many numbers can be told, K."""
        return sum(self.counts) or len(self.labels)

    @cached_property
    def _firsts(self) -> list[int]:
        """The first instance of each cluster."""
        return list(accumulate(self.counts, initial=0))

    @cached_property
    def _ends(self) -> dict[int, tuple[int, list[int]]]:
        """For each label its first cluster, and the sums of the sizes up to each of its clusters."""
        found = {}
        for label in sorted(set(self.labels)):
            first = self.labels.index(label)
            found[label] = first, list(accumulate(self.sizes[first : first + self.labels.count(label)]))
        return found

    def draw(self, seed: int, label: int = 0) -> int:
        """What the sample of a seed is told: one of its label's clusters, each as likely as the data has it, or an instance in it.

        A function of both arguments alone.
        """
        first, ends = self._ends[label]
        cluster = first + bisect_right(ends, derive(seed, "cluster") % ends[-1])  # of 63 bits, so no cluster is favoured
        return self._firsts[cluster] + derive(seed, "instance") % self.counts[cluster] if self.counts else cluster

    def told(self, seeds: Sequence[int], labels: Sequence[int] | None) -> list[int]:
        """:meth:`draw` for each."""
        return [self.draw(seed, label) for seed, label in zip(seeds, labels or [0] * len(seeds), strict=True)]


class Clustered:
    """Another dataset whose :meth:`batch` gives cluster numbers for label numbers; :attr:`labels` and :attr:`numbers` are still of labels.

    Args:
        dataset: the other.
        clusters: of it.
        near: ``(len(dataset), M)`` int64, the cluster of each sample, or the nearest M instances, the very nearest first.
        centres: ``(K, D)`` float32, where each cluster or instance is; a training that is continued needs them.
    """

    def __init__(self, dataset: Dataset, clusters: Clusters, near: torch.Tensor, centres: torch.Tensor) -> None:
        self.dataset, self.clusters, self.near, self.centres = dataset, clusters, near, centres
        self.told = near[:, 0]
        self.groups = clusters.groups[self.told]
        self.spec, self.labels, self.numbers = dataset.spec, dataset.labels, dataset.numbers
        self.hashes, self.fingerprint = dataset.hashes, dataset.fingerprint

    def __len__(self) -> int:
        return len(self.dataset)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Samples and cluster numbers at ``indices``."""
        return self.dataset.batch(indices, device)[0], self.told[indices].to(device)

    @property
    def instances(self) -> Instances | None:
        """What networks are told of; ``None`` without instances."""
        return Instances(self.clusters.groups, instances.described(self.centres)) if self.clusters.counts else None


def groups(dataset: Dataset) -> torch.Tensor | None:
    """``(len(dataset),)`` int64: the cluster, or else the label, of each sample; ``None`` without either."""
    return dataset.groups if isinstance(dataset, Clustered) else dataset.numbers


def classes(dataset: Dataset) -> int:
    """How many numbers there are to be told; 0 if nothing is."""
    return len(dataset.clusters) if isinstance(dataset, Clustered) else len(dataset.labels)


def described(dataset: Dataset) -> Instances | None:
    """What networks that learn ``dataset`` have to know of its instances; ``None`` without."""
    return dataset.instances if isinstance(dataset, Clustered) else None


def clustered(medium: Modality, dataset: Dataset, train: TrainSettings) -> Dataset:
    """``dataset`` with clusters; as it is, if every label would be one cluster.

    Args:
        medium: whose samples these are.
        dataset: what will be trained on.
        train: the settings.

    Raises:
        UsageError: if a label has no samples.
        UsageError, PluginError: as :func:`embedded`.
    """
    if not train.clusters:
        return dataset
    if dataset.numbers is not None and len(unused := set(range(len(dataset.labels))) - set(dataset.numbers.tolist())):
        what = f"the label {dataset.labels[min(unused)]!r} has no samples, so no clusters"
        raise UsageError(what, where="train.clusters", fix="Set it to 0, or leave the label out.")
    points = embedded(medium, dataset)
    centres, labels = find(points, dataset.numbers, train.clusters, train.cluster_size, train.seed)
    if len(centres) <= max(1, len(dataset.labels)):
        return dataset
    used, told = torch.unique(nearest(points, centres, dataset.numbers, labels), return_inverse=True)
    centres, labels = centres[used], labels[used]
    clusters = Clusters(tuple(labels.tolist()), tuple(torch.bincount(told, minlength=len(centres)).tolist()))
    if not train.neighbours:
        return Clustered(dataset, clusters, told[:, None], centres)
    places = instances.chosen(told, instances.MOST)
    counts = torch.bincount(told[places], minlength=len(centres))
    centres = points[places]
    clusters = replace(clusters, counts=tuple(counts.tolist()), codes=min(instances.CODES, *centres.shape))
    near = _near(points, centres, clusters, dataset.numbers, train.neighbours)
    # where not every sample is an instance, the nearest one may be of the cluster next door: seeds draw as is trained
    sizes = torch.bincount(clusters.groups[near[:, 0]], minlength=len(labels))
    return Clustered(dataset, replace(clusters, sizes=tuple(sizes.clamp_min(1).tolist())), near, centres)


def save_centres(file: Path, dataset: Dataset) -> None:
    """Write the centres of the dataset's clusters, if it has some.

    Raises:
        OutputError: if they cannot be written.
    """
    if isinstance(dataset, Clustered):
        weights.save(file, {"centres": dataset.centres}, {})


def read_centres(file: Path, clusters: Clusters) -> torch.Tensor:
    """``(K, D)`` float32, as :func:`save_centres` wrote them.

    Raises:
        RunError: if they are missing or damaged.
    """
    centres = weights.read(file)[0].get("centres")
    if centres is None or centres.dim() != 2 or len(centres) != len(clusters):
        raise RunError("does not hold the clusters' centres", where=file, fix="Restore it from a copy of the run.")
    return centres


def clustered_again(medium: Modality, dataset: Dataset, clusters: Clusters, centres: torch.Tensor, count: int) -> Clustered:
    """``dataset`` with the clusters that a training began with, though it may hold other samples now.

    Raises:
        RunError: if the medium tells in another way by now what is alike.
        UsageError, PluginError: as :func:`embedded`.
    """
    points = embedded(medium, dataset)
    if points.shape[1] != centres.shape[1]:
        what = f"has clusters by {centres.shape[1]} numbers a sample, {medium.name} now gives {points.shape[1]}"
        raise RunError(what, where="clusters.safetensors", fix="Continue with the version of the plugin that began it.")
    return Clustered(dataset, clusters, _near(points, centres, clusters, dataset.numbers, max(count, 1)), centres)


def _near(points: torch.Tensor, centres: torch.Tensor, clusters: Clusters, numbers: torch.Tensor | None, count: int) -> torch.Tensor:
    """:attr:`Clustered.near` of samples at ``points`` with label ``numbers``."""
    labels = torch.tensor(clusters.labels)[clusters.groups]
    if not clusters.counts:
        return nearest(points, centres, numbers, labels)[:, None]
    return instances.neighbours(points, centres, clusters.groups, count, numbers, labels)


def embedded(medium: Modality, dataset: Dataset) -> torch.Tensor:
    """``(len(dataset), D)`` float32: what makes two samples alike, by the medium's :attr:`Modality.embedding`.

    Raises:
        UsageError: if the medium has none.
        PluginError: if it fails, or gives something else.
    """
    code = medium.embedding
    if code is None:
        raise UsageError(f"{medium.name} has no embedding to find clusters by", where="train.clusters", fix="Set it to 0.")
    with running(code), torch.no_grad():
        embed = resolve(code)
        blocks = torch.split(torch.arange(len(dataset)), READ)
        rows = torch.cat([embed(dataset.batch(block, torch.device("cpu"))[0], dataset.spec).float() for block in blocks])
    if rows.dim() != 2 or len(rows) != len(dataset) or not bool(rows.isfinite().all()):
        what = f"gives {tuple(rows.shape)} numbers for {len(dataset)} samples, or some that are not finite"
        raise PluginError(what, where=code, fix="Tell the author of the plugin; train.clusters=0 does without.")
    return rows
