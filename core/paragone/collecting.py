"""What the engine asks of a medium that makes something of many samples together, such as a drum kit.

Like an artefact writer it never touches the disk: it gives bytes and names, and the
engine writes them, safely.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .modality import Modality, resolve, running

if TYPE_CHECKING:
    from .batch import Batch


class Collector(Protocol):
    """Makes files of all samples of a batch.

    Attributes:
        count: samples of each label that make a good one, when nobody says how many.
        most: samples of each label that it has room for.
        labels: labels that it has room for; it need not be there where any number will do.
        alike: whether the samples of one label had best be of one kind, that of the first seed, where a run has
            clusters and nobody asks for another; it need not be there.
    """

    count: int
    most: int
    labels: int
    alike: bool

    def files(self, batch: Batch) -> Mapping[Path, bytes]:
        """What to write, by its place; relative to the working folder, as ``options`` named it.

        Args:
            batch: samples of any labels, in any order and number.

        Raises:
            ParagoneError: if they cannot make one.
        """
        ...


class OpenCollector(Protocol):
    """The callable that a modality's ``collecting`` import string names."""

    def __call__(self, options: Any) -> Collector | None:
        """Get ready to collect; asked before anything is loaded, so its module should import nothing heavy.

        Args:
            options: an instance of the modality's ``sample_config``.

        Returns:
            ``None`` where ``options`` do not ask for it: then each sample becomes a file of its own.

        Raises:
            ParagoneError: if what ``options`` ask for cannot be had.
        """
        ...


def collector_of(modality: Modality, options: Any) -> Collector | None:
    """The medium's collector, where it has one and ``options`` ask for it.

    Raises:
        ParagoneError: if what they ask for cannot be had.
    """
    code = modality.collecting
    if code is None:
        return None
    with running(code):
        collector: Collector | None = resolve(code)(options)
    return collector
