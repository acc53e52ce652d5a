"""From a source to a prepared set, in two passes that hold a few pictures at a time.

The first pass reads headers and hashes: it finds the key, the size and what the
formats promise. If the key is known, nothing is decoded. The second pass
decodes, fits and writes; only then is it known which mode is really needed.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from paragone.errors import DataError

from .cache import VERSION, Facts, RowWriter
from .config import PictureData
from .decode import Header, Pixels, Unreadable, quiet
from .fit import CHANNELS, Mode, Size, choose_size, fit, is_transparent, to_mode
from .labelling import numbered, printable
from .sources import Source

T = TypeVar("T")
MODES: dict[str, Mode] = {"grey": "L", "rgb": "RGB", "rgba": "RGBA"}
LISTED = 3
"""How many unusable pictures are named in a note."""


@dataclass
class Scan:
    """What the first pass found.

    Attributes:
        key: hash of the content and of the settings that matter.
        size: (width, height) that every picture will have.
        mode: the least mode that the formats promise to suffice.
        bad: index → why a picture cannot be used.
    """

    key: str
    size: Size
    mode: Mode
    bad: dict[int, str] = field(default_factory=dict)


def scan(source: Source, config: PictureData, size: Size | None) -> Scan:
    """First pass. ``size`` is ``None`` for auto."""
    digest = hashlib.sha256(repr((VERSION, size, config.channels, config.fit, sorted(source.unusable))).encode("utf-8", "surrogateescape"))
    sizes, bad = Counter[Size](), dict[int, str]()
    grey = opaque = True
    with quiet():
        for index, found in in_order(partial(_or_reason, source.header), range(len(source)), 64):
            label = source.labels[source.of[index]] if source.labels else None
            content = found.digest if isinstance(found, Header) else found.encode("utf-8", "replace")
            digest.update(repr((source.name(index), label, content)).encode("utf-8", "surrogateescape"))
            if isinstance(found, Header):
                sizes[found.width, found.height] += 1
                grey, opaque = grey and found.grey, opaque and found.opaque
            else:
                bad[index] = found
    mode = MODES.get(config.channels) or ("RGBA" if not opaque else "L" if grey else "RGB")
    return Scan(digest.hexdigest(), size or choose_size(sizes), mode, bad)


def prepare(source: Source, config: PictureData, found: Scan, folder: Path) -> Facts:
    """Second pass: decode into ``folder``.

    Raises:
        DataError: if too many pictures cannot be used, or fewer than two can.
        OSError: if ``folder`` cannot be written.
    """
    check_bad(source, config, found.bad)  # before the long part
    bad, kept, flattened = dict(found.bad), array("q"), 0
    row = (found.size[1], found.size[0], CHANNELS[found.mode])
    chunk = max(1, min(64, 2**22 // (row[0] * row[1] * row[2])))
    work = partial(_or_reason, partial(_sample, source, config, found))
    with quiet(), RowWriter(folder / "stage.npy", "u1", row) as writer:
        wanted = [index for index in range(len(source)) if index not in bad]
        for index, sample in in_order(work, wanted, chunk):
            if isinstance(sample, str):
                bad[index] = sample
            else:
                writer.append(sample[0][None])
                kept.append(index)
                flattened += sample[1]
    check_bad(source, config, bad)
    if len(kept) < 2:
        what = f"only {len(kept)} picture{'s' * (len(kept) != 1)} can be used"
        raise DataError(what, fix="Two are needed at least, and hundreds to learn from.")
    mode, smooth = _finish(folder, found.mode, config.channels == "auto")
    labels, notes = _labels(source, np.array(kept, np.int64), folder)
    hashes = np.load(folder / "hashes.npy")
    reasons = tuple((printable(name), reason) for name, reason in _bad_ones(source, bad)[:LISTED])
    skipped = len(bad) + len(source.unusable)
    return Facts(mode, smooth, flattened, labels, skipped, reasons, len(hashes) - len(np.unique(hashes)), notes)


def check_bad(source: Source, config: PictureData, bad: dict[int, str]) -> None:
    """Raise :class:`DataError` if more pictures are bad than the settings tolerate."""
    reasons = [(printable(name), reason) for name, reason in _bad_ones(source, bad)[:LISTED]]
    tolerate(len(bad) + len(source.unusable), len(source) + len(source.unusable), reasons, config)


def tolerate(skipped: int, total: int, reasons: Sequence[tuple[str, str]], config: PictureData) -> None:
    """Raise :class:`DataError` if ``skipped`` of ``total`` is more than ``config.max_bad``."""
    if skipped > config.max_bad * total or 0 < skipped == total:
        fix = "Repair or remove them" + (f", or raise data.max_bad (now {config.max_bad:g})." if skipped < total else ".")
        raise DataError(f"{skipped} of {total} pictures cannot be used: {listed(skipped, reasons)}", fix=fix)


def listed(skipped: int, reasons: Sequence[tuple[str, str]]) -> str:
    """The first unusable pictures with their reasons, on one line."""
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


def _sample(source: Source, config: PictureData, found: Scan, index: int) -> tuple[Pixels, bool]:
    """One picture as it is stored, and whether its transparency was given up."""
    # twice the side that is wanted leaves Lanczos enough to work on
    picture = source.pixels(index, 2 * max(found.size))
    picture = fit(picture, found.size, config.fit, clear_border=config.channels == "rgba")
    return to_mode(picture, found.mode), found.mode != "RGBA" and is_transparent(picture)


def _finish(folder: Path, staged: Mode, reduce: bool) -> tuple[Mode, bool]:
    """Write samples.npy in the least mode that loses nothing, and hashes.npy; is alpha smooth?"""
    stage = np.asarray(np.lib.format.open_memmap(folder / "stage.npy", mode="r"))
    chunks = [stage[start : start + 512] for start in range(0, len(stage), 512)]
    opaque, smooth = staged != "RGBA", False
    if staged == "RGBA":
        opaque = all(bool((chunk[..., 3] == 255).all()) for chunk in chunks)
        smooth = any(bool(((chunk[..., 3] != 0) & (chunk[..., 3] != 255)).any()) for chunk in chunks)
    mode = staged
    if reduce and opaque and staged != "L":
        grey = all(bool((chunk[..., :1] == chunk[..., 1:3]).all()) for chunk in chunks)
        mode = "L" if grey else "RGB"
    with RowWriter(folder / "hashes.npy", "<u8", ()) as hashes:
        for chunk in chunks:
            rows = (np.ascontiguousarray(row[..., : CHANNELS[mode]]) for row in chunk)
            hashes.append(np.array([content_hash(row) for row in rows], np.uint64))
    if mode != staged:
        with RowWriter(folder / "samples.npy", "u1", (*stage.shape[1:3], CHANNELS[mode])) as writer:
            for chunk in chunks:
                writer.append(chunk[..., : CHANNELS[mode]])
        del stage, chunks, chunk
        (folder / "stage.npy").unlink()
    else:
        del stage, chunks, chunk
        os.rename(folder / "stage.npy", folder / "samples.npy")
    return mode, smooth


def content_hash(sample: Pixels) -> int:
    """64-bit hash of one sample's bytes: equal pictures have equal hashes, on every machine."""
    return int.from_bytes(hashlib.blake2b(sample.data, digest_size=8).digest(), "little")


def _labels(source: Source, kept: np.ndarray[tuple[int], np.dtype[np.int64]], folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write labels.npy; the labels that still have pictures, and what to say about it."""
    names, of = numbered(source.of[kept], source.labels) if source.labels else ((), source.of[kept])
    notes: tuple[str, ...] = ()
    if len(names) == 1:
        notes = (f"Only one label ({printable(names[0])}) has usable pictures, so labels are left out.",)
        names, of = (), np.zeros_like(of)
    with RowWriter(folder / "labels.npy", "<i8", ()) as writer:
        writer.append(of.astype("<i8"))
    return names, notes


def _bad_ones(source: Source, bad: dict[int, str]) -> list[tuple[str, str]]:
    return [*source.unusable, *((source.name(index), bad[index]) for index in sorted(bad))]
