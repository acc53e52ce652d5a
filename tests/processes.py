"""Several real processes on this machine that call a function together, for tests of distributed training.

They come from a server that has imported torch once, and meet on loopback as the
processes of ``torchrun`` do.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import torch.distributed as dist

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["torch._dynamo", "paragone.api", "toy_plugin.model"])  # what would take each of them seconds


@dataclass
class Ended:
    """How one process ended.

    Attributes:
        value: what the function returned; ``None`` after an error.
        error: the exception's class and words, empty without one.
        code: its exit code as Paragone means it; negative: the signal that killed the process.
    """

    value: Any = None
    error: str = ""
    code: int = 0


def turns(seconds: float) -> Iterator[float]:
    """So many tenths of a second to wait for, one after another: a machine that stands still for a while takes none meanwhile."""
    yield from (0.1 for _ in range(round(10 * seconds)))


def environment(rank: int, size: int, port: int, launcher: bool) -> dict[str, str]:
    """What torchrun would tell a process, or a cluster's own launcher that keeps no store."""
    own = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "MASTER_PORT": port}
    store = {"MASTER_ADDR": "127.0.0.1", "TORCHELASTIC_USE_AGENT_STORE": str(launcher)}
    return {**store, "PARAGONE_CACHE": os.environ["PARAGONE_CACHE"], **{key: str(value) for key, value in own.items()}}


def together(function: Callable[..., Any], *arguments: Any, size: int = 2, limit: float = 60.0, launcher: bool = True) -> list[Ended]:
    """Call ``function(*arguments)`` in ``size`` processes that are one world.

    Args:
        function: of a module that can be imported.
        arguments: for it.
        size: how many; one is no world.
        limit: seconds, as :func:`turns` counts them, after which those that still run are killed, and the test fails.
        launcher: whether the store through which they meet outlives them, as torchrun's does.

    Returns:
        How each ended, by rank.
    """
    running, left = [], turns(limit)
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    port = store.port
    if not launcher:
        del store  # and leave the port to the first process
    for rank in range(size):
        mine, theirs = _SERVER.Pipe(duplex=False)
        told = environment(rank, size, port, launcher) if size > 1 else {"PARAGONE_CACHE": os.environ["PARAGONE_CACHE"]}
        process = _SERVER.Process(target=_call, args=(theirs, told, function, arguments))
        process.start()
        theirs.close()
        running.append((process, mine))
    ended = []
    for process, mine in running:
        answer = Ended()
        if any(mine.poll(tenth) for tenth in left):
            with contextlib.suppress(EOFError):  # it was killed
                answer = mine.recv()
        stuck = process.is_alive() and all(_lives_for(process, tenth) for tenth in left)
        if stuck:
            process.kill()
            process.join()
        assert not stuck, f"after {limit} seconds it still runs"
        answer.code = answer.code or process.exitcode or 0
        mine.close()
        process.close()
        ended.append(answer)
    return ended


def _lives_for(process: BaseProcess, seconds: float) -> bool:
    process.join(seconds)
    return process.is_alive()


def _call(answer: Connection, told: dict[str, str], function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        os.environ.pop(name, None)
    os.environ.update(told)
    import torch

    torch.set_num_threads(1)
    try:
        ended = Ended(function(*arguments))
    except BaseException as error:
        notes = "".join(f" [{note}]" for note in getattr(error, "__notes__", []))
        ended = Ended(error=f"{type(error).__name__}: {error}{notes}", code=getattr(error, "exit_code", 1))
    answer.send(ended)
    answer.close()
