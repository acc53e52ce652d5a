"""A medium with its own way of choosing, and what the sampler gives to it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from coordinates import CoordinateSample, sampler_of

import paragone
from paragone import weights
from paragone.errors import DataError, NothingFound, PluginError, RunError
from paragone.request import Request


@pytest.fixture(scope="module")
def model(points_run: Path) -> paragone.Sampler:
    return sampler_of(points_run)


@pytest.fixture(scope="module")
def high(model: paragone.Sampler) -> CoordinateSample:
    """Half of the points on the left are that high."""
    return CoordinateSample(above=float(model.sample(range(64), "left").samples[:, 1].median()))


def test_where_nothing_is_asked_for_the_engine_s_own_way_is_taken(model: paragone.Sampler, points_run: Path) -> None:
    assert torch.equal(model.sample(range(20)).samples, paragone.load(points_run).sample(range(20)).samples)


def test_what_is_asked_for_is_kept_and_does_not_depend_on_company(model: paragone.Sampler, high: CoordinateSample) -> None:
    batch = model.sample(range(40), "left", options=high)
    assert (batch.samples[:, 1] > high.above).all()
    assert len(batch.facts) == len(batch) == 40
    assert any(facts["attempts"] > 1 for facts in batch.facts)
    plain = model.sample(range(40), "left").samples
    first = [index for index, facts in enumerate(batch.facts) if facts["attempts"] == 1]
    assert first == (plain[:, 1] > high.above).nonzero()[:, 0].tolist()
    assert torch.equal(batch.samples[first], plain[first])
    for seed in (3, 20, 39):
        alone = model.sample([seed], "left", options=high)
        assert torch.equal(alone.samples[0], batch.samples[seed])
        assert alone.facts[0] == batch.facts[seed]


def test_files_tell_how_it_was_chosen_and_by_which_settings(model: paragone.Sampler, high: CoordinateSample, tmp_path: Path) -> None:
    (path,) = model.sample([11], "left", options=high).save(tmp_path)
    facts = json.loads(path.read_text())["provenance"]
    assert facts["options"] == {"digits": 6, "above": high.above, "effort": 1000}
    assert facts["chosen"]["attempts"] >= 1
    again = model.sample([facts["seed"]], facts["label"], facts["truncation"], CoordinateSample(**facts["options"]))
    assert again.save(tmp_path)[0].read_bytes() == path.read_bytes()
    (plain,) = model.sample([12]).save(tmp_path)
    assert "chosen" not in json.loads(plain.read_text())["provenance"]


def test_settings_of_the_writer_are_those_of_the_samples_unless_others_are_given(model: paragone.Sampler, tmp_path: Path) -> None:
    batch = model.sample([1], options=CoordinateSample(digits=2))
    assert len(batch.lines()[0].split()[0].lstrip("-")) == 4
    (path,) = batch.save(tmp_path)
    assert all(round(value, 2) == value for value in json.loads(path.read_text())["point"])
    batch.save(tmp_path, CoordinateSample(digits=5), overwrite=True)
    assert any(round(value, 2) != value for value in json.loads(path.read_text())["point"])


def test_what_was_found_before_the_end_of_all_effort_comes_and_is_told(model: paragone.Sampler, high: CoordinateSample) -> None:
    attempts = [facts["attempts"] for facts in model.sample(range(200), "left", options=high).facts]
    most = sorted(attempts)[-3] - 1  # too few for three of them
    told: list[str] = []
    came: list[paragone.Batch] = []
    stream = model.stream(range(200), "left", options=CoordinateSample(above=high.above, effort=most), note=told.append)
    with pytest.raises(NothingFound, match=f"none of {most} points") as failed:
        came.extend(stream)  # what came before the error is in the list
    assert failed.value.exit_code == 1
    first = next(seed for seed, number in enumerate(attempts) if number > most)
    assert str(failed.value).startswith(f"seed {first}: ")
    assert [seed for batch in came for seed in batch.seeds] == list(range(first))
    (note,) = told
    assert note == f"{sum(attempts[:first]) + most} points were tried"


def test_notes_come_after_the_last_sample(model: paragone.Sampler, high: CoordinateSample) -> None:
    told: list[str] = []
    for _ in model.stream(range(20), "left", options=high, note=told.append):
        assert told == []
    assert len(told) == 1


def test_a_fault_of_the_plugin_is_said_to_be_its_own(model: paragone.Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("coordinates.HighEnough.__init__")
    with pytest.raises(PluginError, match=r"coordinates:choose: fails: TypeError"):
        model.sample([1], options=CoordinateSample(above=0.1))


def test_the_discriminator_is_the_one_of_the_training(points_run: Path, model: paragone.Sampler) -> None:
    state, _ = weights.read(points_run / "state.safetensors")
    mine = model.discriminator().state_dict()
    assert {f"discriminator.{name}" for name in mine} == {name for name in state if name.startswith("discriminator.")}
    assert all(torch.equal(mine[name], state[f"discriminator.{name}"]) for name in mine)
    assert not any(parameter.requires_grad for parameter in model.discriminator().parameters())
    assert not model.discriminator().training


def test_a_score_depends_on_its_sample_and_label_alone(model: paragone.Sampler) -> None:
    batch = model.sample(range(40))
    scores = batch.scores()
    assert scores is not None
    assert model.sample([21]).scores() == [scores[21]]
    other = "left" if batch.labels[21] == "right" else "right"
    assert model.judge(batch.samples[21:22], [Request(21, other, 1.0)]).item() != scores[21]
    numbers = torch.tensor([model.labels.index(label) for label in batch.labels if label])
    assert model.discriminator()(batch.samples, numbers).tolist() == pytest.approx(scores, abs=1e-4)


def test_a_discriminator_that_compares_judges_none_alone(points_run: Path) -> None:
    model = paragone.load(points_run)
    batch = model.sample(range(4))
    assert model.can_judge
    model.discriminator().compares = 4
    assert not model.can_judge
    assert batch.scores() is None
    with pytest.raises(RunError, match="judges none by itself"):
        model.judge(batch.samples, batch.requests)


def test_a_small_run_brings_its_discriminator_in_a_file_of_its_own(points_run: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(points_run, tmp_path / "run"))
    tensors, _ = weights.read(out / "state.safetensors", "discriminator.")
    wanted = paragone.load(out).sample([1, 2]).scores()
    (out / "state.safetensors").unlink()
    bare = paragone.load(out)
    assert bare.sample([1, 2]).scores() is None
    with pytest.raises(RunError, match="holds no discriminator"):
        bare.discriminator()
    weights.save(out / "discriminator.safetensors", {name: tensor.half() for name, tensor in tensors.items()}, {})
    assert paragone.load(out).sample([1, 2]).scores() == pytest.approx(wanted, abs=0.02)
    weights.save(out / "discriminator.safetensors", {name: tensor for name, tensor in tensors.items() if name != "out.bias"}, {})
    with pytest.raises(RunError, match=r"tensor 'out.bias' has shape none"):
        paragone.load(out).discriminator()


def test_the_training_data_is_what_was_not_held_out(tmp_path: Path) -> None:
    data = tmp_path / "grid.csv"
    data.write_text("x,y,label\n-0.5,0,left\n0.5,0,right\n")
    settings = {"train.device": "cpu", "train.hold_out": 0.2}
    model = paragone.load(paragone.train("points", data, out=tmp_path / "run", samples=128, settings=settings).path)
    told: list[str] = []
    training = model.training_data(told.append)
    kept = json.loads((tmp_path / "run" / "config.json").read_text())["data"]
    assert len(training) == kept["samples"] == 200 - kept["held_out"]
    assert training.labels == model.labels
    assert told == ["200 points"]
    data.write_text("x,y,label\n-0.4,0,left\n0.5,0,right\n")
    with pytest.raises(DataError, match="has changed since this run was trained"):
        model.training_data()
    data.unlink()
    with pytest.raises(DataError, match=r"grid\.csv: holds no points"):
        model.training_data()
