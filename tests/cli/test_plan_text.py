from __future__ import annotations

from pathlib import Path

from paragone import weights
from paragone.run import Run
from paragone_cli.plan_text import lines, outcome, summary

PLAN = {
    "modality": "points",
    "preset": "mlp",
    "out": "runs/a",
    "data": {"path": None, "samples": 2500, "labels": [str(n) for n in range(40)], "fingerprint": "0", "spec": "2 coordinate"},
    "clusters": 0,
    "parameters": {"generator": 4610, "discriminator": 4545},
    "device": "cpu",
    "processes": 1,
    "precision": "fp32",
    "settings": {"train": {"minutes": None, "samples": 10_000, "batch": 64}},
}


def test_a_plan_in_one_line() -> None:
    assert summary(PLAN) == "points mlp: 2,500 samples with 40 labels (2 coordinate) on cpu in fp32 → runs/a"
    assert "40 labels in 64 clusters (2 coordinate)" in summary({**PLAN, "clusters": 64})


def test_a_plan_line_by_line() -> None:
    facts = dict(line.split(maxsplit=1) for line in lines(PLAN))
    assert facts["data"] == "starter set, 2,500 samples"
    assert facts["labels"].startswith("40: 0, 1, ")
    assert facts["labels"].endswith(", …")
    assert facts["clusters"] == "none"
    assert "clusters       64 of like samples" in lines({**PLAN, "clusters": 64})
    assert facts["budget"] == "10,000 samples, 64 samples a step"


def test_a_pace_says_how_long_and_how_often() -> None:
    told = {line.split(maxsplit=1)[0]: line for line in lines({**PLAN, "pace": 123.4})}["pace"]
    assert told == f"{'pace':<14} about 120 samples a second here: 10,000 in 1.4 minutes, each of 2,500 about 4 times"
    slow = {**PLAN, "pace": 0.234, "settings": {"train": {"minutes": 600.0, "samples": None, "batch": 64}}}
    assert lines(slow)[-2].endswith("about 0.23 samples a second here: 8,400 in 10 hours, each of 2,500 about 3.4 times")


def test_several_processes_are_named() -> None:
    plan = {**PLAN, "processes": 2}
    assert summary(plan).endswith("on cpu in fp32 by 2 processes → runs/a")
    assert lines(plan)[-1] == f"{'processes':<14} 2, 32 samples of a step each"
    assert not any("processes" in line for line in lines(PLAN))


def test_the_outcome_names_the_newest_sheet(tmp_path: Path) -> None:
    run = Run(tmp_path, {})
    weights.save(run.state, {}, {"samples": 128, "seconds": 1.23456})
    assert (outcome(run)["sheet"], outcome(run)["medley"]) == (None, None)
    run.samples.mkdir()
    for name in ("000000100.png", "000002000.png", "000000100.wav", "000002000.wav", ".000009999.png.tmp"):
        (run.samples / name).write_bytes(b"")
    assert outcome(run) == {
        "path": str(tmp_path),
        "samples": 128,
        "seconds": 1.235,
        "health": "",
        "sheet": str(run.samples / "000002000.png"),
        "medley": str(run.samples / "000002000.wav"),
    }
    for sheet in run.samples.glob("*.png"):
        sheet.unlink()
    assert (outcome(run)["sheet"], outcome(run)["medley"]) == (str(run.samples / "000002000.wav"), None), "a sheet to hear"
