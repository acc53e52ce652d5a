"""How long a user waits before anything happens."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import paragone

pytestmark = pytest.mark.benchmark

CREATE = str(Path(sys.executable).parent / "create")


def seconds(*command: str) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["image", "--help"], ["image", "train", "--help"], ["plugins"]):
        took = [seconds(CREATE, *words) for _ in range(10)]
        with capsys.disabled():
            print(f"\ncreate {' '.join(words)}: {statistics.median(took):.3f} s (best {min(took):.3f})", end="")


def test_from_command_to_pictures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`create image` on a trained run over `import torch`: at most 2."""
    run = paragone.train("image", out=tmp_path / "run", samples=128)
    ratios = []
    for index in range(10):
        torch_alone = seconds(sys.executable, "-c", "import torch")
        pictures = seconds(CREATE, "image", "--run", str(run.path), "--out", str(tmp_path / str(index)), "--seed", "0")
        ratios.append((pictures / torch_alone, pictures, torch_alone))
    ratio, pictures, torch_alone = sorted(ratios)[len(ratios) // 2]
    with capsys.disabled():
        print(f"\ncreate image, 8 pictures: {pictures:.2f} s; import torch: {torch_alone:.2f} s; ratio {ratio:.2f}")
    assert ratio <= 2
