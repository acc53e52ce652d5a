"""A third-party medium (tests/toy), one short training of it, and a way to call ``create``."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from paragone.registry import registry
from paragone_cli.main import main

TOY = Path(__file__).resolve().parents[1] / "toy"


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


Create = Callable[..., Result]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The toy medium is installed, and the current folder is an empty one."""
    monkeypatch.syspath_prepend(str(TOY))
    monkeypatch.setenv("PARAGONE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("PARAGONE_DEBUG", "PARAGONE_PLUGINS", "PARAGONE_BLOCK_PLUGINS", "PARAGONE_STRICT_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    registry.cache_clear()
    yield home
    registry.cache_clear()


@pytest.fixture
def create(toy: Path, capsys: pytest.CaptureFixture[str]) -> Create:
    """``create("points", "--seed", "3")`` runs the command line in this process."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the toy medium; tests only read it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOY))
        registry.cache_clear()
        api = importlib.import_module("paragone.api")
        out = tmp_path_factory.mktemp("trained") / "run"
        api.train("points", samples=256, out=out, settings={"train.stats_every": 64, "train.threads": 1})
        registry.cache_clear()
    return out
