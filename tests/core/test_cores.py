from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
import torch

from paragone import api
from paragone.cores import Cores, core_left_over, free_threads


@pytest.fixture(autouse=True)
def _threads_come_back() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def pretend(cores: Cores, others: float, count: int = 4) -> None:
    """As if others had used so many of ``count`` cores for the last second."""
    cores._places = range(count)
    busy, own, clock = cores._read()
    cores._mark = (busy, own, clock)
    cores._read = lambda: (busy + 1.0 + others, own + 1.0, clock + 1.0)  # type: ignore[method-assign]  # a clock for the test


@pytest.mark.parametrize(("others", "threads"), [(0.0, 4), (0.3, 4), (0.5, 3), (1.0, 3), (1.3, 3), (2.2, 2), (9.0, 1)])
def test_what_others_use_is_left_to_them(others: float, threads: int) -> None:
    torch.set_num_threads(4)
    cores = Cores()
    pretend(cores, others)
    assert cores.adapt() == torch.get_num_threads() == threads


@pytest.mark.parametrize(("others", "threads"), [(0.0, 4), (0.1, 4), (0.25, 3), (1.2, 2), (3.0, 1)])
def test_and_taken_back_with_some_patience(others: float, threads: int) -> None:
    torch.set_num_threads(4)
    cores = Cores()
    torch.set_num_threads(1)
    pretend(cores, others)
    assert cores.adapt() == threads


def test_a_real_busy_program_is_seen() -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        cores = Cores()
        time.sleep(0.6)
        assert cores.others() > 0.3
    finally:
        busy.kill()
        busy.wait()


def test_only_the_cores_that_it_may_use_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0}, raising=False)
    busy, _, _ = Cores()._read()
    one = psutil.cpu_times(percpu=True)[0]
    assert busy == pytest.approx(sum(one[:8]) - one.idle - getattr(one, "iowait", 0.0), abs=2.0)
    assert busy <= 1.1 * (time.time() - psutil.boot_time())


def test_own_work_is_not_others() -> None:
    cores = Cores()
    before, until = cores._read(), time.monotonic() + 0.5
    while time.monotonic() < until:
        pass
    others, (_, own, passed) = cores.others(), (now - then for now, then in zip(cores._read(), before, strict=True))
    assert own > 0.1 * passed
    assert others < len(cores._places) - own / passed + 0.3  # whatever else the machine is doing


@pytest.mark.parametrize(("threads", "left"), [(4, 3), (2, 1), (1, 1)])
def test_a_core_is_left_over(threads: int, left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(torch, "set_num_threads", set_to.append)
    with pytest.raises(KeyboardInterrupt), core_left_over():
        raise KeyboardInterrupt
    assert set_to == [left, threads]


def test_a_budget_in_samples_settles_the_threads() -> None:
    assert api.plan("points", layers=[("", {"train.samples": 64})]).settings.train.threads == 1  # what the tests were given
    assert api.plan("points", layers=[("", {"train.minutes": 1.0})]).settings.train.threads == 0
    assert 1 <= free_threads(0.05) <= torch.get_num_threads()


def test_a_look_sees_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(4)
    readings = iter([(0.0, 0.0, 0.0), (2.3, 0.0, 1.0)])
    monkeypatch.setattr(Cores, "_read", lambda self: next(readings))
    monkeypatch.setattr("os.sched_getaffinity", lambda process: range(4), raising=False)
    assert free_threads(0.0) == 2
    assert torch.get_num_threads() == 4
