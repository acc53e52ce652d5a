from __future__ import annotations

import dataclasses
import importlib
import json
import re
import shutil
from pathlib import Path

import pytest

from paragone.modality import Modality
from paragone.registry import registry
from paragone.settings import read_toml, settle

from .conftest import Create

SHORT = ["--samples", "256", "--set", "train.threads=1", "--set", "train.stats_every=64"]


def medium() -> Modality:
    return registry().modalities["points"]


def test_the_run_s_path_on_stdout_and_the_rest_on_stderr(create: Create, toy: Path) -> None:
    result = create("points", "train", *SHORT)
    assert result.code == 0, result.err
    assert result.out == "runs/points-1\n"
    assert (toy / "runs" / "points-1" / "generator.safetensors").exists()
    assert "2,500 samples" in result.err
    assert "done: 256 samples" in result.err
    assert create("points", "train", *SHORT).out == "runs/points-2\n"


def test_json_and_quiet(create: Create, toy: Path) -> None:
    result = create("points", "train", *SHORT, "--out", "runs/q", "--json", "--quiet")
    assert result.err == ""
    facts = json.loads(result.out)
    assert facts["path"] == "runs/q"
    assert facts["samples"] == 256
    assert facts["seconds"] > 0
    assert facts["health"] in ("starting", "learning", "collapsed", "overfitting", "diverging")
    assert Path(facts["sheet"]).parent == Path("runs/q/samples")


def test_what_can_be_heard_is_named(create: Create, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = importlib.import_module("toy_plugin.model")
    monkeypatch.setattr(model.PointFiles, "medley", lambda *given: b"heard", raising=False)
    monkeypatch.setattr(model.PointFiles, "medley_extension", ".wav", raising=False)
    result = create("points", "train", *SHORT, "--out", "runs/q", "--json")
    facts = json.loads(result.out)
    assert facts["medley"] == facts["sheet"].replace(".json", ".wav")
    assert Path(facts["medley"]).read_bytes() == b"heard"
    assert f"look at {facts['sheet']}, hear {facts['medley']}, then" in result.err


def test_flags_win_over_set_over_file_over_preset_over_defaults(create: Create, toy: Path) -> None:
    (toy / "mine.toml").write_text('[train]\nbatch = 8\nseed = 8\nobjective = "hinge"\n[data]\ncopies = 8\n')

    def batch(*arguments: str) -> object:
        result = create("points", "train", "--print-config", *arguments)
        assert result.code == 0, result.err
        (toy / "printed.toml").write_text(result.out)
        return read_toml(toy / "printed.toml")["train.batch"]

    file, assigned, flag = ["--config", "mine.toml"], ["--set", "train.batch=16"], ["--batch", "64"]
    assert batch() == 64
    assert batch("--preset", "wide") == 32
    assert batch("--preset", "wide", *file) == 8
    assert batch("--preset", "wide", *file, *assigned) == 16
    assert batch("--preset", "wide", *file, *assigned, *flag) == 64  # also the default, when it is said
    printed = read_toml(toy / "printed.toml")
    assert (printed["train.seed"], printed["train.objective"], printed["data.copies"]) == (8, "hinge", 8)


@pytest.mark.parametrize("said", [[], ["--preset", "wide", "--samples", "5", "--spread", "0.5", "--compile", "--set", "penalty.r1=0.25"]])
def test_a_printed_config_says_the_same_when_it_is_read_back(create: Create, toy: Path, said: list[str]) -> None:
    first = create("points", "train", "--print-config", *said)
    assert first.err == ""
    (toy / "printed.toml").write_text(first.out)
    again = create("points", "train", "--print-config", "--config", "printed.toml")
    assert again.out == first.out
    settings = settle(medium(), [("file", read_toml(toy / "printed.toml"))])
    assert settings.to_toml() == first.out
    assert not (toy / "runs").exists()


def test_a_value_that_was_taken_away_stays_away(toy: Path) -> None:
    ramped = dataclasses.replace(medium().presets[0], settings={"generator.learning_rate_end": 1e-5, "train.samples": 9})
    modality = dataclasses.replace(medium(), presets=(ramped,))
    first = settle(modality, [("command line", {"generator.learning_rate_end": "none", "train.minutes": 3})])
    (toy / "printed.toml").write_text(first.to_toml())
    assert settle(modality, [("file", read_toml(toy / "printed.toml"))]) == first
    assert first.generator.learning_rate_end is None


def test_ten_minutes_when_nobody_says(create: Create, toy: Path) -> None:
    assert "minutes = 10.0" in create("points", "train", "--print-config").out
    limited = create("points", "train", "--print-config", "--samples", "9").out
    assert "minutes" not in limited
    assert "samples = 9" in limited


def test_a_dry_run_trains_nothing(create: Create, toy: Path) -> None:
    result = create("points", "train", "--dry-run", "--batch", "32", "--out", "runs/x")
    assert result.code == 0, result.err
    lines = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert lines["medium"] == "points"
    assert lines["labels"] == "2: left, right"
    assert lines["generator"].endswith("parameters")
    assert lines["budget"] == "10 minutes, 32 samples a step"
    assert lines["out"] == "runs/x"
    assert re.match(r"about [\d,]+ samples a second here: [\d,]+ in 10 minutes, each of 2,500 about [\d,]+ times", lines["pace"])
    facts = json.loads(create("points", "train", "--dry-run", "--json").out)
    assert facts["pace"] > 0
    assert facts["settings"]["train"]["minutes"] == 10
    assert facts["parameters"]["discriminator"] > 0
    assert not (toy / "runs").exists()
    (toy / "busy").mkdir()
    (toy / "busy" / "mine.txt").write_text("mine")
    refused = create("points", "train", "--dry-run", "--out", "busy")
    assert (refused.code, "busy: is not empty" in refused.err, "--resume" in refused.err) == (1, True, False)


def test_the_medium_s_own_flags_reach_its_data(create: Create, toy: Path) -> None:
    (toy / "two.csv").write_text("x,y\n0,0\n0.5,0.5\n")
    facts = json.loads(create("points", "train", "two.csv", "--copies", "7", "--dry-run", "--json").out)
    assert facts["data"]["samples"] == 14
    assert facts["data"]["labels"] == []
    assert facts["data"]["path"] == str(toy / "two.csv")


def test_resume_goes_on(create: Create, trained: Path, toy: Path) -> None:
    shutil.copytree(trained, toy / "runs" / "mine")
    result = create("points", "train", "--resume", "runs/mine", "--samples", "512", "--json")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    assert facts["path"] == "runs/mine"
    assert facts["samples"] == 512
    used_up = create("points", "train", "--resume", "runs/mine")
    assert used_up.code == 2
    assert "--samples" in used_up.err


@pytest.mark.parametrize("flag", [["--out", "x"], ["--dry-run"], ["--print-config"]])
def test_what_makes_no_sense_with_resume(create: Create, flag: list[str]) -> None:
    result = create("points", "train", "--resume", "runs/mine", *flag)
    assert result.code == 2
    assert result.err.startswith(f"error: {flag[0]}: cannot be used together with --resume")


def test_resume_of_nothing(create: Create) -> None:
    assert create("points", "train", "--resume", "nowhere").code == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--minutes", "0"], "--minutes: 0.0 is out of range"),
        (["--minutes", "-1"], "--minutes: -1.0 is out of range"),
        (["--minutes", "soon"], "--minutes: 'soon' is not a number"),
        (["--samples", "-5"], "--samples: -5 is out of range"),
        (["--samples", "1.5"], "--samples: '1.5' is not a whole number"),
        (["--minutes", "1", "--samples", "5"], "both a time and a number of samples"),
        (["--preset", "mpl"], "Did you mean 'mlp'?"),
        (["--precision", "fp23"], "Did you mean 'fp32'?"),
        (["--set", "train.bacth=3"], "Did you mean 'train.batch'?"),
        (["--set", "trian.batch=3"], "Did you mean 'train'?"),
        (["--set", "batch"], "has no '='"),
        (["--set", "train.batch=many"], "--set: train.batch: 'many' is not a whole number"),
        (["--batch", "10", "--accumulate", "3"], "cannot be split into 3 equal parts"),
        (["--config", "absent.toml"], "absent.toml: cannot be read"),
        (["--config", "bad.toml"], "bad.toml: is not valid TOML"),
        (["--config", "odd.toml"], "'batch' stands outside a section"),
        (["--config", "unknown.toml"], "Did you mean 'data.copies'?"),
        (["--device", "abacus"], "device 'abacus': cannot be used here"),
        (["a", "b"], "unexpected extra argument"),
        (["--resume", ""], "--resume: is given no value"),
        (["--out="], "--out: is given no value"),
        ([""], "DATA: is given no value"),
    ],
)
def test_a_slip_in_the_settings(create: Create, toy: Path, arguments: list[str], words: str) -> None:
    (toy / "bad.toml").write_text("[train\n")
    (toy / "odd.toml").write_text("batch = 3\n")
    (toy / "unknown.toml").write_text("[data]\ncopeis = 3\n")
    result = create("points", "train", *arguments)
    assert result.code == 2
    assert words in result.err
    assert result.err.startswith("error: ")
    assert result.out == ""
    assert "Traceback" not in result.err
    assert not (toy / "runs").exists()


def test_data_that_cannot_be_read(create: Create, toy: Path) -> None:
    result = create("points", "train", "absent.csv", "--samples", "5")
    assert result.code == 1
    assert result.err.startswith("error: absent.csv: ")
    assert not (toy / "runs").exists()


def test_a_busy_folder_is_left_alone(create: Create, toy: Path) -> None:
    (toy / "mine").mkdir()
    (toy / "mine" / "diary.txt").write_text("dear diary")
    result = create("points", "train", *SHORT, "--out", "mine")
    assert result.code == 1
    assert "is not empty" in result.err
    assert [path.name for path in (toy / "mine").iterdir()] == ["diary.txt"]


def test_divergence_is_told_in_two_lines(create: Create) -> None:
    result = create("points", "train", *SHORT, "--set", "network.fail_at=3", "--quiet")
    assert result.code == 1
    assert result.err.startswith("error: step ")
    assert len(result.err.splitlines()) == 2


def test_help_shows_the_real_defaults(create: Create) -> None:
    text = " ".join(create("points", "train", "--help").out.replace("│", " ").split())
    assert "(default 64; presets differ, from 1 to 65536)" in text
    assert "(default 10)" in text
    assert "mlp|wide" in text
    assert "wide: Two larger perceptrons." in text
    for panel in ("Your examples", "Data", "Training", "Output", "Machine", "Advanced"):
        assert f"─ {panel} ─" in text
