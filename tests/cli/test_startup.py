"""Help is quick, because nothing heavy is imported for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import paragone_cli

HEAVY = ("torch", "numpy", "PIL", "scipy", "rich.progress", "paragone.api", "paragone_cli.live")
MODULES = sorted(path.stem for path in Path(paragone_cli.__file__).parent.glob("*.py") if path.stem not in ("__init__", "__main__"))

PROBE = """
import sys
from paragone_cli.main import main
try:
    code = main(sys.argv[1:])
finally:
    loaded = sorted(name for name in {heavy!r} if name in sys.modules)
    print("LOADED", loaded, file=sys.stderr)
sys.exit(code)
"""


def environment() -> dict[str, str]:
    toy = Path(__file__).resolve().parents[1] / "toy"
    return {**os.environ, "PYTHONPATH": str(toy), "COLUMNS": "100"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("--help", 0),
        ("points --help", 0),
        ("points train --help", 0),
        ("points train --print-config", 0),
        ("plugins --json", 0),
        ("points --seeds x", 2),
    ],
)
def test_nothing_heavy_is_imported(line: str, code: int) -> None:
    arguments = line.split()
    # Typer wants pydantic for texts, which the pages that are read first have none of
    heavy = (*HEAVY, "pydantic") if arguments in (["--help"], ["points", "--help"]) else HEAVY
    probe = [sys.executable, "-c", PROBE.format(heavy=heavy), *arguments]
    done = subprocess.run(probe, capture_output=True, text=True, env=environment(), timeout=60)
    assert done.returncode == code, done.stderr
    assert "LOADED []" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["points", "--help"]], ids=" ".join)
def test_help_is_quick(arguments: list[str]) -> None:
    """Under 0.3 s of processor time; the best of a few, for the machine may be busy with other things."""
    command = [sys.executable, "-m", "paragone_cli", *arguments]
    assert any(_processor_seconds(command) < 0.3 for _ in range(8))


def _processor_seconds(command: list[str]) -> float:
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment(), check=True, timeout=60)
    after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def test_each_module_imports_alone() -> None:
    commands = [[sys.executable, "-c", f"import paragone_cli.{name}"] for name in MODULES]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    faults = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * len(MODULES), faults


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "paragone_cli", "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("create ")


def test_completion_reaches_flags_and_values() -> None:
    def complete(line: str) -> list[str]:
        asked = {"_CREATE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
        command = [sys.executable, "-m", "paragone_cli"]
        return subprocess.run(command, capture_output=True, text=True, env=environment() | asked, timeout=60).stdout.split()

    assert complete("create poi") == ["points"]
    assert complete("create points tr") == ["train"]
    assert complete("create points train --spre") == ["--spread"]
    assert complete("create points train --preset w") == ["wide"]
