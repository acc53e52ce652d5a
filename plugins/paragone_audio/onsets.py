"""Where in a sound something begins, and when it has faded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .decode import Sound, Wave

HOP_SECONDS = 0.01
"""Resolution of an :class:`Outline`."""

FADED = 40
"""Decibels below its peak: a sound has begun above it, and faded below it."""

UNHEARD = 60
"""Decibels below its peak: cutting off what is below takes nothing that matters."""

RISE = 10
"""Decibels within :data:`BEFORE` hops that make an onset."""

BEFORE = 3

_FULL = 127.5
"""Decibels that fit into a byte of half decibels."""


@dataclass(frozen=True)
class Outline:
    """What is known of a sound once it was decoded: 100 bytes a second.

    Attributes:
        rate: samples a second.
        channels: that it had.
        frames: how many samples it really has.
        offset: its DC offset; see :func:`_offset`.
        peak: half the distance between highest and lowest sample of a hop, where it is largest.
        levels: ``(hops,)`` uint8, the same distance in each hop of :data:`HOP_SECONDS`, in half decibels below ``peak``.
        short, unfinished: whether the file ended before its header said it would, or the decoder before the file.
        only: the channel that is heard; ``None``: the mean of all.
    """

    rate: int
    channels: int
    frames: int
    offset: float
    peak: float
    levels: NDArray[np.uint8]
    short: bool
    unfinished: bool = False
    only: int | None = None

    @property
    def hop(self) -> int:
        """Samples in a hop."""
        return hop_of(self.rate)

    @property
    def has_offset(self) -> bool:
        """Whether the offset is worth mentioning: 1 % of the peak."""
        return abs(self.offset) > 0.01 * self.peak

    def louder(self, decibels: float) -> NDArray[np.int64]:
        """The hops that are at most so far below the peak."""
        return np.flatnonzero(self.levels <= 2 * decibels)

    def lasts(self) -> float:
        """Seconds from where it begins to where it has faded for good."""
        loud = self.louder(FADED)
        return float(loud[-1] - loud[0] + 1) * self.hop / self.rate


def hop_of(rate: int) -> int:
    """Samples in a hop at that rate."""
    return max(1, round(rate * HOP_SECONDS))


def outline(sound: Sound) -> Outline:
    """Decode a sound once, in blocks; :meth:`.decode.Sound.cancelled` is known then.

    Raises:
        Unreadable: as :meth:`.decode.Sound.blocks`.
    """
    hop, count, none = hop_of(sound.rate), 0, np.zeros(0, np.float32)
    halves, means = [none], [none]
    for block in _in_hops(sound.blocks(), hop):
        count += len(block)
        hops = np.pad(block, (0, -len(block) % hop), mode="edge").reshape(-1, hop)
        halves.append((hops.max(axis=1) - hops.min(axis=1)) / 2)
        means.append(hops.mean(axis=1))
    sizes = np.concatenate(halves)
    peak = float(sizes.max(initial=0.0))
    with np.errstate(divide="ignore"):
        below = -20 * np.log10(sizes / (peak or 1))
    levels = np.rint(2 * below.clip(0, _FULL)).astype(np.uint8)
    return Outline(
        sound.rate, sound.channels, count, _offset(np.concatenate(means)), peak, levels, sound.short, sound.unfinished, sound.only
    )


def _offset(means: NDArray[np.float32]) -> float:
    """What is constant in a sound, from the means of its hops: their mean or their median, whichever is smaller.

    A hit that is not symmetric has a mean, but no median if there is silence; of a few hops of noise the median is farther off.
    """
    mean, median = (float(of(means)) if len(means) else 0.0 for of in (np.mean, np.median))
    return min(mean, median, key=abs) if mean * median > 0 else 0.0


def _in_hops(blocks: Iterable[Wave], hop: int) -> Iterable[Wave]:
    """The same samples in blocks of whole hops, but for the last."""
    rest = np.zeros(0, np.float32)
    for block in blocks:
        joined = np.concatenate([rest, block])
        whole = len(joined) // hop * hop
        if whole:
            yield joined[:whole]
        rest = joined[whole:]
    if len(rest):
        yield rest


def onsets(levels: NDArray[np.uint8], floor: float = FADED) -> NDArray[np.int64]:
    """The hops in which the level rises suddenly.

    Args:
        levels: ``(hops,)`` of an :class:`Outline`.
        floor: decibels below the peak; what stays below is none.

    Returns:
        ``(n,)`` ascending; of several hops in a row that rise, the first.
    """
    padded = np.concatenate([np.full(BEFORE, 255, np.uint8), levels]).astype(np.int64)
    # the more half decibels below the peak, the quieter
    quietest = np.lib.stride_tricks.sliding_window_view(padded[:-1], BEFORE).max(axis=1)[: len(levels)]
    rises = (levels <= 2 * floor) & (quietest - levels >= 2 * RISE)
    return np.flatnonzero(rises & ~np.concatenate([[False], rises[:-1]]))


def exact_onset(wave: Wave, near: int) -> int:
    """Where the sound begins that an outline promises.

    It is the first sample within 40 dB of the peak; where something else still sounds at that
    level, the first one half way, in decibels, between what was before and the peak.

    Args:
        wave: ``(n,)``, with some of what is before.
        near: the beginning of the hop that rises, below ``n``; 0 where there is nothing before that matters.
    """
    size = np.abs(wave)
    peak = float(size[near:].max())
    before = float(size[:near].max(initial=0.0))
    threshold = peak / 10 ** (FADED / 20)
    if before >= threshold:
        threshold = float(np.sqrt(before * peak))
    return near + int(np.argmax(size[near:] >= threshold))
