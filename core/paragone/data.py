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
        fingerprint: hexadecimal hash of the content, for provenance.
    """

    spec: SampleSpec
    labels: tuple[str, ...]
    numbers: torch.Tensor | None
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

    def __len__(self) -> int:
        return len(self.dataset)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Samples at ``indices``, and ``None``."""
        return self.dataset.batch(indices, device)[0], None


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
