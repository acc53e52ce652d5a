"""The data set of pictures: ``open_dataset`` is what the plugin declares."""

from __future__ import annotations

import contextlib
import shutil
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from paragone.preparing import Preparation
from paragone.spec import Axis, SampleSpec
from paragone.store import Entry

from .config import PictureData
from .fit import Size, parse_size
from .prepare import ARRAYS, CHANNEL_NAMES, VERSION, Scan, prepare, scan, tolerate
from .sources import open_source, signature
from .tensors import to_samples

MANY = 5000
"""From so many pictures on the user is told that preparing them takes a while."""


class PictureSet:
    """Pictures of one size and mode, memory-mapped.

    Attributes:
        spec: ``(C, H, W)`` float32 in [-1, 1]; traits ``mode`` (``"L"``, ``"RGB"``,
            ``"RGBA"``) and, for RGBA, ``alpha`` (``"binary"`` or ``"smooth"``).
        labels: names of the labels, ``()`` when there are none.
        numbers: ``(N,)`` int64, the label of each picture; ``None`` when there are none.
        fingerprint: SHA-256 of content and settings.
        hashes: ``(N,)`` int64, 64 bits of a content hash of each picture as it is learned.

    Args:
        entry: what :func:`.prepare.prepare` wrote.
        fingerprint: as above.
    """

    def __init__(self, entry: Entry, fingerprint: str) -> None:
        facts = entry.facts
        height, width, channels = facts["shape"]
        traits = {"mode": str(facts["mode"])}
        if facts["mode"] == "RGBA":
            traits["alpha"] = "smooth" if facts["smooth"] else "binary"
        axes = (Axis("channels", channels, "channels"), Axis("height", height, "pixels"), Axis("width", width, "pixels"))
        self.spec = SampleSpec(axes, traits=traits)
        self.labels = tuple(facts["labels"])
        self.fingerprint = fingerprint
        self.hashes = torch.from_numpy(np.array(entry.arrays["hashes"]))
        self.numbers = torch.from_numpy(np.array(entry.arrays["numbers"])) if self.labels else None
        self._samples = entry.arrays["samples"].reshape(len(self.hashes), height, width, channels)

    def __len__(self) -> int:
        return len(self._samples)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See :meth:`paragone.data.Dataset.batch`; colour is premultiplied, memory is channels_last."""
        wanted = indices.numpy()
        pixels = torch.from_numpy(self._samples[wanted]).to(device)  # (B, H, W, C) uint8
        return to_samples(pixels), None if self.numbers is None else self.numbers[indices].to(device)


def open_dataset(path: Path, config: PictureData, cache: Path, note: Callable[[str], None], like: SampleSpec | None = None) -> PictureSet:
    """Open pictures; see :class:`paragone.data.OpenDataset`.

    Args:
        path: a folder or zip of pictures, an IDX images file or a folder that
            holds one, or an npz file.
        config: size, mode, fit and how many bad pictures are tolerated.
        cache: where the decoded pictures are kept.
        note: told about skipped files, duplicates and the like.
        like: description of samples that there are already: where ``config`` says ``auto`` and these pictures
            alone would become something else, they get its size and mode.

    Raises:
        DataError: if there is nothing to learn from, or too much of it is bad.
        UsageError: if ``config.size`` is no size.
        OutputError: if the pictures can be kept neither in ``cache`` nor in a temporary folder.
    """
    pictures, notes = _opened(path, config, cache, note)
    if like is not None and not like.fits(pictures.spec):
        _, high, wide = like.shape
        size = f"{wide}x{high}" if parse_size(config.size) is None else config.size
        channels = CHANNEL_NAMES[like.traits["mode"]] if config.channels == "auto" else config.channels
        pictures, notes = _opened(path, replace(config, size=size, channels=channels), cache, note)
    for line in notes:
        note(line)
    return pictures


def _opened(path: Path, config: PictureData, cache: Path, note: Callable[[str], None]) -> tuple[PictureSet, list[str]]:
    """The pictures, and what is to be said about them."""
    size = parse_size(config.size)
    preparation = Preparation("pictures", ARRAYS, signature, partial(_scanned, config=config, size=size), prepare, _many, whole=True)
    found = preparation.prepared(path, (VERSION, size, config.channels, config.fit), cache, note)
    facts = found.entry.facts
    pictures = PictureSet(found.entry, found.fingerprint)
    tolerate(facts["skipped"], len(pictures) + facts["skipped"], facts["reasons"], config, path)
    if found.temporary is not None:
        weakref.finalize(pictures, shutil.rmtree, found.temporary, ignore_errors=True)
    return pictures, [*found.notes, *facts["notes"]]


@contextlib.contextmanager
def _scanned(path: Path, config: PictureData, size: Size | None) -> Iterator[Scan]:
    with open_source(path) as source:
        yield scan(source, config, size)


def _many(count: int) -> str:
    return str(count) if count >= MANY else ""
