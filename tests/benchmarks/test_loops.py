"""Loops: does a bar of drums that `small` makes with ``--loop`` run into its beginning, and is it any good?

The bars are put together of the bundled drums: two beats, one a label, each bar with drums of its own. What
rings over its end is heard at its beginning. ``cut``: the same real bars cut off in the middle, as a seam that nobody cared for.

    PARAGONE_BENCHMARK_SAMPLES=20000 pytest -m benchmark -s tests/benchmarks/test_loops.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch

import paragone
from paragone import weights
from paragone.evaluation.evaluate import evaluate
from paragone_audio.evaluation.descriptors import step

from . import knobs
from .test_drums import CPU, HELD_OUT, MEDIUM, drums

pytestmark = pytest.mark.benchmark

RATE = 16_000
STEPS = 16
LENGTH = 31 * 1024
"""Samples of a bar: 1.984 s, 121 beats a minute."""
BEATS = {
    "straight": {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "..x...x...x...x."},
    "broken": {"kick": "x..x......x.....", "snare": "....x..x.x..x...", "hat": "x.x.x.x.x.x.x.x."},
}
"""Label → drum → the sixteenths on which it is hit."""
BARS = 200
"""Of each label."""


def bar(beat: dict[str, str], hits: dict[str, torch.Tensor], chosen: torch.Generator) -> torch.Tensor:
    """``(L,)``: one bar, played round and round."""
    made = torch.zeros(LENGTH)
    for drum, pattern in beat.items():
        wave = hits[drum][int(torch.randint(len(hits[drum]), (), generator=chosen))]
        for place in (number for number, mark in enumerate(pattern) if mark == "x"):
            loudness = 0.5 + 0.5 * float(torch.rand((), generator=chosen))
            made.index_add_(0, (torch.arange(len(wave)) + place * LENGTH // STEPS) % LENGTH, wave * loudness)
    return made


def write_bars(folder: Path) -> None:
    """The bars of each label, as files."""
    dataset, chosen = drums(), torch.Generator().manual_seed(0)
    waves, numbers = dataset.batch(torch.arange(len(dataset)), CPU)
    assert numbers is not None
    hits = {label: waves[numbers == number][:, 0] for number, label in enumerate(dataset.labels)}
    for label, beat in BEATS.items():
        (folder / label).mkdir(parents=True)
        for number in range(BARS):
            wave = bar(beat, hits, chosen)
            soundfile.write(folder / label / f"{number}.flac", (wave / wave.abs().amax() * 0.9).numpy(), RATE)


def report(row: str, **facts: Any) -> None:
    line = {"benchmark": "loops", "row": row, **facts}
    print(line)
    knobs.record(line)


def test_loops(tmp_path: Path) -> None:
    write_bars(tmp_path / "bars")
    for seed in knobs.seeds():
        layer = {"data.loop": True, "train.hold_out": HELD_OUT, "train.device": "cpu", "train.seed": seed, "train.threads": knobs.threads()}
        out = (knobs.pictures() or tmp_path) / f"loops-{seed}"
        run = paragone.train(MEDIUM, tmp_path / "bars", out=out, settings={**layer, **knobs.budget("20"), **knobs.overrides()})
        found = evaluate(run.path, count=256, device="cpu")
        assert found.training is not None
        real = found.training.read(torch.arange(len(found.training)))[:, 0]
        cut = step(real[:, : LENGTH // 2 + LENGTH // (4 * STEPS)], RATE).nanmean().sqrt()  # in the middle of a hit
        report("cut", seed=seed, seam=round(float(cut), 3))
        for row, scores in (("real", found.total.real), ("small", found.total.generated)):
            values = {name: None if score.value is None else round(score.value, 4) for name, score in scores.items()}
            report(
                row,
                seed=seed,
                samples=weights.read(run.state)[1]["samples"],
                memorisation=found.memorisation and found.memorisation.ratio,
                **values,
            )
