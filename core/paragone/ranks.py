"""What the processes of one training say to each other: few things, and here one process alone, which has nobody to talk to.

So the trainer need not ask how many there are; :class:`paragone.distributed.Processes`
is one of several.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch

from .world import World

State = tuple[dict[str, torch.Tensor], dict[str, Any]]
"""Tensors by name, and facts that are JSON values."""


class Ranks:
    """One process alone.

    Attributes:
        world: its place among the others.
    """

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self._launcher = os.getppid()

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self.world.size

    @property
    def rank(self) -> int:
        """This one's number, from 0."""
        return self.world.rank

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    @property
    def abandoned(self) -> bool:
        """Whether the launcher, which would pass signals on, has ended."""
        return bool(self.world.launch) and os.getppid() != self._launcher

    def average(self, tensors: Sequence[torch.Tensor], numbers: Sequence[float] = ()) -> list[float]:
        """Replace ``tensors``, of equal shapes everywhere, by their means over all processes; also the means of ``numbers``."""
        return list(numbers)

    def beat(self, led: Sequence[float], votes: Sequence[bool]) -> tuple[list[float], list[bool]]:
        """Once a step: rank 0's ``led``, and for each of ``votes`` whether any process is for it."""
        return list(led), list(votes)

    def share(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace ``tensors`` by rank 0's."""

    def read(self, work: Callable[[], State]) -> State:
        """What ``work`` returns on rank 0, which alone runs it; tensors are on the CPU."""
        return work()

    def tell(self, work: Callable[[], Any]) -> Any:
        """What ``work`` returns on rank 0, which alone runs it: a JSON value."""
        return work()

    @contextlib.contextmanager
    def after_first(self) -> Iterator[None]:
        """Rank 0 runs what is inside; when it is done, all others do."""
        yield

    def pool(self, sums: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Means over all processes of tensors by name, each of shape ``(2,)``; where a process lacks one, it counts as zero."""
        return dict(sums)

    def check_equal(self, what: Mapping[str, Iterable[bytes]], fix: str) -> None:
        """Raise unless the named contents are equal in all processes.

        Raises:
            ProcessError: naming the first that is not, and a process where it differs.
        """

    def wait(self) -> None:
        """Until every process has come here."""

    def device(self, name: str) -> str:
        """The device of this process, where the settings say ``name``."""
        return name

    def leave(self) -> None:
        """Let the others notice at once that this process takes no part any more."""

    def settle(self, error: BaseException) -> BaseException:
        """The error to raise for ``error``: only one process tells the user what went wrong."""
        return error
