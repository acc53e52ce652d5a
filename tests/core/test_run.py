from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from paragone import weights
from paragone.errors import OutputError, RunError
from paragone.run import FORMAT, Run, free_name, newest


@pytest.fixture
def copy(points_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(points_run, tmp_path / "run"))


def test_a_run_describes_itself(points_run: Path) -> None:
    run = Run.open(points_run)
    assert run.modality == "points"
    assert run.config["labels"] == ["left", "right"]
    assert run.config["plugin"] == "toy-plugin 0.1"
    assert run.config["settings"]["train"]["samples"] == 4096
    assert len(run.hash()) == 16
    assert {path.name for path in points_run.iterdir()} >= {
        "config.json",
        "generator.safetensors",
        "state.safetensors",
        "stats.jsonl",
        "samples",
    }
    assert not list(points_run.glob("**/*.tmp"))


def test_a_busy_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(OutputError, match="is not empty"):
        Run.create(tmp_path, {})
    with pytest.raises(OutputError, match="is not empty"):
        Run.create(tmp_path / "mine.txt", {})
    assert os.listdir(tmp_path) == ["mine.txt"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda config: config.update(format=FORMAT + 1), "has format 2, this Paragone reads up to 1"),
        (lambda config: config.pop("format"), "not written by Paragone"),
        (lambda config: config.pop("spec"), "has no valid 'spec'"),
        (lambda config: config.update(format=True), "not written by Paragone"),
        (lambda config: config.update(labels="left"), "has no valid 'labels'"),
        (lambda config: config.update(labels=["left", "left"]), "has no valid 'labels'"),
        (lambda config: config.update(labels=[1, 2]), "has no valid 'labels'"),
        (lambda config: config.update(labels=["left", "\x1b]0;x"]), "has no valid 'labels'"),
        (lambda config: config.update(labels=["left", "\ud83d"]), "has no valid 'labels'"),
        (lambda config: config.update(clusters={"labels": [0, 10**12], "sizes": [1, 1]}), "has no valid 'clusters'"),
        (lambda config: config.update(data={}), "has no valid 'data'"),
        (lambda config: config["data"].update(path=5), "has no valid 'data'"),
        (lambda config: config["spec"].update(axes=[]), "the sample description is not valid"),
        (lambda config: config["spec"].update(low="nan"), "the sample description is not valid"),
        (lambda config: config["spec"].update(dtype="int7"), "the sample description is not valid"),
        (lambda config: config["spec"].update(traits={"mode": 5}), "the sample description is not valid"),
        (lambda config: config["spec"]["axes"][0].update(size=2.5), "the sample description is not valid"),
        (lambda config: config["spec"]["axes"][0].update(size=10**12), "the sample description is not valid"),
    ],
)
def test_an_edited_config_is_refused(copy: Path, edit: object, message: str) -> None:
    config = json.loads((copy / "config.json").read_text())
    edit(config)  # type: ignore[operator]  # a lambda of the table above
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match=message) as caught:
        Run.open(copy)
    assert str(caught.value).startswith(f"{copy / 'config.json'}: ")
    assert caught.value.fix


def test_a_path_that_is_no_text(tmp_path: Path, points_run: Path) -> None:
    path = os.fsdecode(b"/data/\xff\xfe")
    config = Run.open(points_run).config
    run = Run.create(tmp_path / "run", {**config, "data": {**config["data"], "path": path}})
    assert Run.open(run.path).config["data"]["path"] == path


def test_a_folder_that_is_no_run(tmp_path: Path, copy: Path) -> None:
    with pytest.raises(RunError, match="is no run folder"):
        Run.open(tmp_path / "absent")
    (copy / "config.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        Run.open(copy)
    (copy / "config.json").write_text("[" * 100_000)
    with pytest.raises(RunError, match="cannot be read"):
        Run.open(copy)
    (copy / "config.json").write_text("[]")
    with pytest.raises(RunError, match="not written by Paragone"):
        Run.open(copy)


def test_newest_and_free_name(tmp_path: Path, points_run: Path) -> None:
    with pytest.raises(RunError, match=r"no trained points run here\n.*create points train"):
        newest("points", tmp_path)
    for index, name in enumerate(("points-1", "other")):
        shutil.copytree(points_run, tmp_path / name)
        os.utime(tmp_path / name / "generator.safetensors", (index, index))
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "generator.safetensors").write_text("?")
    shutil.copytree(points_run, tmp_path / "begun")  # the youngest, but it has seen nothing yet
    tensors, facts = weights.read(tmp_path / "begun" / "generator.safetensors")
    weights.save(tmp_path / "begun" / "generator.safetensors", tensors, {**facts, "samples": 0})
    assert newest("points", tmp_path) == tmp_path / "other"
    with pytest.raises(RunError, match="no trained image run"):
        newest("image", tmp_path)
    assert free_name("points", tmp_path) == tmp_path / "points-2"


def test_only_one_training_at_a_time(copy: Path) -> None:
    run = Run.open(copy)
    with run.lock(), pytest.raises(OutputError, match="another training"), run.lock():
        pass
    with run.lock():
        pass


def test_of_two_that_begin_at_once_one_is_refused(tmp_path: Path) -> None:
    first = Run(tmp_path, {})
    with first.lock(), pytest.raises(OutputError, match="another training"):
        Run.create(tmp_path, {})
    assert os.listdir(tmp_path) == [".lock"]
    Run.create(tmp_path, {})  # what a lock leaves behind is nothing to lose
    with pytest.raises(OutputError, match="is not empty"):
        Run.create(tmp_path, {})


def test_a_folder_of_sheets_that_is_a_link_is_not_swept(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for folder in (copy, tmp_path / "mine"):
        (folder / ".x.tmp").touch()
    shutil.rmtree(copy / "samples")
    (copy / "samples").symlink_to(tmp_path / "mine")
    with Run.open(copy).lock():
        assert (tmp_path / "mine" / ".x.tmp").exists()
        assert not (copy / ".x.tmp").exists()
