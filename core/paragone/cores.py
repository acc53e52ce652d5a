"""Leave cores that other programs use to them.

A parallel operation is finished when its slowest thread is. If another program
holds a core, the thread that should run there waits for the scheduler's next
slice, thousands of times a training step: on two cores, beside one busy program,
two threads are half as fast as one (docs/benchmarks/engine.md).
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterator

import psutil
import torch

TAKEN, GIVEN_BACK = 0.35, 0.15
"""Share of a core: above the first it counts as used by others, below the second as free again."""


class Cores:
    """Watches what other programs use, and sets torch's threads to what is left.

    Attributes:
        most: never more threads than this.
    """

    def __init__(self) -> None:
        self.most = torch.get_num_threads()
        # those that this process may use: what others do on the rest is no matter
        self._places = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
        self._process = psutil.Process()
        self._mark = self._read()

    def others(self) -> float:
        """Cores that other programs kept busy since the last call, such as 1.3."""
        before, self._mark = self._mark, self._read()
        busy, own, passed = (now - then for now, then in zip(self._mark, before, strict=True))
        return max(busy - own, 0.0) / max(passed, 1e-9)

    def adapt(self) -> int:
        """Set torch's threads to the cores that others leave free, at least 1.

        Returns:
            The number of threads from now on.
        """
        others, now = self.others(), torch.get_num_threads()
        # between the two thresholds nothing changes, so that it does not swing to and fro
        few, many = (min(self.most, max(1, len(self._places) - math.ceil(others - share))) for share in (GIVEN_BACK, TAKEN))
        wanted = min(max(now, few), many)
        if wanted != now:
            torch.set_num_threads(wanted)
        return wanted

    def _read(self) -> tuple[float, float, float]:
        """Seconds of all busy cores, of this process, and of the clock."""
        cores, own = psutil.cpu_times(percpu=True), self._process.cpu_times()
        busy = 0.0
        for times in (cores[place] for place in self._places if place < len(cores)):
            busy += sum(times[: 8 if len(times) > 8 else None]) - times.idle - getattr(times, "iowait", 0.0)
        return busy, own.user + own.system, time.monotonic()


@contextlib.contextmanager
def threads_kept() -> Iterator[None]:
    """Afterwards torch has as many threads as before: a training sets them for itself, and the program around it may go on."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def core_left_over() -> Iterator[None]:
    """Inside, torch uses one thread fewer, so that other work of this process has a core: two that share one make both wait."""
    with threads_kept():
        torch.set_num_threads(max(1, torch.get_num_threads() - 1))
        yield


def free_threads(seconds: float = 0.2) -> int:
    """Threads worth using now: a short look at what others use.

    Args:
        seconds: how long to look.
    """
    with threads_kept():
        cores = Cores()
        time.sleep(seconds)
        return cores.adapt()
