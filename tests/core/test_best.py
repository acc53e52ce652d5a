"""The best weights are kept beside the last, and looking for them changes nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as serialise

import paragone
from paragone import api, weights
from paragone import best as best_module
from paragone.best import REFERENCES, Best
from paragone.errors import UsageError
from paragone.evaluation.neighbours import coverage
from paragone.reporting import Silent
from paragone.run import Run
from paragone.trainer import Trainer

SETTINGS = {"train.device": "cpu", "train.precision": "fp32", "train.threads": 1, "train.seed": 3}
LOOKING = {**SETTINGS, "train.keep_best": "kid", "train.best_every": 0.25, "train.best_count": 32}


def looks(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "scores.jsonl").read_text().splitlines()]


def test_keeps_what_scored_best(tmp_path: Path) -> None:
    run = paragone.train("points", out=tmp_path / "run", samples=6400, settings=LOOKING)
    found = looks(run.path)
    assert [look["samples"] for look in found] == [1600, 3200, 4800, 6400]
    facts = weights.read(run.best)[1]
    assert facts["value"] == min(look["kid"] for look in found)
    assert facts["samples"] == next(look["samples"] for look in found if look["kid"] == facts["value"])
    # they are those that scored so
    best = looking(tmp_path / "again", **LOOKING)
    best.trainer.ema.module.load_state_dict(weights.read(run.best)[0])
    best.look(1.0)
    assert looks(tmp_path / "again")[0]["kid"] == pytest.approx(facts["value"])


def test_looking_changes_nothing(tmp_path: Path) -> None:
    plain = paragone.train("points", out=tmp_path / "plain", samples=3200, settings=SETTINGS)
    looking = paragone.train("points", out=tmp_path / "looking", samples=3200, settings=LOOKING)
    assert plain.hash() == looking.hash()


def test_a_resumed_training_goes_on_looking(tmp_path: Path) -> None:
    parts = paragone.train("points", out=tmp_path / "parts", samples=2944, settings={**LOOKING, "train.best_every": 1.0})
    first = weights.read(parts.best)[1]
    api.resume(parts.path, layers=[("test", {"train.samples": 6400, "train.best_every": 0.25})])
    assert [look["samples"] for look in looks(parts.path)] == [2944, 3200, 4800, 6400]
    assert looks(parts.path)[0]["kid"] == first["value"]
    assert weights.read(parts.best)[1]["value"] == min(look["kid"] for look in looks(parts.path))


def test_real_samples_are_held_against_the_same_reference_and_as_many(tmp_path: Path) -> None:
    for held_out in (0.3, 0.0):
        plan = api.plan("points", layers=[("test", {**LOOKING, "train.keep_best": "coverage", "train.hold_out": held_out})])
        trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution)
        best = Best(Run(tmp_path, {}), trainer, plan.examiner, plan.held, plan.settings.train, Silent())
        real, reference = best._sides(plan.held, plan.dataset)
        assert len(real) == 32
        torch.testing.assert_close(reference.features, best.reference.features)
        assert len(reference) == (len(plan.held) if plan.held is not None else min(len(plan.dataset), 32 + REFERENCES) - 32)
        assert best.real == coverage(real, reference)
        assert not (torch.cdist(real.features, reference.features) == 0).all(1).any()


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def looking(tmp_path: Path, **settings: object) -> Best:
    plan = api.plan("points", layers=[("test", {**SETTINGS, "train.keep_best": "kid", "train.best_count": 32, **settings})])
    trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution)
    tmp_path.mkdir(exist_ok=True)
    return Best(Run(tmp_path, {}), trainer, plan.examiner, plan.held, plan.settings.train, Silent())


def test_looks_that_take_long_leave_half_of_the_time_to_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(best_module, "time", clock)
    best, steps = looking(tmp_path, **{"train.minutes": 1, "train.best_every": 0.1}), 0
    ask = best_module.ask

    def slow(*arguments: object) -> object:
        clock.now += 9.0
        return ask(*arguments)

    monkeypatch.setattr(best_module, "ask", slow)
    while clock.now < 60:
        best.look(clock.now / 60)
        clock.now += 0.1
        steps += 1
    best.look(1.0)
    assert steps >= 290
    assert 3 <= len(looks(tmp_path)) <= 5


def test_a_look_that_a_stop_came_before_is_made_after_the_resume(tmp_path: Path) -> None:
    best = looking(tmp_path, **{"train.samples": 6400, "train.best_every": 0.25, "train.batch": 64})
    for progress in (0.0, 0.24, 0.26):
        best.trainer.samples = round(6400 * progress)
        best.look(progress)
    assert [look["samples"] for look in looks(tmp_path)] == [1664]
    for samples, made in ((1728, 1), (3264, 2)):  # the turn's look was made; and one that was due when it stopped
        again = looking(tmp_path, **{"train.samples": 6400, "train.best_every": 0.25, "train.batch": 64})
        again.trainer.samples = samples
        again.look(samples / 6400)
        assert len(looks(tmp_path)) == made


def test_an_unknown_metric_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'kid'"):
        paragone.train("points", out=tmp_path / "run", samples=640, settings={**SETTINGS, "train.keep_best": "kidd"})
    assert not (tmp_path / "run").exists()


def test_higher_is_better_where_the_metric_says_so(tmp_path: Path) -> None:
    settings = {**LOOKING, "train.keep_best": "coverage"}
    run = paragone.train("points", out=tmp_path / "run", samples=6400, settings=settings)
    assert weights.read(run.best)[1]["value"] == max(look["coverage"] for look in looks(run.path))


def test_best_and_last_sample_differently(tmp_path: Path) -> None:
    run = paragone.train("points", out=tmp_path / "run", samples=3200, settings=LOOKING)
    api.resume(run.path, layers=[("test", {"train.samples": 6400, "train.keep_best": ""})])
    last, best = paragone.load(run.path), api.load(run.path, which="best")
    assert (last.which, best.which) == ("last", "best")
    assert not torch.equal(last.sample([1]).samples, best.sample([1]).samples)


@pytest.mark.parametrize(("changed", "believed"), [({}, True), ({"count": 31}, False), ({"data": "other"}, False)])
def test_a_score_of_another_count_or_of_other_data_is_not_compared(changed: dict[str, object], believed: bool, tmp_path: Path) -> None:
    run = paragone.train("points", out=tmp_path / "run", samples=3200, settings=LOOKING)
    tensors, facts = weights.read(run.best)
    weights.save(run.best, tensors, {**facts, "value": -1e9, **changed})
    api.resume(run.path, layers=[("test", {"train.samples": 6400})])
    assert (weights.read(run.best)[1]["value"] == -1e9) == believed


@pytest.mark.parametrize(
    "wrong",
    [{"value": "low"}, {"value": math.nan}, {"value": None}, {"metric": "fid", "value": -1e9}, {"metric": None, "value": -1e9}, None],
)
def test_facts_that_make_no_sense_are_not_believed(wrong: dict[str, object] | None, tmp_path: Path) -> None:
    """As if nothing had been kept: the next look keeps what it sees."""
    run = paragone.train("points", out=tmp_path / "run", samples=3200, settings=LOOKING)
    tensors, facts = weights.read(run.best)
    spoilt = "text" if wrong is None else {**facts, **wrong}
    run.best.write_bytes(serialise(tensors, metadata={"paragone": json.dumps(spoilt)}))
    api.resume(run.path, layers=[("test", {"train.samples": 6400})])
    assert weights.read(run.best)[1]["value"] == min(look["kid"] for look in looks(run.path)[-2:])
