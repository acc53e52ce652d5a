from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paragone import plugin_files
from paragone_cli import main as module

from .conftest import Create


def fail() -> None:
    raise ValueError("a fault of ours")


def test_an_unexpected_fault_shows_no_traceback(create: Create, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "build_root", fail)
    result = create("plugins")
    assert result.code == 1
    assert result.err == "error: internal fault: ValueError: a fault of ours; run again with --debug and report it\n"


@pytest.mark.parametrize("arguments", [["--debug", "plugins"], ["plugins", "--debug"]])
def test_debug_shows_the_traceback(create: Create, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr(module, "build_root", fail)
    result = create(*arguments)
    assert result.code == 1
    assert "Traceback" in result.err
    assert result.err.endswith("report it\n")


def test_debug_from_the_environment(create: Create, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARAGONE_DEBUG", "1")
    assert "Traceback" in create("nothing").err
    monkeypatch.setenv("PARAGONE_DEBUG", "0")
    assert "Traceback" not in create("nothing").err


def test_debug_after_a_double_dash_is_no_flag() -> None:
    assert not module.wants_debug(["points", "train", "--", "--debug"])


@pytest.mark.parametrize("arguments", [["--debug", "plugins"], ["plugins", "--debug"], ["points", "--debug", "--help"]])
def test_debug_is_accepted_everywhere(create: Create, arguments: list[str]) -> None:
    assert create(*arguments).code == 0


ONE_FILE = """
from dataclasses import dataclass
from paragone.hooks import hookimpl
from paragone.modality import Modality, Preset
@dataclass(frozen=True)
class Networks: pass
@hookimpl
def paragone_modality():
    return Modality("drops", "Drops.", (Preset("p", "P.", "drops_plugin:build", Networks),), "drops_plugin:open", api_version=1)
"""


@pytest.fixture
def drops(toy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A plugin of one file in the current folder."""
    monkeypatch.setenv(plugin_files.FILES, "")
    (toy / "drops_plugin.py").write_text(ONE_FILE)
    yield "drops_plugin.py"
    sys.modules.pop("drops_plugin", None)


@pytest.mark.parametrize("place", range(3))
def test_a_plugin_in_one_file_may_be_named_anywhere(create: Create, drops: str, place: int) -> None:
    assert create("drops", "--help").code == 3
    words = ["drops", "--help"]
    words[place:place] = ["--plugin", drops]
    result = create(*words)
    assert result.code == 0, result.err
    assert "Drops." in result.out
    assert os.environ[plugin_files.FILES] == str(Path(drops).absolute())  # for the processes of this one


def test_a_plugin_in_one_file_is_listed_and_described(create: Create, drops: str) -> None:
    listed = create(f"--plugin={drops}", "plugins").out
    assert [line.split()[:4] for line in listed.splitlines() if "drops" in line] == [["drops_plugin", "ok", "1", "drops"]]
    assert "--plugin" in create("--help").out


@pytest.mark.parametrize("words", [["--plugin"], ["--plugin", "none.py"], ["--plugin=", "plugins"], ["plugins", "--plugin", "."]])
def test_a_plugin_file_that_is_none(create: Create, drops: str, words: list[str]) -> None:
    result = create(*words)
    assert result.code == 2
    assert "Name a file.py." in result.err


def test_after_a_double_dash_it_is_no_flag() -> None:
    assert module.take_plugins(["image", "train", "--", "--plugin", "x"]) == ["image", "train", "--", "--plugin", "x"]


def test_ctrl_c(create: Create, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("paragone_cli.plugins.registry", interrupt)
    result = create("plugins")
    assert (result.code, result.err) == (130, "interrupted\n")


def shell(command: str, toy: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, shell=True, capture_output=True, text=True, cwd=toy, timeout=60)


def test_a_closed_pipe_is_quiet(toy: Path) -> None:
    done = shell(f"{sys.executable} -m paragone_cli plugins --json | true", toy)
    assert done.stderr == ""


def test_a_full_disk_on_stdout_is_told(toy: Path) -> None:
    if not Path("/dev/full").exists():
        return  # only Linux can play a full disk like this
    done = shell(f"{sys.executable} -m paragone_cli plugins --json > /dev/full", toy)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the disk is full\n")


@pytest.mark.skipif(os.name != "posix", reason="shell syntax")
@pytest.mark.parametrize(
    ("words", "code", "out"),
    [("nothing 2>&-", 3, ""), ("plugins >&-", 0, ""), ("plugins >&- 2>&- <&-", 0, ""), ("nothing 2>/dev/full", 3, "")],
)
def test_closed_streams_change_neither_code_nor_output(toy: Path, words: str, code: int, out: str) -> None:
    done = shell(f"{sys.executable} -m paragone_cli {words}", toy)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, "")


def test_a_current_folder_that_was_deleted(toy: Path) -> None:
    done = shell(f"mkdir gone && cd gone && rmdir ../gone && {sys.executable} -m paragone_cli points -n 1", toy)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the current folder does not exist any more\n")
