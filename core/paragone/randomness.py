"""Every random number, from (seed, what for, where in the training): no hidden state.

Because nothing depends on what was drawn before, a resumed training needs no
saved generator, and sample *i* does not depend on its batch or its device: all
draws are made on the CPU.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

import torch


def derive(seed: int, *path: str | int) -> int:
    """A 63-bit seed for one purpose, well spread even for neighbouring ``path``."""
    text = "/".join(map(str, (seed, *path)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator_for(seed: int, *path: str | int) -> torch.Generator:
    """A CPU generator for one purpose; the same arguments give the same numbers.

    torch's generator takes 32 bits of a seed: of a hundred thousand purposes, one pair or two have the same numbers.
    """
    return torch.Generator().manual_seed(derive(seed, *path))


def remembered(device: torch.device) -> Callable[[], AbstractContextManager[None]]:
    """What networks draw from by themselves, as it is now; within what is returned they draw the same again.

    Args:
        device: that they run on.
    """
    cpu = torch.get_rng_state()
    other = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    mps = torch.mps.get_rng_state() if device.type == "mps" else None  # which fork_rng does not know

    @contextlib.contextmanager
    def again() -> Iterator[None]:
        with torch.random.fork_rng([device] if other is not None else []):
            torch.set_rng_state(cpu)
            if other is not None:
                torch.cuda.set_rng_state(other, device)
            if mps is None:
                yield
                return
            after = torch.mps.get_rng_state()
            torch.mps.set_rng_state(mps)
            try:
                yield
            finally:
                torch.mps.set_rng_state(after)

    return again


def latents(seeds: Iterable[int], size: int, attempt: int = 0) -> torch.Tensor:
    """``(len(seeds), size)`` float32, standard normal; row *i* depends on seed *i* alone.

    Args:
        seeds: one a row.
        size: of a latent.
        attempt: another number gives another latent of the same seed; 0 is the usual one.
    """
    again = (attempt,) if attempt else ()
    return torch.stack([torch.randn(size, generator=generator_for(seed, "latent", *again)) for seed in seeds])
