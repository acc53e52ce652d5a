"""Fixtures for every test: a clean cache, one CPU thread, and the toy medium ``points``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# subprocesses find the toy plugin too, as they would find any installed one
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent / "toy"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


def pytest_configure(config: pytest.Config) -> None:
    """What is compared here was computed on a CPU, also by subprocesses that may choose; tests marked ``gpu`` have a run of their own."""
    if "not gpu" in config.getoption("markexpr"):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes comes first: at the end one worker would do it alone."""
    items.sort(key=lambda item: not item.name.startswith("test_every_command"))


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither read nor fill the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARAGONE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _few_threads() -> Iterator[None]:
    """Tiny networks run faster on one thread, and test workers do not fight over cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def trainer() -> Callable[..., Any]:
    """``trainer(settings…)``: a trainer of the toy medium, not begun."""
    from paragone import api
    from paragone.trainer import Trainer

    def make(**settings: Any) -> Trainer:
        dotted = {key.replace("__", "."): value for key, value in settings.items()}
        layer = {"train.samples": 1000, "train.device": "cpu", "train.precision": "fp32", **dotted}
        plan = api.plan("points", layers=[("test", layer)])
        return Trainer(plan.players, plan.dataset, plan.settings, plan.execution)

    return make


@pytest.fixture(scope="session")
def points_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the toy medium; tests must not change it."""
    import paragone

    out = tmp_path_factory.mktemp("runs") / "points"
    return paragone.train("points", out=out, samples=4096, settings={"train.device": "cpu", "train.stats_every": 512}).path
