"""How a step's batch is cut: into one part for each process and accumulation."""

from __future__ import annotations

from .errors import UsageError


def part_size(batch: int, accumulate: int, group: int, processes: int = 1) -> int:
    """Samples that one process computes at once.

    Args:
        batch: samples of a step, over all processes.
        accumulate: parts that each process takes one after the other.
        group: consecutive samples that must stay together.
        processes: that share the batch.

    Raises:
        UsageError: if the batch cannot be cut like that.
    """
    among = f" for each of {processes} processes" if processes > 1 else ""
    if batch % (accumulate * processes):
        fix = (
            "Choose a divisor of train.batch."
            if processes == 1
            else "train.batch is the batch of all processes: choose a multiple of them."
        )
        raise UsageError(
            f"a batch of {batch} cannot be split into {accumulate} equal parts{among}",
            where="train.accumulate" if processes == 1 else "train.batch",
            fix=fix,
        )
    size = batch // (accumulate * processes)
    if size % group:
        raise UsageError(
            f"parts of {size} samples{among} cannot be made of groups of {group}",
            where="train.group",
            fix="Choose train.batch and train.accumulate so that each part is a multiple of train.group.",
        )
    return size
