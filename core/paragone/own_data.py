"""The data that a run was trained on, opened again; and other data, as that run would see it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from .data import Dataset, Unlabelled
from .errors import DataError
from .opening import open_data

LISTED = 3
"""Labels that a note names."""

if TYPE_CHECKING:
    from .sampler import Sampler


def own_data(sampler: Sampler, note: Callable[[str], None]) -> Dataset:
    """All of the data that the run was trained on, what was held out of it too.

    Args:
        sampler: of the run.
        note: told what a user should know about the data.

    Raises:
        ParagoneError: if it is not there any more, or not the same.
    """
    kept = sampler.run.config["data"]
    path = None if kept.get("path") is None else Path(kept["path"])
    dataset = open_data(sampler.modality, sampler.settings.data, path, note, sampler.spec)
    if dataset.fingerprint != kept["fingerprint"]:
        raise DataError("the data has changed since this run was trained", where=path or "starter set", fix="Restore it.")
    return _fitted(sampler, dataset, path)


def data_like(sampler: Sampler, path: Path | None, note: Callable[[str], None]) -> Dataset:
    """The data at ``path``, or the starter set, with the run's numbers for its labels.

    Raises:
        ParagoneError: if it cannot be opened, or its samples are of another shape.
    """
    dataset = open_data(sampler.modality, sampler.settings.data, path, note, sampler.spec)
    if sampler.labels and (unknown := sorted(set(dataset.labels) - set(sampler.labels))):
        shown = ", ".join(unknown[:LISTED]) + (", …" if len(unknown) > LISTED else "")
        near = [close[0] for label in unknown[:LISTED] if (close := difflib.get_close_matches(label, sampler.labels, n=1))]
        guess = f" (did you mean {', '.join(near)}?)" if near else ""
        note(f"this run does not know the labels {shown}{guess}: all labels are left out")
    return _fitted(sampler, dataset, path)


def _fitted(sampler: Sampler, dataset: Dataset, path: Path | None) -> Dataset:
    if not sampler.spec.fits(dataset.spec):
        raise DataError(
            f"gives samples of {dataset.spec}, this run makes {sampler.spec}",
            where=path or "starter set",
            fix="Give data of the same kind.",
        )
    if dataset.labels == sampler.labels:
        return dataset
    if sampler.labels and dataset.labels and set(dataset.labels) <= set(sampler.labels):
        return _Renumbered(dataset, sampler.labels)
    return Unlabelled(dataset)


class _Renumbered(Unlabelled):
    """A dataset that knows some of a run's labels, with the run's numbers for them."""

    def __init__(self, dataset: Dataset, labels: tuple[str, ...]) -> None:
        super().__init__(dataset)
        self.labels = labels
        if dataset.numbers is not None:
            self.numbers = torch.tensor([labels.index(label) for label in dataset.labels])[dataset.numbers]
