"""``--processes N``: the same command, N times on this machine, started by torch's own launcher."""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Collection, Sequence

from .faults import say
from .main import wants_debug


def launch(medium: str, count: int, arguments: Sequence[str]) -> int:
    """Run ``create MEDIUM train ARGUMENTS`` in ``count`` processes, as ``torchrun`` would.

    They write to this process's stdout and stderr; the first of them does. A signal
    is passed on to them.

    Returns:
        The exit code: theirs, or 130 after a signal.
    """
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        monitor_interval=0.1,
    )
    if wants_debug(sys.argv[1:]):
        os.environ["PARAGONE_DEBUG"] = "1"  # the processes' command lines do not hold it
    else:
        logging.disable(logging.CRITICAL)  # the launcher reports every process that ends; ours say themselves what happened
    try:
        elastic_launch(config, sys.executable)("-m", "paragone_cli", medium, "train", *arguments)
    except ChildFailedError as error:
        return exit_code([failure.exitcode for failure in error.failures.values()])
    except SignalException:
        return 130  # the first process has said that the state is saved
    finally:
        logging.disable(logging.NOTSET)
    return 0


def exit_code(codes: Collection[int]) -> int:
    """The exit code for processes that ended with ``codes``, negative ones after a signal; if none could say why, say so."""
    told = [code for code in codes if code > 0]
    if told:
        return min(told)
    names = {signal.Signals(-code).name for code in codes} - {"SIGTERM"} or {"SIGTERM"}  # SIGTERM is how the launcher ended the others
    say(f"error: a process of this training was killed ({', '.join(sorted(names))})\nWhat was saved is intact: continue with --resume.")
    return 1
