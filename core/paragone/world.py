"""Which of several processes this is, as a launcher such as ``torchrun`` says it in the environment. No torch here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class World:
    """This process's place among those that train one model.

    Attributes:
        rank: its number, from 0.
        size: how many there are.
        local_rank: its number on this machine, from 0.
        local_size: how many there are on this machine.
        restarts: how often the launcher has started them before.
        launch: names the launch, the same after a restart; empty if nobody says.
        hosts_store: whether the store through which they meet ends with this process.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    restarts: int = 0
    launch: str = ""
    hosts_store: bool = False

    @classmethod
    def here(cls, environment: Mapping[str, str] = os.environ) -> World:
        """What the environment says; one process alone if it says nothing, or not enough."""
        numbers = [environment.get(name, "") for name in ("RANK", "WORLD_SIZE", "MASTER_PORT")]
        if not (all(number.isdigit() for number in numbers) and environment.get("MASTER_ADDR")):
            return cls()
        rank, size = int(numbers[0]), int(numbers[1])
        launch = environment.get("TORCHELASTIC_RUN_ID", "")
        if launch == "none":  # torchrun's default where nodes are listed by hand: it names no launch
            launch = f"none-{os.getppid()}"
        return cls(
            rank,
            size,
            int(environment.get("LOCAL_RANK", rank)),
            int(environment.get("LOCAL_WORLD_SIZE", size)),
            int(environment.get("TORCHELASTIC_RESTART_COUNT", 0)),
            launch,
            rank == 0 and environment.get("TORCHELASTIC_USE_AGENT_STORE") != "True",
        )

    @property
    def cores(self) -> int:
        """This process's share of the machine's cores, at least 1."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(1, cores // self.local_size)

    def __str__(self) -> str:
        return f"process {self.rank} of {self.size}"
