"""A training that was stopped and continued is the training that never stopped, bit for bit."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import paragone
from paragone import api, planning, weights
from paragone.errors import DataError, DivergenceError, Interrupted, OutputError, RunError, UsageError
from paragone.reporting import Silent, Stats
from paragone.run import Run

SETTINGS = {
    "train.device": "cpu",
    "train.precision": "bf16",
    "train.batch": 32,
    "train.accumulate": 2,
    "train.stats_every": 256,
    "train.save_seconds": 0.0,  # after every step: the kill below comes at any moment of a save
    "penalty.r1": 0.01,
    "penalty.fd_r2": 0.01,
    "penalty.every": 3,
    "generator.beta2_end": 0.999,
    "generator.learning_rate_end": 1e-5,
    "augment.mode": "adaptive",
    "augment.ramp": 2000,
    "augment.target": 0.0,
    "reconstruction.features": 0.5,
}
SAMPLES = 6400


def same(first: Path, second: Path) -> None:
    """Every tensor and counter of two states is equal, and so are the next samples."""
    (one, facts), (two, other) = (weights.read(Run.open(path).state) for path in (first, second))
    assert {name for name in one if not torch.equal(one[name], two[name])} == set()
    assert one.keys() == two.keys()
    assert {**facts, "seconds": 0} == {**other, "seconds": 0}
    assert torch.equal(paragone.load(first).sample(range(20)).samples, paragone.load(second).sample(range(20)).samples)
    assert Run.open(first).hash() == Run.open(second).hash()


def timeless(path: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in Run.open(path).stats.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in ("seconds", "samples_per_second")} for line in lines]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paragone.train("points", out=tmp_path_factory.mktemp("whole") / "run", samples=SAMPLES, settings=SETTINGS).path


SCRIPT = """
import sys, torch, paragone
torch.set_num_threads(1)
paragone.train("points", out=sys.argv[1], samples=int(sys.argv[2]), settings=eval(sys.argv[3]))
"""


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_kill_and_resume(whole: Path, tmp_path: Path, share: float) -> None:
    out = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(out), str(SAMPLES), repr(SETTINGS)])
    while process.poll() is None:
        stats = out / "stats.jsonl"
        lines = stats.read_text().count("\n") if stats.exists() else 0
        if lines * 256 >= share * SAMPLES:
            os.kill(process.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    assert process.wait() == -signal.SIGKILL, "the training ended before it could be killed"
    _, facts = weights.read(out / "state.safetensors")
    assert 0 < facts["samples"] < SAMPLES
    api.resume(out)
    same(whole, out)
    assert timeless(whole) == timeless(out)


class StopAt(Silent):
    """Sends this process a signal once so many samples were seen, as a user would."""

    def __init__(self, samples: int, number: int) -> None:
        self.samples, self.number = samples, number

    def progress(self, fraction: float, samples: int) -> None:
        if samples >= self.samples and self.number:
            os.kill(os.getpid(), self.number)
            self.number = 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_saves_and_resumes(whole: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "stopped"
    settings = {**SETTINGS, "train.save_seconds": 1e9}  # nothing but the signal saves
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match=r"stopped after 3,\d+ samples; the state is saved\nContinue with --resume") as caught:
        paragone.train("points", out=out, samples=SAMPLES, settings=settings, reporter=StopAt(3000, number))
    assert caught.value.exit_code == 130
    assert signal.getsignal(number) is before
    api.resume(out)
    same(whole, out)


def test_divergence_keeps_the_last_good_state(tmp_path: Path) -> None:
    out = tmp_path / "run"
    settings = {**SETTINGS, "network.fail_at": 60}
    with pytest.raises(paragone.ParagoneError, match="is not finite"):
        paragone.train("points", out=out, samples=SAMPLES, settings=settings)
    tensors, facts = weights.read(out / "state.safetensors")
    assert facts["step"] > 0
    assert all(torch.isfinite(value).all() for value in tensors.values())
    assert torch.isfinite(paragone.load(out).sample(range(4)).samples).all()


def test_a_longer_budget_continues_a_finished_run(points_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    paragone.train("points", out=out, samples=640, settings=SETTINGS)
    with pytest.raises(UsageError, match="has used up its budget"):
        api.resume(out)
    with pytest.raises(UsageError, match="Give minutes or samples, not both"):
        paragone.resume(out, samples=1280, minutes=1)
    paragone.resume(out, samples=1280)
    assert weights.read(out / "state.safetensors")[1]["samples"] == 1280
    assert Run.open(out).config["settings"]["train"]["samples"] == 1280


@pytest.mark.parametrize("last", [0, 320, 640])
def test_a_save_that_is_cut_off_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    """Between the two files of a save: the training goes on from the state before, and ends as it would have."""
    out, save = tmp_path / "run", weights.save

    def full(path: Path, tensors: object, facts: dict[str, object]) -> None:
        if path.name == "state.safetensors" and facts["samples"] == last:
            raise OutputError("cannot be written (No space left on device)", where=path)
        save(path, tensors, facts)  # type: ignore[arg-type]  # as it came

    settings = {**SETTINGS, "train.threads": 1}
    with monkeypatch.context() as patch:
        patch.setattr(weights, "save", full)
        with pytest.raises(OutputError):
            paragone.train("points", out=out, samples=640, settings=settings)
    paragone.resume(out)
    same(out, paragone.train("points", out=tmp_path / "whole", samples=640, settings=settings).path)


def test_the_very_settings_that_a_run_was_made_with_resume_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its players have no augmentation, so that another mode was recorded than was asked for."""
    with_augmentation = planning.build
    monkeypatch.setattr(planning, "build", lambda *args: dataclasses.replace(with_augmentation(*args), augmentation=None))
    asked = {"train.device": "cpu", "augment.mode": "adaptive"}
    run = paragone.train("points", out=tmp_path / "run", samples=128, settings=asked)
    assert Run.open(run.path).config["settings"]["augment"]["mode"] == "none"
    api.resume(run.path, samples=256, layers=[("f.toml", asked)])
    assert Run.open(run.path).config["settings"]["augment"]["mode"] == "none"
    monkeypatch.undo()
    plain = paragone.train("points", out=tmp_path / "plain", samples=128, settings={**asked, "augment.mode": "none"})
    with pytest.raises(UsageError, match=r"augment\.mode: cannot change"):
        api.resume(plain.path, samples=256, layers=[("f.toml", asked)])


def test_what_may_not_change_in_the_middle(points_run: Path) -> None:
    with pytest.raises(UsageError, match=r"train\.batch: cannot change from 64 to 8"):
        api.resume(points_run, layers=[("command line", {"train.batch": 8, "train.samples": 9999})])
    with pytest.raises(UsageError, match=r"--set: train\.preset: cannot change from 'mlp' to 'other'"):
        api.resume(points_run, layers=[("--set", {"train.preset": "other"})])
    with pytest.raises(RunError, match="is a run of points, not of image"):
        api.resume(points_run, modality="image")


def test_changed_data_is_noticed_and_can_be_accepted(tmp_path: Path) -> None:
    centres, out = tmp_path / "centres.csv", tmp_path / "run"
    centres.write_text("x,y\n0,0\n0.5,0.5\n")
    paragone.train("points", centres, out=out, samples=320, settings=SETTINGS)
    longer = [("command line", {"train.samples": 640})]
    centres.write_text("x,y\n0,0\n0.5,0.25\n")
    with pytest.raises(RunError, match="the data has changed"):
        api.resume(out, layers=longer)
    notes: list[str] = []

    class Listener(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

        def stats(self, stats: Stats) -> None:
            assert stats.samples > 320

    api.resume(out, data=centres, layers=longer, reporter=Listener())
    assert any("not what this training began with" in note for note in notes)
    centres.write_text("x,y,label\n0,0,a\n")
    with pytest.raises(RunError, match="other labels or another shape"):
        api.resume(out, data=centres, layers=[("command line", {"train.samples": 960})])


def test_data_that_has_moved_can_be_named_again(tmp_path: Path) -> None:
    centres, moved, out = tmp_path / "centres.csv", tmp_path / "moved.csv", tmp_path / "run"
    centres.write_text("x,y\n0,0\n0.5,0.5\n")
    paragone.train("points", centres, out=out, samples=320, settings=SETTINGS)
    centres.rename(moved)
    longer = [("command line", {"train.samples": 640})]
    with pytest.raises(DataError, match=r"centres\.csv: .*\n.*name where it is now: --resume .* DATA"):
        api.resume(out, layers=longer)
    api.resume(out, data=moved, layers=longer)
    assert Run.open(out).config["data"]["path"] == str(moved)


def test_a_state_of_other_networks(points_run: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(points_run, tmp_path / "run"))
    config = json.loads((out / "config.json").read_text())
    config["settings"]["network"]["width"] = 65
    (out / "config.json").write_text(json.dumps(config))
    for attempt in (lambda: api.resume(out, layers=[("", {"train.samples": 9999})]), lambda: paragone.load(out)):
        with pytest.raises(RunError, match=r"tensor '.*' has shape .*64.* want .*65"):
            attempt()
    config["settings"]["network"]["widht"] = 64
    (out / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match=r"Did you mean 'network\.width'"):
        paragone.load(out)


def test_killed_before_the_first_state_it_begins_anew(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    Run.create(out, Run.open(whole).config)
    api.resume(out)
    same(whole, out)


def test_a_weight_that_overflows_never_replaces_a_good_state(tmp_path: Path) -> None:
    out = tmp_path / "run"
    settings = {**SETTINGS, "generator.learning_rate": 1e300, "generator.learning_rate_end": "none"}
    with pytest.raises(DivergenceError, match=r"step 1: the weight .* of the generator is not finite"):
        paragone.train("points", out=out, samples=32, settings=settings)
    assert all(torch.isfinite(value).all() for value in weights.read(out / "state.safetensors")[0].values())


def test_a_refused_resume_changes_nothing(points_run: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(points_run, tmp_path / "run"))
    before = (out / "config.json").read_bytes()
    with pytest.raises(UsageError, match="has used up its budget"):
        api.resume(out, layers=[("command line", {"train.samples": 64})])
    assert (out / "config.json").read_bytes() == before


def test_litter_of_a_killed_training_is_cleared_away(points_run: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(points_run, tmp_path / "run"))
    for litter in (out / ".state.safetensors.1.tmp", out / "samples" / ".1.json.1.tmp"):
        litter.write_bytes(b"half")
    api.resume(out, layers=[("command line", {"train.samples": 4160})])
    assert not list(out.glob("**/*.tmp"))


@pytest.mark.parametrize("shrink", [False, True])
def test_a_state_without_whole_optimisers(points_run: Path, tmp_path: Path, shrink: bool) -> None:
    out = Path(shutil.copytree(points_run, tmp_path / "run"))
    tensors, facts = weights.read(out / "state.safetensors")
    adam = {name for name in tensors if name.startswith("adam.")}
    kept = {name: value for name, value in tensors.items() if name not in adam}
    shrunk = {name: tensors[name].flatten()[:1] for name in adam} if shrink else {}
    weights.save(out / "state.safetensors", {**kept, **shrunk}, facts)
    with pytest.raises(RunError, match="does not hold a whole state"):
        api.resume(out, layers=[("command line", {"train.samples": 9999})])
