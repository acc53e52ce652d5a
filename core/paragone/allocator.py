"""Keep freed memory in the process while training on a CPU.

A training step frees and asks for the same large blocks over and over. glibc
returns each to the kernel and takes it back page by page, and the page faults
cost a good part of a step. Telling it to keep them changes no number.
"""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # from malloc.h


def keep_freed_memory() -> bool:
    """Ask the C library to keep what is freed; the process stays at its peak size.

    Returns:
        Whether it understood: only glibc does.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    # 32 MiB is the most that glibc takes for the first; blocks above it still come from the kernel
    wishes = ((M_MMAP_THRESHOLD, 1 << 25), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 1 << 26))
    understood = [mallopt(option, value) == 1 for option, value in wishes]  # a list: ask for all three
    return all(understood)
