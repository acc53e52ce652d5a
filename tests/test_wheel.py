"""What is installed is all that is needed: the wheel alone, without this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import paragone

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = out.glob("*.whl")
    return path


def test_it_holds_licences_and_types(wheel: Path) -> None:
    assert wheel.name == f"paragone-{paragone.__version__}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    packages = ["paragone", "paragone_audio", "paragone_cli", "paragone_image", "paragone_text"]
    assert sorted({name.partition("/")[0] for name in names if "dist-info" not in name}) == packages
    assert sorted(name for name in names if name.endswith("/py.typed")) == [f"{package}/py.typed" for package in packages]
    licences = sorted(name.partition("/licenses/")[2] for name in names if "/licenses/" in name)
    assert licences == ["LICENSE", *(f"plugins/paragone_{medium}/starter/LICENSE.md" for medium in ("audio", "image", "text"))]


def test_it_makes_all_that_it_says(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "OMP_NUM_THREADS": "1"}

    def create(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "paragone_cli", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    code = "import paragone, paragone_image, paragone_audio, paragone_text, paragone_cli as c; print(paragone.__file__, c.__file__)"
    where = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert where.count(str(tmp_path / "site")) == 2
    assert create("image", "-n", "1", "--seed", "1") == "out/1.png\n"
    assert create("audio", "-n", "1", "--seed", "1") == "out/1.wav\n"
    assert len(create("text", "-n", "2", "--seed", "1").splitlines()) == 2
    assert len(json.loads(create("audio", "train", "--dry-run", "--json"))["data"]["labels"]) == 6
    create("new-plugin", "bells", "--medium", "waveform")
    assert (tmp_path / "paragone-bells" / "pyproject.toml").is_file()
