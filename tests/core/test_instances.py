from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from scipy.stats import chisquare
from torch import nn
from toy_plugin import model

import paragone
from paragone import api, clusters, instances, weights
from paragone.clusters import Clustered, Clusters, clustered
from paragone.errors import RunError, UsageError
from paragone.evaluation.evaluate import evaluate
from paragone.instances import chosen, described, neighbours
from paragone.registry import registry
from paragone.run import Run
from paragone.trainer import Trainer

SETTINGS = {"train.clusters": 25, "train.neighbours": 5, "train.device": "cpu", "train.precision": "fp32"}


def test_all_samples_are_instances_or_evenly_some_of_each_cluster() -> None:
    groups = torch.arange(10).repeat_interleave(torch.arange(1, 11))[torch.randperm(55, generator=torch.Generator().manual_seed(0))]
    everyone = chosen(groups, most=55)
    assert sorted(everyone.tolist()) == list(range(55))
    assert groups[everyone].tolist() == sorted(groups.tolist())
    some = chosen(groups, most=20)
    counts = torch.bincount(groups[some])
    assert len(set(some.tolist())) == len(some)
    assert int(counts.min()) == 1
    assert (counts - torch.arange(1, 11) * 20 / 55).abs().max() < 1


def test_neighbours_are_those_that_scipy_finds() -> None:
    torch.manual_seed(0)
    centres, points = torch.randn(300, 4, dtype=torch.float32), torch.randn(2000, 4)
    groups = torch.arange(3).repeat_interleave(100)
    none = torch.zeros(300, dtype=torch.int64)
    found = neighbours(points, centres, groups, 6, None, none)
    nearest = cKDTree(centres.numpy()).query(points.numpy())[1]
    assert np.array_equal(found[:, 0].numpy(), nearest)
    for group in range(3):
        mine = groups[nearest] == group
        theirs = cKDTree(centres[groups == group].numpy()).query(points[mine].numpy(), 6)[1] + 100 * group
        assert np.array_equal(found[mine].numpy(), theirs)


def test_neighbours_are_of_the_sample_s_label_and_cluster_and_the_nearest_fills_up() -> None:
    centres = torch.tensor([[0.0], [1.0], [5.0], [0.1]])
    groups, labels = torch.tensor([0, 0, 1, 2]), torch.tensor([0, 0, 0, 1])
    points, numbers = torch.tensor([[0.1], [5.0], [0.9]]), torch.tensor([0, 0, 1])
    assert neighbours(points, centres, groups, 3, numbers, labels).tolist() == [[0, 1, 0], [2, 2, 2], [3, 3, 3]]
    assert neighbours(points, centres, groups, 6, numbers, labels)[0].tolist() == [0, 1, 0, 0, 0, 0]


def test_an_instance_is_its_own_nearest_though_others_are_its_equal() -> None:
    centres = torch.randn(50, 200, generator=torch.Generator().manual_seed(0)) * 1e-3 + 100  # where cdist rounds
    near = neighbours(centres, centres, torch.zeros(50, dtype=torch.int64), 3, None, torch.zeros(50, dtype=torch.int64))
    assert [len(set(row)) for row in near.tolist()] == [3] * 50


def test_codes_are_principal_components() -> None:
    torch.manual_seed(0)
    centres = torch.randn(500, 40) * torch.linspace(3, 0.1, 40)
    codes = described(centres)
    assert codes.shape == (500, 32)
    assert codes.square().mean().item() == pytest.approx(1, abs=1e-5)
    assert (codes.mean(0).abs() < 1e-5).all()
    correlation = np.corrcoef(codes.numpy().T)
    assert np.abs(correlation - np.eye(32)).max() < 1e-4
    # the variances fall as the square roots of those of the components
    values = np.linalg.eigvalsh(np.cov(centres.numpy().T))[::-1][:32] ** 0.5
    assert codes.var(0).numpy() / float(codes.var(0).sum()) == pytest.approx(values / values.sum(), rel=1e-3)
    assert described(torch.randn(3, 8)).shape == (3, 3)
    assert described(torch.ones(4, 2)).abs().max() == 0


KNOWN = Clusters((0, 0, 1), (10, 30, 5), (10, 4, 5), 2)


def test_a_cluster_is_drawn_as_often_as_the_data_has_it_and_an_instance_evenly() -> None:
    drawn = torch.bincount(torch.tensor([KNOWN.draw(seed, 0) for seed in range(4000)]), minlength=19)
    assert drawn[14:].sum() == 0
    assert chisquare(drawn[:14].numpy(), [100] * 10 + [750] * 4).pvalue > 0.001
    assert {KNOWN.draw(seed, 1) for seed in range(100)} == {14, 15, 16, 17, 18}
    assert len(KNOWN) == 19
    assert KNOWN.groups.tolist() == [0] * 10 + [1] * 4 + [2] * 5
    assert Clusters.from_json(json.loads(json.dumps(KNOWN.to_json()))) == KNOWN


def test_the_players_are_told_of_instances(trainer: Callable[..., Trainer]) -> None:
    training = trainer(train__clusters=25, train__neighbours=5, train__group=4, train__batch=32)
    dataset = training.dataset
    assert isinstance(dataset, Clustered)
    assert torch.equal(dataset.told.sort().values, torch.arange(2500))  # each sample is its own nearest instance
    for player in (training.players.generator, training.players.discriminator):
        assert player.label.num_embeddings == 25  # type: ignore[union-attr]
        assert player.label.codes.shape == (2500, 2)  # type: ignore[union-attr]
    picked = []
    for step in range(3):
        training.step = step
        (batch,) = training.micro_batches("generator")
        assert batch.label is not None
        assert batch.group is not None
        assert torch.equal(dataset.clusters.groups[batch.label], batch.group)
        assert (batch.group.view(-1, 4) == batch.group.view(-1, 4)[:, :1]).all()  # a group is of one cluster
        whole = torch.cat([dataset.batch(index, torch.device("cpu"))[0] for index in torch.arange(2500).split(500)])
        which = (batch.real[:, None] - whole).abs().amax(2).argmin(1)
        picked += [(dataset.near[row] == told).nonzero()[0, 0].item() for row, told in zip(which, batch.label, strict=True)]
    assert set(picked) == set(range(5))  # one of the nearest five
    training.step = 0
    again = next(iter(training.micro_batches("generator")))
    training.settings = training.settings.replace("train", accumulate=2)
    training.part = 16
    parts = list(training.micro_batches("generator"))
    assert torch.equal(torch.cat([part.label for part in parts if part.label is not None]), again.label)  # type: ignore[arg-type]


def test_of_many_samples_some_are_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "MOST", 100)
    plan = api.plan("points", layers=[("", SETTINGS)])
    assert isinstance(plan.dataset, Clustered)
    assert plan.dataset.clusters.counts == (4,) * 25
    assert plan.dataset.near.shape == (2500, 5)
    assert plan.to_json()["clusters"] == 25
    assert torch.bincount(plan.dataset.groups).tolist() == [100] * 25


def test_seeds_draw_clusters_as_often_as_they_are_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where clusters touch, a sample's nearest instance is often of the next one."""
    monkeypatch.setattr(instances, "MOST", 100)
    monkeypatch.setattr(model, "embed", lambda samples, spec: samples[:, :1].sin() + 0.1 * samples[:, 1:].cos())
    plan = api.plan("points", layers=[("", SETTINGS)])
    assert isinstance(plan.dataset, Clustered)
    sizes = torch.bincount(plan.dataset.groups, minlength=len(plan.dataset.clusters.sizes))
    assert plan.dataset.clusters.sizes == tuple(sizes.tolist())
    monkeypatch.setattr(instances, "MOST", 2500)
    whole = api.plan("points", layers=[("", SETTINGS)])
    assert isinstance(whole.dataset, Clustered)
    assert whole.dataset.clusters.sizes != plan.dataset.clusters.sizes  # so it was not the same thing anyway


def test_networks_that_cannot_be_told_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "LabelEmbedding", nn.Embedding)
    with pytest.raises(UsageError, match=r"train.neighbours: the networks of preset \w+ cannot be told of neighbours\nSet it to 0"):
        api.plan("points", layers=[("", SETTINGS)])


def test_without_clusters_there_are_no_instances() -> None:
    medium = registry().modality("points")
    plan = api.plan("points", layers=[("", {**SETTINGS, "train.clusters": 0})])
    assert not isinstance(plan.dataset, Clustered)
    assert clustered(medium, plan.dataset, plan.settings.train) is plan.dataset


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("instances") / "run"
    settings = {**SETTINGS, "train.keep_best": "kid", "train.best_count": 64}
    return paragone.train("points", out=out, samples=60_000, settings=settings).path


def test_a_sample_is_like_its_instance(run: Path) -> None:
    sampler = paragone.load(run)
    known = sampler.clusters
    assert known is not None
    places = clusters.read_centres(sampler.run.centres, known)
    assert places.shape == (2500, 2)
    seeds = range(200)
    samples = sampler.sample(seeds, "right").samples
    told = torch.tensor(known.told(seeds, [1] * 200))
    middles = torch.stack([places[known.groups == group].mean(0) for group in range(25)])
    assert (torch.cdist(samples, middles).argmin(1) == known.groups[told]).double().mean() > 0.25  # by chance a fifteenth
    outcome = evaluate(run, count=64, extractor="bare")
    assert outcome.generated.numbers is not None
    mine = (outcome.generated.numbers == 1).nonzero()[:, 0]
    assert torch.allclose(outcome.generated.read(mine), sampler.sample(mine.tolist(), "right").samples, atol=1e-6)


def test_the_weights_carry_what_describes_the_instances(run: Path) -> None:
    tensors, _ = weights.read(Run.open(run).generator)
    assert torch.equal(tensors["label.codes"], described(clusters.read_centres(Run.open(run).centres, Run.open(run).clusters or KNOWN)))
    config = json.loads((run / "config.json").read_text())
    assert config["clusters"]["instances"] == [100] * 25
    assert config["clusters"]["codes"] == 2


def test_a_walk_and_more_like_a_seed(run: Path) -> None:
    sampler = paragone.load(run)
    known = sampler.clusters
    assert known is not None
    walk = sampler.walk(0, 1, 5, "right")
    assert torch.equal(walk.samples[[0, -1]], sampler.sample([0, 1], "right").samples)
    shares = sampler.kinds.shares(walk.requests)
    assert isinstance(shares, torch.Tensor)
    assert torch.equal(shares[:, known.draw(1, 1)], torch.linspace(0, 1, 5))
    alike = sampler.sample([0, 1, 2], "right", like=7)
    assert sampler.numbers(alike.requests) == [known.draw(7, 1)] * 3


@pytest.mark.parametrize(
    "entry",
    [
        {"instances": [1] * 24, "codes": 2},
        {"instances": [0] * 25, "codes": 2},
        {"instances": [10**9] * 25, "codes": 2},
        {"instances": [100] * 25},
        {"instances": [100] * 25, "codes": 0},
        {"instances": [100] * 25, "codes": 10**9},
        {"codes": 2},
    ],
)
def test_an_edited_entry_is_named(run: Path, tmp_path: Path, entry: dict[str, Any]) -> None:
    shutil.copytree(run, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    del config["clusters"]["instances"], config["clusters"]["codes"]
    config["clusters"].update(entry)
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match="has no valid 'clusters'"):
        Run.open(tmp_path / "run")
