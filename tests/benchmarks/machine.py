"""What this machine can do, and how to time things on it side by side."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

CPU = torch.device("cpu")


def matmul_rate(dtype: torch.dtype, size: int = 2048, repeats: int = 10, device: torch.device = CPU) -> float:
    """Floating-point operations a second of a square matrix product: the best of ``repeats``."""
    a, b = torch.randn(2, size, size, device=device).to(dtype)
    times = []
    for _ in range(repeats):
        synchronise(device)
        begun = time.perf_counter()
        a @ b
        synchronise(device)
        times.append(time.perf_counter() - begun)
    return 2 * size**3 / min(times)


def synchronise(device: torch.device) -> None:
    """Wait until ``device`` has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def alternate(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of each, called in turns so that a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, mine in zip((first, second), times, strict=True):
            begun = time.perf_counter()
            function()
            mine.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


def count_work(step: Callable[[], object]) -> int:
    """Floating-point operations of ``step``, both derivatives of a convolution counted as much as itself.

    torch's own counter forgets the groups in the gradient of a convolution's weight: with
    a hundred groups it counts a hundred times too much.
    """
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.convolution_backward: _backward_work})
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]  # it is all that is used of it
    with counter:
        step()
    return int(counter.get_total_flops())


class _NoModules(contextlib.nullcontext[None]):
    """In place of the counter's own record of modules, which does not allow a gradient of a gradient."""

    parents = frozenset({"Global"})


def _backward_work(out: list[int], x: list[int], weight: list[int], *rest: Any, out_shape: object = None) -> int:
    *_, transposed, _, _, wanted = rest
    return (bool(wanted[0]) + bool(wanted[1])) * int(conv_flop_count(x, weight, out, transposed=transposed))
