"""Several calls of one function at once, on a core each.

torch shares each operation out among its threads, and all of them wait for the
slowest, a hundred times for one small picture. Threads that each make a whole one
wait once; and what one core works out is the same to the last bit however many there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

MOST = 8
"""Calls at once at most, however many cores there are: what they work on is in memory together."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """``[work(item) for item in items]``, each by one core, on as many at once as torch may use here.

    Args:
        work: leaves nothing behind that another call sees. Where one core is enough, it is called on this thread.

    Raises:
        Exception: that of the first item that fails; those that are not begun by then are left out.
    """
    workers = min(at_once(), len(items))
    with _one_core():
        if workers < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(workers, "parallel", _take_one_core) as pool:
            return list(pool.map(work, items))


def at_once() -> int:
    """Calls that :func:`in_parallel` makes at once if there are enough."""
    return min(torch.get_num_threads(), MOST)


def _take_one_core() -> None:
    torch.get_num_threads()  # only now does torch take note of this thread; later it would undo the next line
    torch.set_num_threads(1)


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
