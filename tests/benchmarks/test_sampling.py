"""Thousands of pictures to disk: how fast beside the bare generator, and in how much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import paragone

pytestmark = pytest.mark.benchmark

COUNT = int(os.environ.get("PARAGONE_BENCHMARK_SAMPLES", "10000"))

CODE = """
import json, sys, tempfile, time
import psutil
import torch
import paragone
from paragone.generating import CHUNK
from paragone.writing import save_all

run, threads, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
model = paragone.load(run, device="cpu")
latent = torch.randn(CHUNK, model.generator.latent_size)
label = torch.arange(CHUNK) % len(model.labels)

def bare(samples):
    with torch.inference_mode():
        for _ in range(samples // CHUNK):
            model.generator(latent, label)

peak = 0
def look(_):
    global peak  # not ru_maxrss: a process is born with its parent's
    peak = max(peak, psutil.Process().memory_info().rss)

def to_disk(samples):
    with tempfile.TemporaryDirectory() as out:
        begun = time.perf_counter()
        save_all(model, range(samples), out, progress=look)
        return time.perf_counter() - begun

bare(CHUNK)
to_disk(1000)
few = peak
begun = time.perf_counter()
bare(count // 2)
before = time.perf_counter() - begun
disk = to_disk(count)
begun = time.perf_counter()
bare(count - count // 2)
after = time.perf_counter() - begun
print(json.dumps({"bare": count / (before + after), "disk": count / disk, "growth": (peak - few) / 2**20}))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`small`, hardly trained: its speed does not depend on what it has learned."""
    return paragone.train("image", out=tmp_path_factory.mktemp("run") / "small", samples=64).path


@pytest.mark.parametrize("threads", [1, 2])
def test_to_disk_over_the_bare_generator(run: Path, threads: int, capsys: pytest.CaptureFixture[str]) -> None:
    """At least half the bare rate."""
    done = subprocess.run([sys.executable, "-c", CODE, str(run), str(threads), str(COUNT)], capture_output=True, text=True, check=True)
    facts = json.loads(done.stdout)
    ratio = facts["disk"] / facts["bare"]
    with capsys.disabled():
        rates = f"{facts['disk']:.0f} a second to disk, {facts['bare']:.0f} bare: ratio {ratio:.2f}"
        print(f"\n{threads} thread(s), {COUNT} pictures: {rates}; {facts['growth']:.1f} MiB more at the peak than for 1000")
    assert facts["growth"] < 32
    assert ratio >= 0.5
