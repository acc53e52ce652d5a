"""Work on a second thread, beside the loop that makes the work."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def beside(work: Callable[[Item], Iterable[Result]], items: Iterable[Item], ahead: int = 2) -> Generator[list[Result], None, None]:
    """``list(work(item))`` for each item, in order, worked out on one other thread while the next item is made on this one.

    One thread, not many: the work is done strictly in order, so whatever stops it,
    exactly what came before has been done. Close the iterator if you leave it early
    (``contextlib.closing``): once it is closed or exhausted, the thread has ended.

    Args:
        work: yields after each step; it is only ever stopped between two steps.
        items: made on the calling thread, one at a time.
        ahead: most items that are made and not yet worked out; 1: making and
            working take turns.

    Raises:
        Exception: that of ``work``, after the results of the items before it; no
            later step is begun. That of ``items``, after all that was made before
            has been worked out. An interruption stops the work after its step.
    """
    stopped = threading.Event()

    def task(item: Item) -> list[Result]:
        results: list[Result] = []
        steps = iter(work(item))
        try:
            while not stopped.is_set():
                results.append(next(steps))
        except StopIteration:
            pass
        except BaseException:
            stopped.set()  # at once: the next item may be waiting for its turn
            raise
        return results

    waiting: deque[Future[list[Result]]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as pool:  # leaving it waits for the thread
        try:
            for item in items:
                waiting.append(pool.submit(task, item))
                while waiting and (len(waiting) >= ahead or waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except Exception:  # a fault of `items` or of `work`: what was made before it is still worked out
            raise
        except BaseException:  # Ctrl-C, or nobody wants the rest
            stopped.set()
            raise
