"""From a source to a prepared set, in two passes that hold a few pictures at a time.

The first pass reads headers and hashes: it finds the key, the size and what the
formats promise. If the key is known, nothing is decoded. The second pass
decodes, fits and writes; only then is it known which mode is really needed:

- ``samples`` (N * H * W * C,) uint8: all pictures one after another, in straight alpha;
- ``numbers`` (N,) int64: the label of each, 0 where there are none;
- ``hashes`` (N,) int64: of each picture, as it is learned.
"""

from __future__ import annotations

import hashlib
import math
import os
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from paragone.errors import DataError
from paragone.store import RowWriter

from .config import PictureData
from .decode import Header, Pixels, Unreadable, quiet
from .fit import CHANNELS, Mode, Size, choose_size, fit, is_transparent, to_mode
from .labelling import numbered, printable
from .sources import Source

_CHUNK = 2**24
"""Values of pictures that are looked at together."""

VERSION = 3
"""Rises when what was prepared before would no longer be right."""

ARRAYS = {"samples": "|u1", "numbers": "<i8", "hashes": "<i8"}
"""What is written."""

T = TypeVar("T")
Reasons = Sequence[tuple[str, str]]
"""Names of pictures, and why they cannot be used."""

CHANNEL_NAMES: dict[str, Literal["grey", "rgb", "rgba"]] = {"L": "grey", "RGB": "rgb", "RGBA": "rgba"}
MODES: dict[str, Mode] = {"grey": "L", "rgb": "RGB", "rgba": "RGBA"}
LISTED = 3
"""How many unusable pictures are named in a note."""


@dataclass
class Scan:
    """What the first pass found; satisfies :class:`paragone.preparing.Content`.

    Attributes:
        source: the pictures.
        config: how they are read.
        key: hash of the content and of the settings that matter.
        fitted: (width, height) that every picture will have.
        mode: the least mode that the formats promise to suffice.
        bad: index → why a picture cannot be used.
        animated: how many have more than one frame.
    """

    source: Source
    config: PictureData
    key: str
    fitted: Size
    mode: Mode
    bad: dict[int, str]
    animated: int

    @property
    def size(self) -> int:
        """How many pictures there are."""
        return len(self.source)

    @property
    def notes(self) -> Sequence[str]:
        """What a user should know about the listing."""
        return self.source.notes

    def digest(self) -> str:
        """See :attr:`key`."""
        return self.key


def scan(source: Source, config: PictureData, size: Size | None) -> Scan:
    """First pass. ``size`` is ``None`` for auto."""
    digest = hashlib.sha256(repr((VERSION, size, config.channels, config.fit, sorted(source.unusable))).encode("utf-8", "surrogateescape"))
    sizes, bad = Counter[Size](), dict[int, str]()
    grey = opaque = True
    animated = 0
    with quiet():
        for index, found in in_order(partial(_or_reason, source.header), range(len(source)), 64):
            label = source.labels[source.of[index]] if source.labels else None
            content = found.digest if isinstance(found, Header) else found.encode("utf-8", "replace")
            digest.update(repr((source.name(index), label, content)).encode("utf-8", "surrogateescape"))
            if isinstance(found, Header):
                sizes[found.width, found.height] += 1
                grey, opaque = grey and found.grey, opaque and found.opaque
                animated += found.animated
            else:
                bad[index] = found
    mode = MODES.get(config.channels) or ("RGBA" if not opaque else "L" if grey else "RGB")
    return Scan(source, config, digest.hexdigest(), size or choose_size(sizes), mode, bad, animated)


def prepare(found: Scan, folder: Path) -> dict[str, Any]:
    """Second pass: write :data:`ARRAYS` into ``folder``.

    Returns:
        ``mode``, ``shape`` (H, W, C), ``smooth`` (whether some alpha is neither 0 nor 255), ``labels`` (names of
        those that occur, none for fewer than two), ``skipped`` (how many pictures could not be used), ``reasons``
        (name and reason of the first of them) and ``notes`` for the user, as plain JSON values.

    Raises:
        DataError: if too many pictures cannot be used, or fewer than two can.
        OSError: if ``folder`` cannot be written.
    """
    _check_bad(found, found.bad)  # before the long part
    bad, kept, transparent, refitted = dict(found.bad), array("q"), 0, 0
    shape = (found.fitted[1], found.fitted[0], CHANNELS[found.mode])
    chunk = max(1, min(64, 2**22 // math.prod(shape)))
    work = partial(_or_reason, partial(_sample, found))
    with quiet(), RowWriter(folder / "stage.npy", "|u1") as writer:
        wanted = [index for index in range(found.size) if index not in bad]
        for index, sample in in_order(work, wanted, chunk):
            if isinstance(sample, str):
                bad[index] = sample
            else:
                writer.append(sample[0].reshape(-1))
                kept.append(index)
                transparent, refitted = transparent + sample[1], refitted + sample[2]
    _check_bad(found, bad)
    if len(kept) < 2:
        what = f"only {len(kept)} picture{'s' * (len(kept) != 1)} can be used"
        raise DataError(what, fix="Two are needed at least, and hundreds to learn from.")
    mode, smooth, duplicates = _finish(folder, shape, found.mode, found.config.channels == "auto")
    labels, notes = _labels(found.source, np.array(kept, np.int64), folder)
    skipped, reasons = _bad_ones(found.source, bad)
    return {
        "mode": mode,
        "shape": (*shape[:2], CHANNELS[mode]),
        "smooth": smooth,
        "labels": labels,
        "skipped": skipped,
        "reasons": reasons,
        "notes": [*notes, *_remarks(skipped, reasons, duplicates), *_changes(found, len(kept), refitted, transparent)],
    }


def _check_bad(found: Scan, bad: dict[int, str]) -> None:
    skipped, reasons = _bad_ones(found.source, bad)
    tolerate(skipped, found.size + len(found.source.unusable), reasons, found.config)


def tolerate(skipped: int, total: int, reasons: Reasons, config: PictureData, where: Path | None = None) -> None:
    """Raise :class:`DataError` if ``skipped`` of ``total`` is more than ``config.max_bad``."""
    if skipped > config.max_bad * total or 0 < skipped == total:
        fix = "Repair or remove them" + (f", or raise data.max_bad (now {config.max_bad:g})." if skipped < total else ".")
        raise DataError(f"{skipped} of {total} pictures cannot be used: {_listed(skipped, reasons)}", where=where, fix=fix)


def _listed(skipped: int, reasons: Reasons) -> str:
    return "; ".join(f"{name} {reason}" for name, reason in reasons) + ("; …" if skipped > len(reasons) else "")


def in_order(work: Callable[[int], T], indices: Sequence[int], chunk: int) -> Iterator[tuple[int, T]]:
    """Do ``work`` on threads, a bounded number of chunks ahead, and yield (index, result) in order."""

    def run(part: Sequence[int]) -> list[tuple[int, T]]:
        return [(index, work(index)) for index in part]

    workers = min(8, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[list[tuple[int, T]]]] = deque()
    try:
        for start in range(0, len(indices), chunk):
            waiting.append(pool.submit(run, indices[start : start + chunk]))
            if len(waiting) > 2 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _or_reason(work: Callable[[int], T], index: int) -> T | str:
    try:
        return work(index)
    except Unreadable as reason:
        return str(reason)


def _sample(found: Scan, index: int) -> tuple[Pixels, bool, bool]:
    """One picture as it is stored, whether it is transparent somewhere, and whether it had another size."""
    # twice the side that is wanted leaves Lanczos enough to work on
    picture = found.source.pixels(index, 2 * max(found.fitted))
    refitted = (picture.shape[1], picture.shape[0]) != found.fitted
    picture = fit(picture, found.fitted, found.config.fit, clear_border=found.config.channels == "rgba")
    return to_mode(picture, found.mode), is_transparent(picture), refitted


def _finish(folder: Path, shape: tuple[int, ...], staged: Mode, reduce: bool) -> tuple[Mode, bool, int]:
    """Write samples.npy in the least mode that loses nothing, and hashes.npy; that mode, is alpha smooth, and how many are duplicates?"""
    stage = np.asarray(np.lib.format.open_memmap(folder / "stage.npy", mode="r")).reshape(-1, *shape)
    step = max(1, _CHUNK // math.prod(shape))
    chunks = [stage[start : start + step] for start in range(0, len(stage), step)]
    opaque, smooth = staged != "RGBA", False
    if staged == "RGBA":
        opaque = all(bool((chunk[..., 3] == 255).all()) for chunk in chunks)
        smooth = any(bool(((chunk[..., 3] != 0) & (chunk[..., 3] != 255)).any()) for chunk in chunks)
    mode = staged
    if reduce and opaque and staged != "L":
        grey = all(bool((chunk[..., :1] == chunk[..., 1:3]).all()) for chunk in chunks)
        mode = "L" if grey else "RGB"
    hashes = np.fromiter((_hash(picture[..., : CHANNELS[mode]]) for picture in stage), np.int64, len(stage))
    with RowWriter(folder / "hashes.npy", "<i8") as writer:
        writer.append(hashes)
    if mode != staged:
        with RowWriter(folder / "samples.npy", "|u1") as writer:
            for chunk in chunks:
                writer.append(chunk[..., : CHANNELS[mode]].reshape(-1))
        del stage, chunks, chunk
        (folder / "stage.npy").unlink()
    else:
        del stage, chunks
        os.rename(folder / "stage.npy", folder / "samples.npy")
    return mode, smooth, len(hashes) - len(np.unique(hashes))


def _hash(sample: Pixels) -> int:
    """64 bits of a hash of the bytes: equal pictures have equal ones, on every machine."""
    return int.from_bytes(hashlib.blake2b(np.ascontiguousarray(sample).data, digest_size=8).digest(), "little", signed=True)


def _labels(source: Source, kept: np.ndarray[tuple[int], np.dtype[np.int64]], folder: Path) -> tuple[tuple[str, ...], list[str]]:
    """Write numbers.npy; the labels that still have pictures, and what to say about it."""
    names, of = numbered(source.of[kept], source.labels) if source.labels else ((), source.of[kept])
    notes = []
    if len(names) == 1:
        notes = [f"Only one label ({printable(names[0])}) has usable pictures, so labels are left out."]
        names, of = (), np.zeros_like(of)
    with RowWriter(folder / "numbers.npy", "<i8") as writer:
        writer.append(of)
    return names, notes


def _bad_ones(source: Source, bad: dict[int, str]) -> tuple[int, Reasons]:
    """How many pictures cannot be used, and why the first of them."""
    named = [*source.unusable, *((source.name(index), bad[index]) for index in sorted(bad))]
    return len(named), [(printable(name), reason) for name, reason in named[:LISTED]]


def _remarks(skipped: int, reasons: Reasons, duplicates: int) -> list[str]:
    remarks = []
    if skipped:
        remarks.append(f"{skipped} picture{'s' * (skipped > 1)} skipped: {_listed(skipped, reasons)}")
    if duplicates:
        are = "pictures are exact duplicates of others" if duplicates > 1 else "picture is an exact duplicate of another"
        remarks.append(f"{duplicates} {are}; they are kept.")
    return remarks


def _changes(found: Scan, kept: int, refitted: int, transparent: int) -> list[str]:
    """What was done to the pictures, and what was not used of them."""
    notes = []
    if refitted:
        had = f"had another size and {'were' if refitted > 1 else 'was'} brought"
        notes.append(f"{refitted} of {kept} pictures {had} to {found.fitted[0]}x{found.fitted[1]} (data.size and data.fit decide that).")
    if transparent and found.mode != "RGBA":
        notes.append(f"{transparent} transparent picture{'s' * (transparent > 1)} laid on black, because data.channels is not rgba.")
    elif 0 < transparent < kept and found.config.channels == "auto":
        notes.append(f"{transparent} of {kept} pictures {'are' if transparent > 1 else 'is'} transparent, so all are learned as such.")
    if found.animated:
        are = "animations: their first frames are" if found.animated > 1 else "animation: its first frame is"
        notes.append(f"{found.animated} {are} used; save the others as pictures of their own.")
    return notes
