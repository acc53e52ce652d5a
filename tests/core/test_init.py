"""The package's own names: found when they are asked for, and by those who look around."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import paragone


def test_every_name_is_there_and_listed() -> None:
    assert set(paragone.__all__) <= set(dir(paragone))
    for name in paragone.__all__:
        assert name == "__version__" or inspect.isclass(getattr(paragone, name)) or callable(getattr(paragone, name))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = paragone.trian  # type: ignore[attr-defined]  # the point of the test


def test_a_type_checker_knows_the_names(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import paragone\nfrom paragone import Run\nmade: Run = paragone.train('image')\nreveal_type(made.path)\nparagone.trian('image')\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "--follow-imports=silent", "own.py"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    assert 'Revealed type is "pathlib.Path"' in said
    assert 'Module has no attribute "trian"' in said
    assert "Found 1 error" in said
