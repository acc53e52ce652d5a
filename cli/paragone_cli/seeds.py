"""Seeds, as a person writes them: ``0,4-9``."""

from __future__ import annotations

import re
import secrets

from paragone.errors import UsageError

LARGEST = 2**63 - 1
MOST = 1_000_000
"""Samples that one command makes at most: more is surely a slip of the finger."""

_PART = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?", re.ASCII)


def parse(text: str) -> list[int]:
    """``"0,4-6"`` → ``[0, 4, 5, 6]``; a seed that is named twice is made once.

    Raises:
        UsageError: if it is not written like that, or names too many.
    """
    ranges = [_range(part.strip()) for part in text.split(",")]
    count = sum(stop - start for start, stop in ranges)
    if count > MOST:
        raise UsageError(f"{count:,} seeds are too many", where="--seeds", fix=f"Name at most {MOST:,} at a time.")
    return list(dict.fromkeys(seed for start, stop in ranges for seed in range(start, stop)))


def _range(part: str) -> tuple[int, int]:
    match = _PART.fullmatch(part)
    if not match or int(match[2] or match[1]) > LARGEST:
        raise UsageError(
            f"{part[:40]!r} is neither a seed nor a range of seeds",
            where="--seeds",
            fix=f"Write whole numbers from 0 to {LARGEST}, as in --seeds 0,4-9.",
        )
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise UsageError(f"{part!r} runs backwards", where="--seeds", fix=f"Write {last}-{first}.")
    return first, last + 1


def pair(text: str) -> tuple[int, int]:
    """``"3,9"`` → ``(3, 9)``, where a walk begins and where it ends.

    Raises:
        UsageError: if it is not written like that.
    """
    parts = text.split(",")
    if len(parts) != 2 or not all(re.fullmatch(r"\d{1,19}", part.strip(), re.ASCII) and int(part) <= LARGEST for part in parts):
        fix = f"Write whole numbers from 0 to {LARGEST}, as in --walk 3,9."
        raise UsageError(f"{text[:40]!r} is no pair of seeds", where="--walk", fix=fix)
    return int(parts[0]), int(parts[1])


def consecutive(first: int | None, count: int) -> list[int]:
    """``count`` seeds from ``first`` on, or from one chosen at random.

    Raises:
        UsageError: if the last one would be too large.
    """
    start = secrets.randbelow(2**31) if first is None else first
    if start + count - 1 > LARGEST:
        raise UsageError(f"{count} seeds from {start} on run past the largest, {LARGEST}", where="--seed", fix="Start lower.")
    return list(range(start, start + count))
