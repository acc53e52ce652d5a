"""What a person may choose about a measurement, by environment variables, and where its result goes.

| variable | meaning | default |
|---|---|---|
| `PARAGONE_MNIST` | folder of MNIST's four gzipped IDX files | what needs it is skipped |
| `PARAGONE_BENCHMARK_MINUTES` | minutes of training a row; for the sprite race several, as `3,10,30` | said by each benchmark |
| `PARAGONE_BENCHMARK_SAMPLES` | real samples a row, instead of minutes | none |
| `PARAGONE_BENCHMARK_SEEDS` | seeds, as `0,1,2` | `0` |
| `PARAGONE_BENCHMARK_THREADS` | CPU threads | all cores |
| `PARAGONE_BENCHMARK_LOOKS` | how often Stacked MNIST is judged in a training, its end included | `4` |
| `PARAGONE_BENCHMARK_SET` | settings to try, as `penalty.fd_r1=0.3 train.batch=128` | none |
| `PARAGONE_BENCHMARK_RESULTS` | file that each result is appended to, one JSON line each | none |
| `PARAGONE_BENCHMARK_PICTURES` | folder that contact sheets are written to | none |
| `PARAGONE_BENCHMARK_CACHE` | folder of what is trained once and kept, such as the digit classifier | the user's cache folder |
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pytest
import torch

from paragone.settings import read_assignments


def _value(name: str) -> str:
    return os.environ.get(f"PARAGONE_{name}", "").strip()


def mnist_folder() -> Path:
    """MNIST's folder; skips the test if none is named."""
    if not _value("MNIST"):
        pytest.skip("PARAGONE_MNIST names no folder with MNIST's four gzipped IDX files")
    return Path(_value("MNIST"))


def minutes(default: str) -> tuple[float, ...]:
    """Budgets in minutes, one or more."""
    return tuple(float(part) for part in (_value("BENCHMARK_MINUTES") or default).split(","))


def samples() -> int | None:
    """The budget in real samples, if that is how it was given."""
    return int(_value("BENCHMARK_SAMPLES")) if _value("BENCHMARK_SAMPLES") else None


def budget(default: str) -> dict[str, Any]:
    """The budget of one training as a layer of settings."""
    count = samples()
    return {"train.minutes": minutes(default)[0]} if count is None else {"train.samples": count}


def seeds(default: str = "0") -> tuple[int, ...]:
    """Seeds to repeat a row with."""
    return tuple(int(part) for part in (_value("BENCHMARK_SEEDS") or default).split(","))


def threads() -> int:
    """CPU threads, at least 1."""
    return int(_value("BENCHMARK_THREADS") or os.cpu_count() or 1)


def looks() -> int:
    """How often to judge a row, its end included."""
    return int(_value("BENCHMARK_LOOKS") or 4)


def overrides() -> dict[str, Any]:
    """Settings that somebody wants to try: the last layer."""
    return read_assignments(_value("BENCHMARK_SET").split())


def cache() -> Path:
    """Where things that are made once are kept."""
    folder = Path(_value("BENCHMARK_CACHE") or Path(platformdirs.user_cache_dir("paragone", appauthor=False)) / "benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pictures() -> Path | None:
    """Where contact sheets go, if anywhere."""
    if not _value("BENCHMARK_PICTURES"):
        return None
    folder = Path(_value("BENCHMARK_PICTURES"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def record(facts: Mapping[str, Any]) -> None:
    """Append one JSON line to the results, if a file is named: long tables are made row by row."""
    if _value("BENCHMARK_RESULTS"):
        with open(_value("BENCHMARK_RESULTS"), "a", encoding="utf-8") as file:
            conditions = {"torch": str(torch.__version__), "threads": torch.get_num_threads(), "load": round(os.getloadavg()[0], 1)}
            file.write(json.dumps({**facts, **conditions}) + "\n")


@dataclass
class Watch:
    """Seconds since it was made: of the clock, and of this process on all cores.

    On a shared machine the second is the fairer one: a single thread that was
    never made to wait would need so many seconds.
    """

    wall_start: float
    cpu_start: float

    @classmethod
    def start(cls) -> Watch:
        """A running watch."""
        return cls(time.perf_counter(), time.process_time())

    @property
    def wall(self) -> float:
        """Seconds of the clock."""
        return time.perf_counter() - self.wall_start

    @property
    def cpu(self) -> float:
        """Seconds of processor time."""
        return time.process_time() - self.cpu_start

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stands still meanwhile."""
        apart = Watch.start()
        yield
        self.wall_start += apart.wall
        self.cpu_start += apart.cpu
