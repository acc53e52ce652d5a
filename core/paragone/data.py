"""What the engine asks of a data set, and the order it is read in.

A dataset answers for any set of indices at once; which indices come next is the
engine's business: :class:`Order` gives the same answer for the same (seed, position) on
every machine, so there is no cursor to save and nothing to restore.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import torch

from .randomness import generator_for
from .spec import SampleSpec


class Dataset(Protocol):
    """A finite, indexable set of samples.

    Attributes:
        spec: what one sample is.
        labels: names of the labels, ``()`` when there are none.
        numbers: ``(len(self),)`` int64, the label of each sample; ``None`` when there are none.
        hashes: ``(len(self),)`` int64, 64 bits of a good hash of each sample's content:
            equal samples have equal ones. They decide what is held out of a training.
        fingerprint: hexadecimal hash of the whole content, for provenance.
    """

    spec: SampleSpec
    labels: tuple[str, ...]
    numbers: torch.Tensor | None
    hashes: torch.Tensor
    fingerprint: str

    def __len__(self) -> int: ...

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Samples and labels at ``indices``.

        Args:
            indices: ``(B,)`` int64 on the CPU, each in ``[0, len(self))``.
            device: where the result is wanted.

        Returns:
            ``(B, *spec.shape)`` of ``spec.dtype`` in ``[spec.low, spec.high]``, and
            ``(B,)`` int64 label numbers, or ``None`` when :attr:`labels` is empty.
        """
        ...


class OpenDataset(Protocol):
    """The callable that a modality's ``dataset`` import string names."""

    def __call__(self, path: Path, config: Any, cache: Path, note: Callable[[str], None]) -> Dataset:
        """Open ``path``.

        Args:
            path: what the user named: a folder, an archive or a file.
            config: an instance of the modality's ``data_config``.
            cache: a folder that the dataset may fill and find again next time.
            note: called with one plain line for each thing a user should know,
                such as files that were skipped.

        It may take one more argument, ``like: SampleSpec | None``: what a run's samples are, for
        other data that is to be read as that run would, with its tokenizer for instance. Then the
        fingerprint must not depend on it.

        Raises:
            paragone.errors.DataError: if nothing can be learned from it.
        """
        ...


class Unlabelled:
    """Another dataset without its labels, for a training that is not to learn them."""

    labels: tuple[str, ...] = ()
    numbers: torch.Tensor | None = None

    def __init__(self, dataset: Dataset) -> None:
        self.dataset, self.spec, self.fingerprint = dataset, dataset.spec, dataset.fingerprint
        self.hashes = dataset.hashes

    def __len__(self) -> int:
        return len(self.dataset)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Samples at ``indices``, and ``None``."""
        return self.dataset.batch(indices, device)[0], None


class Subset:
    """Some of another dataset's samples. Its fingerprint is the other's: it says where they came from.

    Args:
        dataset: the whole.
        indices: ``(N,)`` int64, which of them.
    """

    def __init__(self, dataset: Dataset, indices: torch.Tensor) -> None:
        self.dataset, self.indices = dataset, indices
        self.spec, self.labels, self.fingerprint = dataset.spec, dataset.labels, dataset.fingerprint
        self.numbers = None if dataset.numbers is None else dataset.numbers[indices]
        self.hashes = dataset.hashes[indices]

    def __len__(self) -> int:
        return len(self.indices)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Samples and labels at ``indices`` of this subset."""
        return self.dataset.batch(self.indices[indices], device)


def hold_out(dataset: Dataset, share: float) -> tuple[Dataset, Dataset | None]:
    """Split off about ``share`` of the samples, to judge by what was never trained on.

    A sample's own content decides, so the split stays the same when files are renamed,
    added or taken away, and equal samples are never on both sides. A label
    that would be left with nothing to train on keeps all of its samples.

    Args:
        dataset: the whole.
        share: 0 to 1.

    Returns:
        What to train on, and what is held out; ``None`` if nothing is.
    """
    if share <= 0:
        return dataset, None
    held = (dataset.hashes.double() / 2.0**64 + 0.5) < share
    numbers = torch.zeros(len(dataset), dtype=torch.int64) if dataset.numbers is None else dataset.numbers
    for number in torch.unique(numbers):
        mine = numbers == number
        if bool(held[mine].all()):
            held &= ~torch.isin(dataset.hashes, dataset.hashes[mine])  # their equals under other labels too
    if not bool(held.any()):
        return dataset, None
    return Subset(dataset, (~held).nonzero()[:, 0]), Subset(dataset, held.nonzero()[:, 0])


class Order:
    """Which samples come when; a function of the position alone, so nothing needs saving.

    Each epoch is a fresh permutation of the whole set; a batch may cross epochs.
    With ``group`` > 1 and labels, every ``group`` consecutive samples share one
    label, for discriminators that compare the samples of a group: what they
    measure then is the variety within a label.

    Args:
        seed: the run's seed.
        length: size of the set, 1 or more.
        numbers: ``(length,)`` int64 labels, or ``None``.
        group: how many consecutive samples share a label.
    """

    def __init__(self, seed: int, length: int, numbers: torch.Tensor | None = None, group: int = 1) -> None:
        self.seed, self.length = seed, length
        self.numbers, self.group = (numbers if group > 1 else None), group
        self._epochs: dict[int, torch.Tensor] = {}

    def __call__(self, start: int, count: int) -> torch.Tensor:
        """Indices of the real samples numbered ``start`` to ``start + count``: ``(count,)`` int64."""
        parts: list[torch.Tensor] = []
        size = len(self._epoch(0))
        while count > 0:
            epoch, offset = divmod(start, size)
            parts.append(self._epoch(epoch)[offset : offset + count])
            start, count = start + len(parts[-1]), count - len(parts[-1])
        return torch.cat(parts)

    def _epoch(self, epoch: int) -> torch.Tensor:
        if epoch not in self._epochs:
            if len(self._epochs) > 2:  # an epoch is asked for many times in a row, two at its seam
                self._epochs.clear()
            self._epochs[epoch] = self._shuffle(epoch)
        return self._epochs[epoch]

    def _shuffle(self, epoch: int) -> torch.Tensor:
        numbers = generator_for(self.seed, "order", epoch)
        shuffled = torch.randperm(self.length, generator=numbers)
        if self.numbers is None:
            return shuffled
        groups = []
        for label in torch.unique(self.numbers):
            mine = shuffled[self.numbers[shuffled] == label]
            short = -len(mine) % self.group  # fill the last group up with samples of the same label
            mine = torch.cat([mine, mine.repeat(-(-short // len(mine)))[:short]]) if short else mine
            groups.append(mine.view(-1, self.group))
        rows = torch.cat(groups)
        return rows[torch.randperm(len(rows), generator=numbers)].flatten()
