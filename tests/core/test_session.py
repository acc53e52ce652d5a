from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from toy_plugin import model

import paragone
from paragone import api, weights
from paragone import session as session_module
from paragone.budget import Budget
from paragone.cores import Cores
from paragone.errors import OutputError
from paragone.keeper import Onlooker
from paragone.reporting import Silent, Stats
from paragone.run import Run
from paragone.session import Every, Session
from paragone.trainer import Trainer


class Listener(Silent):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.lines: list[Stats] = []
        self.fractions: list[float] = []
        self.notes: list[str] = []
        self.closed = 0

    def note(self, text: str) -> None:
        self.notes.append(text)

    def progress(self, fraction: float, samples: int) -> None:
        self.fractions.append(fraction)

    def stats(self, stats: Stats) -> None:
        self.lines.append(stats)

    def close(self) -> None:
        self.closed += 1


def test_reporter_stats_and_sheets(tmp_path: Path) -> None:
    listener = Listener()
    settings = {"train.device": "cpu", "train.stats_every": 256, "train.sheet_seconds": 0.0, "penalty.r1": 0.1, "penalty.every": 4}
    run = paragone.train("points", out=tmp_path / "run", samples=2560, settings=settings, reporter=listener)
    assert listener.notes == ["2500 points"]
    assert len(listener.fractions) == 40
    assert listener.fractions == sorted(listener.fractions)
    assert listener.fractions[-1] == 1.0
    assert listener.closed == 1
    assert [line.samples for line in listener.lines] == list(range(256, 2561, 256))
    assert listener.lines[0].health == "starting"
    on_disk = [json.loads(line) for line in run.stats.read_text().splitlines()]
    assert [line["samples"] for line in on_disk] == [line.samples for line in listener.lines]
    assert all(line["penalty"] > 0 and line["gradient_generator"] > 0 for line in on_disk)
    sheets = sorted(run.samples.iterdir())
    assert sheets[-1].name == "000002560.json"
    real = json.loads((run.path / "real.json").read_text())
    assert real["captions"] == ["left", "right"]
    dataset = api.plan("points").dataset  # as they are learned, a row a label
    samples, labels = dataset.batch(torch.arange(len(dataset)), torch.device("cpu"))
    places = [(samples == torch.tensor(point)).all(1).nonzero()[0, 0] for point in real["points"]]
    assert [int(labels[place]) for place in places] == [0] * 8 + [1] * 8
    assert len(set(map(int, places))) == 16
    assert len(sheets) == 40
    first, last = (json.loads(sheet.read_text()) for sheet in (sheets[0], sheets[-1]))
    assert last["captions"] == ["left", "right"]
    assert len(last["points"]) == 16
    assert first["points"] != last["points"]


def test_what_can_be_heard_lies_beside_each_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def medley(self: model.PointFiles, samples: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        return json.dumps([samples.tolist(), dict(provenance)]).encode()

    monkeypatch.setattr(model.PointFiles, "medley", medley, raising=False)
    monkeypatch.setattr(model.PointFiles, "medley_extension", ".wav", raising=False)
    run = paragone.train("points", out=tmp_path / "run", samples=128, settings={"train.device": "cpu", "train.sheet_seconds": 0.0})
    sheets = [run.path / "real.json", *sorted(run.samples.glob("*.json"))]
    assert len(sheets) == 3
    for sheet in sheets:
        seen, (heard, facts) = json.loads(sheet.read_text()), json.loads(sheet.with_suffix(".wav").read_text())
        assert heard == [seen["points"][place] for place in (0, 1, 8, 9)], "the first two of each row"
        assert facts == seen["provenance"]


def test_a_time_budget_stops_in_time(tmp_path: Path) -> None:
    listener = Listener()
    run = paragone.train(
        "points", out=tmp_path / "run", minutes=0.02, settings={"train.device": "cpu", "train.stats_every": 64}, reporter=listener
    )
    assert listener.fractions[-1] == 1.0
    assert listener.fractions.count(1.0) == 1, "not a step after it"
    assert all(line.progress <= line.seconds / 1.2 for line in listener.lines)
    assert weights.facts(run.state)["seconds"] >= 1.2
    assert run.config["settings"]["train"]["minutes"] == 0.02


def test_budget() -> None:
    assert Budget(samples=100).progress(25, 1e9) == 0.25
    assert Budget(seconds=60.0).progress(10**9, 15.0) == 0.25
    assert Budget(seconds=60.0, samples=100).progress(50, 15.0) == 0.5


def test_ten_minutes_when_nobody_says(tmp_path: Path) -> None:
    assert api.plan("points", out=tmp_path).settings.train.minutes == 10.0


def test_the_callers_random_state_is_left_alone(tmp_path: Path) -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    paragone.train("points", out=tmp_path / "run", samples=128, settings={"train.device": "cpu"})
    assert torch.equal(torch.rand(3), expected)


def test_the_callers_threads_are_left_alone(tmp_path: Path) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        run = paragone.train("points", out=tmp_path / "run", samples=128, settings={"train.device": "cpu", "train.threads": 1})
        assert torch.get_num_threads() == 2
        paragone.resume(run.path, samples=256)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_busy_out_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(OutputError, match="is not empty"):
        paragone.train("points", out=tmp_path, samples=64)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_two_trainings_that_chose_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny, listener = [("", {"train.samples": 64, "train.device": "cpu"})], Listener()
    plans = [api.plan("points", layers=tiny) for _ in range(3)]
    assert {plan.out for plan in plans} == {Path("runs/points-1")}
    assert [api.train_plan(plan, listener).path.name for plan in plans] == ["points-1", "points-2", "points-3"]
    taken = [note for note in listener.notes if "taken" in note]
    assert taken[0] == f"{Path('runs/points-1')} has been taken by another training; this one is {Path('runs/points-2')}"
    asked = api.plan("points", out=tmp_path / "asked", layers=tiny)
    (tmp_path / "asked").mkdir()
    (tmp_path / "asked" / "mine").write_text("x")
    with pytest.raises(OutputError, match="is not empty"):  # a name that somebody asked for is not changed
        api.train_plan(asked)


def test_a_full_disk_is_no_taken_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = api.plan("points", layers=[("", {"train.samples": 64, "train.device": "cpu"})])

    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        api.train_plan(plan)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["points-1"]


def test_what_takes_longer_than_its_interval_is_not_due_after_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    save, steps = Every(10.0), []
    for step in range(40):
        clock[0] += 1.0  # a step
        if save.due():
            steps.append(step)
            clock[0] += 30.0
            save.again()
    assert steps == [9, 19, 29, 39]


def test_a_disk_that_fills_up_leaves_the_last_good_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from paragone import weights

    out, saves, inner = tmp_path / "run", [], Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        saves.append(path)
        if len([path for path in saves if "safetensors" in path.name]) > 6:
            inner(path, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return inner(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        paragone.train("points", out=out, samples=6400, settings={"train.device": "cpu", "train.save_seconds": 0.0})
    monkeypatch.undo()
    assert weights.read(out / "state.safetensors")[1]["step"] == 2
    assert not list(out.glob(".*.tmp"))
    api.resume(out, layers=[("", {"train.save_seconds": 60.0, "train.samples": 640})])
    assert Run.open(out).hash()


@pytest.mark.parametrize(
    ("settings", "gives_way"),
    [
        ({"train.minutes": 1.0}, True),
        ({"train.minutes": 1.0, "train.threads": 1}, False),  # as many as the user said
        ({"train.samples": 640}, False),  # the same bits again
    ],
)
def test_only_a_budget_in_minutes_gives_way_to_other_programs(
    settings: dict[str, object], gives_way: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = api.plan("points", out=tmp_path / "run", layers=[("", {"train.device": "cpu", **settings})])
    trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution)
    session = Session(Run(tmp_path, {}), trainer, plan.settings, Onlooker())
    assert (session.flexible_cores() is not None) == gives_way
    trainer.ranks = SimpleNamespace(size=2)
    assert session.flexible_cores() is None


def test_a_training_looks_for_other_programs_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(session_module, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(Cores, "adapt", lambda self: looks.append(1) or 1)
    run = paragone.train("points", out=tmp_path / "run", minutes=0.03, settings={"train.device": "cpu"})
    assert 3 <= len(looks) <= weights.read(run.state)[1]["step"]


def test_a_line_of_statistics_says_whose_rate_is_whose(tmp_path: Path) -> None:
    listener = Listener()
    rates = {"generator.learning_rate": 1e-3, "discriminator.learning_rate": 3e-4, "generator.learning_rate_end": 1e-3}
    settings = {"train.device": "cpu", "train.stats_every": 640, **rates, "discriminator.learning_rate_end": 3e-4}
    paragone.train("points", out=tmp_path / "run", samples=1280, settings=settings, reporter=listener)
    for line in listener.lines:
        assert (line.learning_rate_generator, line.learning_rate_discriminator) == pytest.approx((1e-3, 3e-4))
    first, second = listener.lines
    assert second.samples_per_second == pytest.approx(640 / (second.seconds - first.seconds))
