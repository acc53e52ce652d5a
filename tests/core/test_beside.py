from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest

from paragone.beside import beside


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def twice(item: int) -> Iterator[int]:
    yield 2 * item
    yield 2 * item + 1


def test_results_come_in_order() -> None:
    assert list(beside(twice, range(50))) == [[2 * item, 2 * item + 1] for item in range(50)]
    assert list(beside(twice, [])) == []


def test_the_next_item_is_made_while_one_is_worked_on() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        made.set()  # if both took turns, nobody would ever come here
        yield 1

    def work(item: int) -> Iterator[bool]:
        yield made.wait(30)

    assert list(beside(work, items())) == [[True], [True]]


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_no_more_are_made_than_asked_for(ahead: int) -> None:
    done: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            assert item - len(done) < ahead
            yield item

    def work(item: int) -> Iterator[None]:
        done.append(item)
        yield

    assert len(list(beside(work, items(), ahead))) == 100


def test_nothing_is_begun_after_a_fault() -> None:
    begun, got = [], []

    def work(item: int) -> Iterator[int]:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        yield item

    with pytest.raises(ValueError, match="three"):
        got.extend(results for results in beside(work, range(100)))
    assert (begun, got) == ([0, 1, 2, 3], [[0], [1], [2]])


def test_what_was_made_before_a_fault_is_worked_out() -> None:
    done: list[int] = []

    def items() -> Iterator[int]:
        yield from range(4)
        raise ValueError("no more")

    def work(item: int) -> Iterator[None]:
        done.append(item)
        yield

    with pytest.raises(ValueError, match="no more"):
        list(beside(work, items(), ahead=10))
    assert done == [0, 1, 2, 3]


def test_an_interruption_stops_it_after_the_step() -> None:
    stepping = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        assert stepping.wait(30)
        raise KeyboardInterrupt

    def work(item: int) -> Iterator[int]:
        while True:  # only a stop ends this
            stepping.set()
            yield item

    with pytest.raises(KeyboardInterrupt):
        list(beside(work, items()))


def test_it_may_be_left_early() -> None:
    with contextlib.closing(beside(twice, range(10**9))) as results:
        assert next(results) == [0, 1]
