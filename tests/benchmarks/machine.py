"""What this machine can do, and how to time things on it side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch


def matmul_rate(dtype: torch.dtype, size: int = 2048, repeats: int = 10) -> float:
    """Floating-point operations a second of a square matrix product: the best of ``repeats``."""
    a, b = torch.randn(2, size, size).to(dtype)
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - begun)
    return 2 * size**3 / min(times)


def alternate(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of each, called in turns so that a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, mine in zip((first, second), times, strict=True):
            begun = time.perf_counter()
            function()
            mine.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])
