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
    if batch % accumulate:
        raise UsageError(
            f"a batch of {batch} cannot be split into {accumulate} equal parts",
            where="train.accumulate",
            fix="Choose a divisor of train.batch.",
        )
    if batch % (accumulate * processes):
        parts = f" in {accumulate} parts each" if accumulate > 1 else ""
        raise UsageError(
            f"a batch of {batch} cannot be shared evenly by {processes} processes{parts}",
            where="train.batch",
            fix=f"It is the batch of all processes: choose a multiple of {accumulate * processes}.",
        )
    size = batch // (accumulate * processes)
    if size % group:
        raise UsageError(
            f"parts of {size} samples cannot be made of groups of {group}",
            where="train.group",
            fix="Choose train.batch, train.accumulate and the number of processes so that each part is a multiple of train.group.",
        )
    return size
