"""The data set of pictures: ``open_dataset`` is what the plugin declares."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from paragone.errors import DataError, OutputError
from paragone.spec import Axis, SampleSpec

from .cache import VERSION, Entry, Facts, Store
from .config import PictureData
from .fit import parse_size
from .prepare import Scan, listed, prepare, scan, tolerate
from .sources import Source, open_source, signature
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
    """

    def __init__(self, entry: Entry) -> None:
        _, height, width, channels = entry.samples.shape
        traits: dict[str, str] = {"mode": entry.facts.mode}
        if entry.facts.mode == "RGBA":
            traits["alpha"] = "smooth" if entry.facts.smooth else "binary"
        axes = (Axis("channels", channels, "channels"), Axis("height", height, "pixels"), Axis("width", width, "pixels"))
        self.spec = SampleSpec(axes, traits=traits)
        self.labels = entry.facts.labels
        self.fingerprint = entry.key
        self.hashes = torch.from_numpy(np.array(entry.hashes).view(np.int64))
        self.numbers = torch.from_numpy(np.array(entry.labels, dtype=np.int64)) if self.labels else None
        self._samples = entry.samples

    def __len__(self) -> int:
        return len(self._samples)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See :meth:`paragone.data.Dataset.batch`; colour is premultiplied, memory is channels_last."""
        wanted = indices.numpy()
        pixels = torch.from_numpy(self._samples[wanted]).to(device)  # (B, H, W, C) uint8
        return to_samples(pixels), None if self.numbers is None else self.numbers[indices].to(device)


def open_dataset(path: Path, config: PictureData, cache: Path, note: Callable[[str], None]) -> PictureSet:
    """Open pictures; see :class:`paragone.data.OpenDataset`.

    Args:
        path: a folder or zip of pictures, an IDX images file or a folder that
            holds one, or an npz file.
        config: size, mode, fit and how many bad pictures are tolerated.
        cache: where the decoded pictures are kept.
        note: told about skipped files, duplicates and the like.

    Raises:
        DataError: if there is nothing to learn from, or too much of it is bad.
        UsageError: if ``config.size`` is no size.
        OutputError: if the pictures can be kept neither in ``cache`` nor in a temporary folder.
    """
    path, store, size = Path(path), Store(Path(cache)), parse_size(config.size)
    stamp = signature(path)
    question = repr((VERSION, str(path.resolve()), size, config.channels, config.fit))
    place = hashlib.sha256(question.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    known = store.recall(place, stamp)
    entry = store.load(known[0]) if known else None
    temporary = None
    try:
        if known is None or entry is None:
            with open_source(path) as source:
                notes = list(source.notes)
                found = scan(source, config, size)
                entry = store.load(found.key)
                if entry is None:
                    entry, temporary = _build(store, source, config, found, note)
            store.remember(place, stamp, entry.key, notes)
        else:
            notes = known[1]
        tolerate(entry.facts.skipped, len(entry.samples) + entry.facts.skipped, entry.facts.reasons, config)
    except DataError as error:
        if error.where is not None:
            raise
        raise DataError(error.what, where=path, fix=error.fix) from error
    for line in (*notes, *_remarks(entry.facts)):
        note(line)
    pictures = PictureSet(entry)
    if temporary is not None:
        weakref.finalize(pictures, shutil.rmtree, temporary, ignore_errors=True)
    return pictures


def _build(store: Store, source: Source, config: PictureData, found: Scan, note: Callable[[str], None]) -> tuple[Entry, Path | None]:
    """Decode into the cache or, if that cannot be written, into a temporary folder, which is returned."""
    if len(source) >= MANY:
        note(f"Preparing {len(source)} pictures. This is done once; the next start is immediate.")
    fill: Callable[[Path], Facts] = partial(prepare, source, config, found)

    def waiting() -> None:
        note("Another process is preparing the same pictures; waiting for it.")

    try:
        return store.build(found.key, fill, waiting), None
    except OSError as error:
        why = f"The cache {store.folder} cannot be written ({error.strerror or error})"
        note(f"{why}; using a temporary folder. Set PARAGONE_CACHE to another place.")
    temporary: Path | None = None
    try:
        temporary = Path(tempfile.mkdtemp(prefix="paragone-pictures-"))
        return Store(temporary).build(found.key, fill, waiting), temporary
    except OSError as error:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        raise OutputError(
            f"the prepared pictures can be written neither here nor to a temporary folder ({error.strerror or error})",
            where=store.folder,
            fix="Free some space, or set PARAGONE_CACHE to a folder on a larger disk.",
        ) from error


def _remarks(facts: Facts) -> list[str]:
    """What a user should know about a prepared set, on the first start and on every later one."""
    remarks = list(facts.notes)
    if facts.skipped:
        remarks.append(f"{facts.skipped} picture{'s' * (facts.skipped > 1)} skipped: {listed(facts.skipped, facts.reasons)}")
    if facts.duplicates:
        are = "pictures are exact duplicates of others" if facts.duplicates > 1 else "picture is an exact duplicate of another"
        remarks.append(f"{facts.duplicates} {are}; they are kept.")
    if facts.flattened:
        plural = "s" * (facts.flattened > 1)
        remarks.append(f"{facts.flattened} transparent picture{plural} laid on black, because data.channels is not rgba.")
    return remarks
