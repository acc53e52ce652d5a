from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from toy_plugin import model

import paragone
from paragone import api, clusters, k_means
from paragone.clusters import Clustered, Clusters, clustered
from paragone.data import Subset
from paragone.errors import Interrupted, PluginError, RunError, UsageError
from paragone.evaluation.evaluate import evaluate
from paragone.registry import registry
from paragone.reporting import Silent
from paragone.run import Run
from paragone.settings import TrainSettings
from paragone.trainer import Trainer

CPU = torch.device("cpu")
EVERY_MODE = {"train.clusters": 25, "train.device": "cpu", "train.precision": "fp32"}


KNOWN = Clusters((0, 0, 1, 2, 2, 2), (10, 30, 5, 1, 2, 7))


def test_clusters_are_drawn_as_often_as_the_data_has_them() -> None:
    drawn = torch.bincount(torch.tensor([KNOWN.draw(seed, 2) for seed in range(2000)]), minlength=6)
    assert drawn[:3].tolist() == [0, 0, 0]
    assert chisquare(drawn[3:].numpy(), [200, 400, 1400]).pvalue > 0.001
    assert KNOWN.told([5, 6], [1, 0]) == [2, KNOWN.draw(6, 0)]
    assert KNOWN.told(range(3), None) == [KNOWN.draw(seed, 0) for seed in range(3)]
    assert Clusters.from_json(json.loads(json.dumps(KNOWN.to_json()))) == KNOWN


def points_of(plan: api.Plan) -> Clustered:
    assert isinstance(plan.dataset, Clustered)
    return plan.dataset


def test_the_players_are_told_of_clusters(trainer: Callable[..., Trainer]) -> None:
    training = trainer(train__clusters=25, train__group=4, train__batch=32)
    assert training.players.generator.label.num_embeddings == 25  # type: ignore[union-attr]
    (batch,) = training.micro_batches("discriminator")
    assert batch.label is not None
    assert (batch.label.view(-1, 4) == batch.label.view(-1, 4)[:, :1]).all()  # a group is of one cluster
    for told in torch.unique(batch.label):
        mine = batch.real[batch.label == told]
        assert (mine - mine[:1]).abs().max() < 0.2  # the 25 modes are 0.4 apart


def test_labels_stay_what_they_are() -> None:
    medium = registry().modality("points")
    plan = api.plan("points", layers=[("", EVERY_MODE)])
    dataset = points_of(plan)
    assert dataset.labels == ("left", "right")
    assert dataset.numbers is dataset.dataset.numbers
    assert torch.equal(torch.bincount(dataset.told), torch.full((25,), 100))
    assert torch.equal(torch.tensor(dataset.clusters.labels)[dataset.told], dataset.numbers)
    assert plan.to_json()["clusters"] == 25
    assert clustered(medium, dataset.dataset, TrainSettings()) is dataset.dataset
    assert clustered(medium, dataset.dataset, TrainSettings(clusters=2)) is dataset.dataset  # one cluster a label says nothing new
    unlabelled = points_of(api.plan("points", layers=[("", {**EVERY_MODE, "train.conditional": False})]))
    assert (unlabelled.labels, unlabelled.numbers, unlabelled.clusters.labels) == ((), None, (0,) * 25)


def test_a_medium_that_cannot_tell_what_is_alike_says_so() -> None:
    with pytest.raises(UsageError, match=r"train.clusters: text has no embedding to find clusters by\nSet it to 0"):
        api.plan("text", layers=[("", {"train.clusters": 4})])


@pytest.mark.parametrize(
    ("embed", "said"),
    [
        (lambda samples, spec: samples[:, 0], r"gives \(2500,\) numbers for 2500 samples"),
        (lambda samples, spec: samples / 0, "not finite"),
        (lambda samples, spec: 1 / 0, "fails: ZeroDivisionError"),
    ],
)
def test_an_embedding_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, embed: Any, said: str) -> None:
    monkeypatch.setattr(model, "embed", embed)
    with pytest.raises(PluginError, match=said):
        api.plan("points", layers=[("", EVERY_MODE)])


@pytest.mark.parametrize("neighbours", [0, 5])
def test_an_embedding_may_have_weights_of_its_own(monkeypatch: pytest.MonkeyPatch, neighbours: int) -> None:
    layer = torch.nn.Linear(2, 3)
    monkeypatch.setattr(model, "embed", lambda samples, spec: layer(samples))
    plan = api.plan("points", layers=[("", {**EVERY_MODE, "train.neighbours": neighbours})])
    assert not points_of(plan).centres.requires_grad


def test_a_label_without_samples_is_named() -> None:
    plan = api.plan("points", layers=[("", EVERY_MODE)])
    dataset = points_of(plan).dataset
    alone = Subset(dataset, (dataset.numbers == 1).nonzero()[:, 0])  # type: ignore[attr-defined]  # it has labels
    with pytest.raises(UsageError, match=r"train.clusters: the label 'left' has no samples, so no clusters\nSet it to 0"):
        clustered(registry().modality("points"), alone, plan.settings.train)


def test_of_many_samples_some_are_looked_at_and_all_are_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(k_means, "FITTED", 300)
    dataset = points_of(api.plan("points", layers=[("", EVERY_MODE)]))
    assert len(dataset.told) == 2500
    assert torch.equal(torch.bincount(dataset.told), torch.full((25,), 100))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clustered") / "run"
    return paragone.train("points", out=out, samples=60_000, settings={**EVERY_MODE, "train.keep_best": "kid", "train.best_count": 64}).path


def test_a_cluster_is_what_its_samples_look_like(run: Path) -> None:
    sampler = paragone.load(run)
    seeds = range(200)
    samples = sampler.sample(seeds, "right").samples
    known = sampler.clusters
    assert known is not None
    centres = clusters.read_centres(sampler.run.centres, known)
    wanted = torch.tensor(known.told(seeds, [1] * 200))
    assert (torch.cdist(samples, centres).argmin(1) == wanted).double().mean() > 0.25  # by chance a fifteenth, and it has learned for 2 s
    assert sampler.numbers(sampler.sample([3], "right").requests) == [known.draw(3, 1)]  # whatever the others are


def test_a_walk_leads_gradually_from_cluster_to_cluster(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = paragone.load(run)
    known = sampler.clusters
    assert known is not None
    first = 0
    second = next(seed for seed in range(1, 100) if known.draw(seed, 1) != known.draw(first, 1))
    walk = sampler.walk(first, second, 9, "right")
    assert torch.equal(walk.samples[[0, -1]], sampler.sample([first, second], "right").samples)
    shares = sampler.kinds.shares(walk.requests)
    assert isinstance(shares, torch.Tensor)
    assert torch.equal(shares[:, known.draw(second, 1)], torch.linspace(0, 1, 9))
    assert torch.allclose(shares.sum(1), torch.ones(9))
    monkeypatch.setattr(sampler.generator, "blends", False)
    abrupt = sampler.walk(first, second, 9, "right")
    assert torch.equal(abrupt.samples[[0, -1]], walk.samples[[0, -1]])
    assert not torch.equal(abrupt.samples[4], walk.samples[4])
    assert sampler.numbers(walk.requests) == [known.draw(first, 1)] * 5 + [known.draw(second, 1)] * 4


def test_more_like_the_sample_of_a_seed(run: Path, tmp_path: Path) -> None:
    sampler = paragone.load(run)
    known = sampler.clusters
    assert known is not None
    other = next(seed for seed in range(1, 100) if known.draw(seed, 1) != known.draw(0, 1))
    alike = sampler.sample([0, other], "right", like=0)
    assert sampler.numbers(alike.requests) == [known.draw(0, 1)] * 2
    plain = sampler.sample([0, other], "right")
    assert torch.equal(alike.samples[0], plain.samples[0])  # a seed is like itself
    assert not torch.equal(alike.samples[1], plain.samples[1])
    anyone = sampler.sample(range(20), like=other)
    assert set(anyone.labels) == {sampler.sample([other]).labels[0]}
    assert torch.equal(sampler.sample([other], like=other).samples, sampler.sample([other]).samples)
    walk = sampler.walk(0, other, 5, "right", like=other)
    assert set(sampler.numbers(walk.requests) or []) == {known.draw(other, 1)}
    assert torch.equal(walk.samples[[0, -1]], sampler.sample([0, other], "right", like=other).samples)
    facts = [json.loads(path.read_text())["provenance"] for path in alike.save(tmp_path)[:-1]]
    assert [(each["seed"], each["like"]) for each in facts] == [(0, 0), (other, 0)]
    for kind in (np.int64, torch.tensor):
        same = sampler.sample([0, other], "right", like=kind(0))  # type: ignore[arg-type]  # a whole number all the same
        assert torch.equal(same.samples, alike.samples)
        assert same.save(tmp_path)[:-1] == alike.save(tmp_path)[:-1]
    with pytest.raises(UsageError, match="like: -1 is negative"):
        sampler.sample([0], like=-1)


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({"train.clusters": 0}, "train.clusters above 0"),
        ({"train.clusters": 9, "train.cluster_size": 9_999}, "smaller train.cluster_size (it was 9999)"),
    ],
)
def test_without_clusters_nothing_is_like_a_seed(tmp_path: Path, settings: dict[str, object], fix: str) -> None:
    model = paragone.load(paragone.train("points", out=tmp_path / "run", samples=64, settings=settings).path)
    with pytest.raises(UsageError, match="has no clusters") as caught:
        model.sample([1], like=0)
    assert fix in str(caught.value)


def test_evaluate_asks_for_what_create_would_make(run: Path) -> None:
    sampler = paragone.load(run)
    outcome = evaluate(run, count=64, extractor="bare")
    assert outcome.generated.numbers is not None
    for number, label in enumerate(sampler.labels):
        mine = (outcome.generated.numbers == number).nonzero()[:, 0]
        assert torch.allclose(outcome.generated.read(mine), sampler.sample(mine.tolist(), label).samples, atol=1e-6)


@pytest.mark.parametrize("neighbours", [0, 5])
def test_a_stopped_training_goes_on_with_its_clusters(tmp_path: Path, neighbours: int) -> None:
    settings = {**EVERY_MODE, "train.neighbours": neighbours}
    whole = paragone.train("points", out=tmp_path / "whole", samples=2560, settings=settings)
    with pytest.raises(Interrupted):
        paragone.train("points", out=tmp_path / "parts", samples=2560, settings=settings, reporter=Stop())
    parts = api.resume(tmp_path / "parts")
    assert parts.hash() == whole.hash()
    assert parts.clusters == whole.clusters


class Stop(Silent):
    """Interrupts when half is done."""

    stopped = False

    def progress(self, fraction: float, samples: int) -> None:
        if fraction > 0.5 and not self.stopped:
            self.stopped = True
            os.kill(os.getpid(), signal.SIGINT)


def test_clusters_outlive_a_change_of_the_data(tmp_path: Path) -> None:
    rows = [f"{x},{y}" for x in (-0.8, 0.0, 0.8) for y in (-0.5, 0.5)]
    data = tmp_path / "some.csv"
    data.write_text("\n".join(["x,y", *rows]))
    settings = {**EVERY_MODE, "train.clusters": 6}
    out = paragone.train("points", data, out=tmp_path / "run", samples=640, settings=settings).path
    before = Run.open(out)
    data.write_text("\n".join(["x,y", *rows[1:], "0.8,0.52"]))
    api.resume(out, data=data, layers=[("", {"train.samples": 1280})])
    assert Run.open(out).clusters == before.clusters
    assert len(paragone.load(out).sample(range(4)).samples) == 4


def damaged(run: Path, out: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    shutil.copytree(run, out)
    config = json.loads((out / "config.json").read_text())
    change(config)
    (out / "config.json").write_text(json.dumps(config))
    return out


@pytest.mark.parametrize(
    "entry",
    [3, [], {}, {"labels": [0]}, {"labels": [0, 0], "sizes": [1]}, {"labels": [1, 0], "sizes": [1, 1]}, {"labels": [0], "sizes": [0]}],
)
def test_an_edited_entry_is_named(run: Path, tmp_path: Path, entry: object) -> None:
    with pytest.raises(RunError, match="has no valid 'clusters'"):
        Run.open(damaged(run, tmp_path / "run", lambda config: config.update(clusters=entry)))


def test_clusters_of_other_labels_are_refused(run: Path, tmp_path: Path) -> None:
    entry = {"labels": [0, 1, 2], "sizes": [5, 5, 5]}
    with pytest.raises(RunError, match="has clusters of other labels"):
        Run.open(damaged(run, tmp_path / "run", lambda config: config.update(clusters=entry)))


def test_a_plugin_that_has_changed_its_mind_is_told(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(run, tmp_path / "run")
    monkeypatch.setattr(model, "embed", lambda samples, spec: torch.cat([samples, samples], 1))
    with pytest.raises(RunError, match="has clusters by 2 numbers a sample, points now gives 4"):
        api.resume(tmp_path / "run", layers=[("", {"train.samples": 70_000})])


def test_a_resume_without_its_centres_says_what_is_missing(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "clusters.safetensors").unlink()
    with pytest.raises(RunError, match=r"clusters\.safetensors"):
        api.resume(tmp_path / "run", layers=[("", {"train.samples": 70_000})])
