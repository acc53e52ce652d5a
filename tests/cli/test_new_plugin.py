"""What ``create new-plugin`` writes is a plugin: installed in an environment of its own it keeps the contract, trains and makes samples."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from paragone_cli.new_plugin import contents

from .conftest import Create

MEDIA = ("vector", "image", "tokens", "waveform")


@pytest.mark.parametrize("medium", MEDIA)
def test_it_is_short_and_has_no_gaps(medium: str) -> None:
    written = dict(contents("two-bells", medium))
    package = "paragone_two_bells"
    assert set(written) == {
        "README.md",
        "pyproject.toml",
        "tests/test_contract.py",
        *(f"{package}/{name}.py" for name in ("__init__", "plugin", "model")),
    }
    assert sum(len(text.splitlines()) for text in written.values()) <= 150
    assert not any("my-medium" in text or "my_medium" in text for text in written.values())
    assert f'two-bells = "{package}.plugin"' in written["pyproject.toml"]


def test_paths_on_stdout_and_what_comes_next_on_stderr(create: Create, toy: Path) -> None:
    result = create("new-plugin", "bells")
    assert result.code == 0
    assert all(Path(line).is_file() for line in result.out.splitlines())
    assert "create bells train" in result.err
    facts = json.loads(create("new-plugin", "horns", "--medium", "waveform", "--out", "here", "--json").out)
    assert facts["path"] == "here"
    assert all(Path(path).is_file() for path in facts["files"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "NAME: is given no value"),
        (("Bells",), "'Bells' cannot be the name"),
        (("two_bells",), "cannot be the name"),
        (("plugins",), "means something else"),
        (("../up",), "cannot be the name"),
        (("a--b",), "cannot be the name"),
        (("points",), "'points' is taken by toy-plugin"),
        (("image",), "'image' is taken by paragone"),
        (("cli",), "a package called paragone_cli is there already"),
        (("bells", "--medium", "vectr"), "Did you mean 'vector'"),
    ],
)
def test_a_name_that_cannot_be_is_refused(create: Create, toy: Path, arguments: tuple[str, ...], reason: str) -> None:
    result = create("new-plugin", *arguments)
    assert result.code == 2
    assert reason in result.err
    assert list(toy.iterdir()) == []


def test_nothing_is_overwritten(create: Create, toy: Path) -> None:
    (toy / "paragone-bells").mkdir()
    assert create("new-plugin", "bells").code == 0  # an empty folder is no loss
    before = (toy / "paragone-bells" / "README.md").read_bytes()
    result = create("new-plugin", "bells", "--medium", "image")
    assert result.code == 1
    assert "is there already" in result.err
    assert (toy / "paragone-bells" / "README.md").read_bytes() == before
    (toy / "a-file").write_text("mine")
    assert create("new-plugin", "bells", "--out", "a-file").code == 1


def scratch(folder: Path) -> Path:
    """A new environment that sees what is installed here; its python."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    site = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    (Path(site) / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n")
    return python


@pytest.mark.parametrize("medium", MEDIA)
def test_installed_it_keeps_the_contract_trains_and_makes_samples(medium: str, create: Create, toy: Path, tmp_path: Path) -> None:
    assert create("new-plugin", f"my-{medium}", "--medium", medium, "--out", "package").code == 0
    python = scratch(tmp_path / "scratch")
    environment = {**os.environ, "PYTHONPATH": "", "PARAGONE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run([python, "-m", *arguments], cwd=toy, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "./package")
    rows = {row["name"]: row for row in json.loads(run("paragone_cli", "plugins", "--json"))}
    assert (rows[f"my-{medium}"]["state"], rows[f"my-{medium}"]["reason"]) == ("ok", "")
    assert " failed" not in run("pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "package/tests")
    run("paragone_cli", f"my-{medium}", "train", "--samples", "1024", "--set", "train.threads=1", "--out", "run")
    made = json.loads(run("paragone_cli", f"my-{medium}", "--run", "run", "-n", "3", "--seed", "1", "--out", "out", "--json"))
    assert len(made["files"]) == 3
    assert all((toy / file["path"]).is_file() for file in made["files"])
