from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from paragone.parallel import in_parallel


@pytest.fixture(autouse=True, params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before, living = torch.get_num_threads(), threading.active_count()
    torch.set_num_threads(request.param)
    yield request.param
    assert torch.get_num_threads() == request.param
    assert threading.active_count() == living
    torch.set_num_threads(before)


def test_results_come_in_order_and_each_call_has_one_core(threads: int) -> None:
    assert in_parallel(lambda item: (item, torch.get_num_threads()), range(50)) == [(item, 1) for item in range(50)]
    assert in_parallel(lambda item: item, []) == []


def test_as_many_at_once_as_torch_may_use(threads: int) -> None:
    together = threading.Barrier(threads)  # nobody gets past it alone
    assert in_parallel(lambda item: together.wait(30) >= 0, range(threads)) == [True] * threads


def test_one_item_is_worked_out_here() -> None:
    assert in_parallel(lambda item: threading.current_thread(), [0]) == [threading.current_thread()]


def test_the_first_fault_comes_out_and_the_rest_is_left() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        if item >= 3:
            time.sleep(0.001)  # as long as it takes to hand in many others
            raise ValueError(str(item))

    with pytest.raises(ValueError, match=r"^3$"):
        in_parallel(work, range(20_000))
    assert len(begun) < 20_000
