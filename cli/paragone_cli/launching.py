"""``--processes N``: the same command, N times on this machine, started by torch's own launcher."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import uuid
from collections.abc import Collection, Sequence

import psutil

from paragone.errors import ProcessError, ToldElsewhere

from .main import wants_debug

LOOPBACK = "127.0.0.1"

SAVING_SECONDS = 600
"""How long processes may take to stop and save after a signal, before the launcher kills them; torch's own 30 may be too few."""


def launch(medium: str, count: int, arguments: Sequence[str]) -> None:
    """Run ``create MEDIUM train ARGUMENTS`` in ``count`` processes, as ``torchrun`` would.

    They write to this process's stdout and stderr; the first of them does. A signal
    is passed on to them.

    Raises:
        ToldElsewhere: if they fail and have said why; it has their exit code, 130 after a signal.
        ProcessError: if one of them was killed.
    """
    import torch.distributed as dist
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    if interface := loopback_interface():
        # where the processes listen to each other: else it is the address that other machines know this one by
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", interface)
    # torch's launcher finds this store by its port. One that it opens itself would listen to the whole network, and its elastic
    # rendezvous would unpickle whatever is written there.
    listener = socket.create_server((LOOPBACK, 0))
    store = dist.TCPStore(  # type: ignore[attr-defined]  # a public name all the same
        LOOPBACK, listener.getsockname()[1], is_master=True, wait_for_workers=False, multi_tenant=True, master_listen_fd=listener.detach()
    )
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="static",
        rdzv_endpoint=f"{LOOPBACK}:{store.port}",
        rdzv_configs={"rank": 0},
        max_restarts=0,
        monitor_interval=0.1,
        shutdown_timeout=SAVING_SECONDS,
    )
    if wants_debug(sys.argv[1:]):
        os.environ["PARAGONE_DEBUG"] = "1"  # the processes' command lines do not hold it
    else:
        logging.disable(logging.CRITICAL)  # the launcher reports every process that ends; ours say themselves what happened
    try:
        # -P: else a file in the current folder, which may be somebody's data set, could stand in for a module
        elastic_launch(config, sys.executable)("-P", "-m", "paragone_cli", medium, "train", *arguments)
    except ChildFailedError as error:
        raise outcome([failure.exitcode for failure in error.failures.values()]) from error
    except SignalException as error:
        raise ToldElsewhere("the first process has said that the state is saved", 130) from error
    finally:
        logging.disable(logging.NOTSET)


def loopback_interface() -> str:
    """The network interface that only this machine reaches, ``lo`` in Linux, ``lo0`` in macOS; empty if there is none."""
    addresses = {name: [each.address for each in known] for name, known in psutil.net_if_addrs().items()}
    return next((name for name, known in addresses.items() if LOOPBACK in known), "")


def outcome(codes: Collection[int]) -> ProcessError:
    """The error for processes of which some failed.

    Args:
        codes: how those ended: an exit code, or less than 0 after a signal. The launcher
            itself ends with SIGTERM what is left when one has failed.
    """
    told = [code for code in codes if code > 0]
    if told:
        return ToldElsewhere("the processes have said why", min(told))
    names = {signal.Signals(-code).name for code in codes}
    killed = ", ".join(sorted(names - {"SIGTERM"} or names))
    return ProcessError(
        f"a process of this training was killed ({killed})", fix="What was saved is intact: continue with --resume and the run's folder."
    )
