from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import paragone
from paragone import weights
from paragone.errors import DivergenceError, PluginError, RunError, UsageError
from paragone.generating import CHUNK, ROUNDS
from paragone.opening import newest_run
from paragone.registry import registry
from paragone.run import Run
from paragone.sampler import Sampler


@pytest.fixture(scope="module")
def model(points_run: Path) -> paragone.Sampler:
    return paragone.load(points_run)


def test_a_sample_does_not_depend_on_its_company(model: paragone.Sampler) -> None:
    alone = model.sample([5]).samples[0]
    for seeds in (range(10), range(5, 60), [9, 8, 7, 6, 5, 4]):
        assert torch.equal(model.sample(seeds).samples[list(seeds).index(5)], alone)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_nor_on_how_many_cores_there_are(model: paragone.Sampler, threads: int) -> None:
    many = range(2 * ROUNDS * CHUNK + 5)
    once, before = model.sample(many).samples, torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        batches = list(model.stream(many))
    finally:
        torch.set_num_threads(before)
    assert len(batches[0]) == min(threads * ROUNDS * CHUNK, len(many))
    assert torch.equal(torch.cat([batch.samples for batch in batches]), once)


def test_what_comes_before_a_wrong_seed_is_made(model: paragone.Sampler) -> None:
    made = []
    with pytest.raises(UsageError, match="-1 is negative"):
        made.extend(len(batch) for batch in model.stream([*range(CHUNK + 3), -1, 7]))
    assert sum(made) == CHUNK + 3


def test_what_comes_before_a_sample_that_is_not_finite_is_made(model: paragone.Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, forward, made = model.sample([CHUNK + 4]).requests[0].latent(model.generator.latent_size), model.generator.forward, []

    def spoiled(latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        hit = (latent == bad).all(1)
        return torch.where(hit[:, None], torch.nan, forward(latent, label))

    monkeypatch.setattr(model.generator, "forward", spoiled)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with pytest.raises(DivergenceError):
            made.extend(len(batch) for batch in model.stream(range(3 * CHUNK)))
    finally:
        torch.set_num_threads(before)
    assert made == [CHUNK]


def test_a_medium_that_cannot_work_here_loads_no_run(points_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    medium = registry().modality("points")
    nowhere = dataclasses.replace(medium.presets[0], build="no_such_module:build")
    refusing = dataclasses.replace(medium, check="test_refusal:check", presets=(nowhere, *medium.presets[1:]))

    def check() -> None:
        raise PluginError("is missing", where="ink", fix="Buy some.")

    monkeypatch.setitem(sys.modules, "test_refusal", SimpleNamespace(check=check))
    monkeypatch.setitem(registry().modalities, "points", refusing)
    with pytest.raises(PluginError, match="ink: is missing"):
        Sampler.load(points_run)


def test_samples_fit_the_spec(model: paragone.Sampler) -> None:
    batch = model.sample(range(40))
    model.spec.check(batch.samples)
    assert batch.seeds == list(range(40))
    assert set(batch.labels) == {"left", "right"}
    assert len(batch) == 40


def test_label_and_truncation_are_followed(model: paragone.Sampler) -> None:
    left, right = (model.sample(range(64), label=label) for label in ("left", "right"))
    assert set(left.labels) == {"left"}
    assert not torch.equal(left.samples, right.samples)
    drawn = model.sample([3])
    assert torch.equal(drawn.samples, model.sample([3], label=drawn.labels[0]).samples)
    narrow = model.sample(range(64), label="left", truncation=0.1)
    assert narrow.samples.std(0).mean() < left.samples.std(0).mean()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": [1], "label": "lef"}, "Did you mean 'left'"),
        ({"seeds": [1], "truncation": 0.0}, "above 0 and at most 2"),
        ({"seeds": [1], "truncation": 2.1}, "above 0 and at most 2"),
        ({"seeds": [1], "truncation": float("nan")}, "above 0 and at most 2"),
        ({"seeds": [2, -1]}, "-1 is negative"),
        ({"seeds": []}, "no seeds"),
    ],
)
def test_refusals(model: paragone.Sampler, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        model.sample(**arguments)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("use", ["sample", "save", "collect"])
def test_options_that_the_command_line_refuses_the_library_refuses_too(model: paragone.Sampler, tmp_path: Path, use: str) -> None:
    config, batch = model.modality.sample_config, model.sample([1])
    calls: dict[str, Callable[[object], object]] = {
        "sample": lambda options: model.sample([1], options=options),
        "save": lambda options: batch.save(tmp_path / "out", options),
        "collect": lambda options: batch.collect(options),
    }
    for options, message in ((config(digits=-1), r"options\.digits: .*out of range"), (object(), "object is no PointOrMapSample")):
        with pytest.raises(UsageError, match=message):
            calls[use](options)
    assert not (tmp_path / "out").exists()


def test_files_carry_their_provenance(model: paragone.Sampler, tmp_path: Path) -> None:
    paths = model.sample([4, 9], label="right", truncation=0.5).save(tmp_path / "out")
    assert [path.name for path in paths] == ["4.json", "9.json", "sheet.json"]
    facts = json.loads(paths[0].read_text())["provenance"]
    assert (facts["seed"], facts["label"], facts["truncation"]) == (4, "right", 0.5)
    assert facts["run"] == model.hash
    assert facts["plugin"] == "toy-plugin 0.1"
    again = paragone.load(model.run.path).sample([facts["seed"]], facts["label"], facts["truncation"])
    assert again.samples[0].tolist() == pytest.approx(json.loads(paths[0].read_text())["point"], abs=1e-6)


def test_a_walk_goes_from_the_sample_of_one_seed_to_that_of_another(model: paragone.Sampler) -> None:
    batch = model.walk(3, 9, 20, label="left", truncation=0.8)
    ends = model.sample([3, 9], label="left", truncation=0.8).samples
    assert torch.equal(batch.samples[[0, -1]], ends)
    assert len(batch) == 20
    apart = (batch.samples[1:] - batch.samples[:-1]).norm(dim=1)
    assert 0 < apart.max() < 0.5 * apart.sum()
    middle = model.walk(3, 9, 39, label="left", truncation=0.8).samples[::2]  # every second of twice as many steps
    assert torch.allclose(middle, batch.samples, atol=1e-6)


def test_without_a_label_the_nearer_seed_s_own_holds(model: paragone.Sampler) -> None:
    own = model.sample(range(20)).labels
    first, second = own.index("left"), own.index("right")
    batch = model.walk(first, second, 6)
    assert batch.labels == ["left"] * 3 + ["right"] * 3
    assert torch.equal(batch.samples[[0, -1]], model.sample([first, second]).samples)


def test_files_of_a_walk_say_where_they_lie(model: paragone.Sampler, tmp_path: Path) -> None:
    model.sample([3]).save(tmp_path)
    paths = model.walk(3, 9, 3).save(tmp_path)
    assert [path.name for path in paths] == ["3-to-9-1-of-3.json", "3-to-9-2-of-3.json", "3-to-9-3-of-3.json", "sheet.json"]
    facts = [json.loads(path.read_text())["provenance"] for path in paths[:3]]
    assert [(each["seed"], each["walk"]) for each in facts] == [(3, {"to": 9, "step": step, "of": 3}) for step in range(3)]
    walk = facts[1]["walk"]
    again = model.walk(facts[1]["seed"], walk["to"], walk["of"], facts[1]["label"]).samples[walk["step"]]
    assert again.tolist() == pytest.approx(json.loads(paths[1].read_text())["point"], abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"), [((1, 2, 1), "a walk of 1"), ((1, -2, 5), "-2 is negative"), ((1, 2, 5, "lef"), "'left'")]
)
def test_walks_that_are_none(model: paragone.Sampler, arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        model.walk(*arguments)


def test_another_modality_is_refused(points_run: Path) -> None:
    with pytest.raises(RunError, match="is a run of points, not of image"):
        paragone.load(points_run, modality="image")


def test_convenience(points_run: Path) -> None:
    options = registry().modality("points").sample_config(digits=2)
    batch = paragone.sample("points", range(3), run=points_run, options=options)
    assert len(batch) == 3
    assert batch.options is options


def test_samples_of_another_medium_are_no_lines(model: paragone.Sampler) -> None:
    with pytest.raises(UsageError, match="samples of points are no lines"):
        model.sample([1]).lines()


def test_whole_numbers_of_any_library_are_seeds(model: paragone.Sampler) -> None:
    batch = model.sample(torch.arange(3, 5))
    assert torch.equal(batch.samples, model.sample([3, 4]).samples)
    assert [type(seed) for seed in batch.seeds] == [int, int]
    with pytest.raises(TypeError):
        model.sample([1.5])  # type: ignore[list-item]  # wrong on purpose


def test_the_hash_is_of_the_weights_even_while_a_training_writes(points_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = Path(shutil.copytree(points_run, tmp_path / "run"))
    read, reads = weights.read, []

    def read_and_replace(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, object]]:
        tensors, facts = read(path)
        reads.append(path)
        if len(reads) == 1:
            weights.save(path, {name: value + 1 for name, value in tensors.items()}, facts)
        return tensors, facts

    monkeypatch.setattr(weights, "read", read_and_replace)
    model = paragone.load(out)
    monkeypatch.undo()
    assert len(reads) == 2
    assert model.hash == Run.open(out).hash()
    assert torch.equal(model.sample([1]).samples, paragone.load(out).sample([1]).samples)


def test_weights_that_overflow_are_told_in_words(points_run: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(points_run, tmp_path / "run"))
    tensors, facts = weights.read(out / "generator.safetensors")
    weights.save(out / "generator.safetensors", {name: value * float("nan") for name, value in tensors.items()}, facts)
    with pytest.raises(DivergenceError, match="values that are not finite"):
        paragone.load(out).sample([1])


def test_a_bundled_model_is_used_until_something_is_trained(points_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In half precision too: the weights are read into the networks' own."""
    package = tmp_path / "packages" / "bundled_points"
    shutil.copytree(points_run, package / "model")
    (package / "__init__.py").write_text("")
    tensors, facts = weights.read(points_run / "generator.safetensors")
    weights.save(package / "model" / "generator.safetensors", {name: tensor.half() for name, tensor in tensors.items()}, facts)
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    monkeypatch.chdir(tmp_path)
    medium = dataclasses.replace(registry().modality("points"), model="bundled_points:model")
    sampler = Sampler.load(newest_run(medium), modality="points")
    assert sampler.generator.first.weight.dtype == torch.float32
    assert torch.allclose(sampler.sample([3]).samples, Sampler.load(points_run).sample([3]).samples, atol=1e-2)
    shutil.copytree(points_run, tmp_path / "runs" / "mine")
    assert newest_run(medium) == Path("runs/mine")
    monkeypatch.chdir(package)
    with pytest.raises(RunError, match="no trained points run"):
        newest_run(dataclasses.replace(medium, model=None))
