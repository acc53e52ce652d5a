"""What a plugin's code returns is looked at before a training begins; the training is as if nobody had looked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from toy_plugin import model

import paragone
from paragone import api
from paragone.errors import PluginError
from paragone.execution import Execution
from paragone.in_memory import InMemory
from paragone.modality import Modality, NoSettings, Preset
from paragone.players import Players
from paragone.rehearsal import rehearse
from paragone.settings import settle
from paragone.spec import Axis, SampleSpec
from paragone.tokens import TokenEmbedding
from paragone.trainer import Trainer

TINY = {"train.device": "cpu", "train.threads": 1}


def changed(change: Callable[[Players], Any]) -> Callable[..., Any]:
    def build(*given: Any) -> Any:
        players = plain(*given)
        return change(players) or players

    return build


plain = model.build


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("build", lambda *given: (1, 2), "model:build: returned tuple where paragone.players.Players was wanted"),
        ("build", changed(lambda players: delattr(players.generator, "latent_size")), "model:build: the generator has no latent_size"),
        ("open_points", lambda *given: None, "model:open_points: returned NoneType, which is no data set: it has no spec, labels"),
        ("embed", lambda samples, spec: None, "fails: "),
    ],
)  # fmt: skip
def test_what_is_returned_is_told_with_the_name_of_the_code(
    name: str, value: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, name, value)
    with pytest.raises(PluginError) as caught:
        paragone.train("points", out=tmp_path / "run", samples=64, settings={**TINY, "train.clusters": 8, "train.cluster_size": 8})
    assert words in str(caught.value)
    assert "Tell the author" in str(caught.value)
    assert not (tmp_path / "run").exists()


def two(*given: Any) -> model.Points:
    points = opened(*given)
    points.labels = ("left", "left")
    return points


opened = model.open_points


def test_two_labels_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "open_points", two)
    with pytest.raises(PluginError, match=r"the labels \('left', 'left'\): a tuple of different names was wanted"):
        paragone.train("points", out=tmp_path / "run", samples=64, settings=TINY)


@pytest.mark.parametrize(
    ("player", "forward", "words"),
    [
        (model.PointGenerator, lambda self, latent, label: latent[:, :1], "the generator's samples have the shape (8, 1) where (8, 2)"),
        (model.PointDiscriminator, lambda self, sample, label: sample, "the discriminator's logits have the shape (8, 2) where (8,)"),
        (model.PointDiscriminator, lambda self, sample: sample[:, 0], "fails: TypeError: "),
        (model.PointEncoder, lambda self, sample, label: sample, "the encoder returns no pair"),
        (model.PointEncoder, lambda self, sample, label: (sample, sample), "what the encoder returns have the shape (8, 2) where (8, 8)"),
    ],
)
def test_players_are_tried_before_there_is_a_run(
    player: type, forward: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player, "forward", forward)
    settings = {**TINY, "train.group": 4, "reconstruction.features": 1.0, "network.latent": 8}
    with pytest.raises(PluginError) as caught:
        paragone.train("points", out=tmp_path / "run", samples=64, settings=settings)
    assert words in str(caught.value)
    assert caught.value.where == "toy_plugin.model:build"
    assert not (tmp_path / "run").exists()


def test_a_rehearsal_leaves_no_trace(tmp_path: Path) -> None:
    plan = api.plan("points", out=tmp_path / "run", layers=[("", {**TINY, "network.batch_norm": True, "train.samples": 64})])
    trainer = Trainer(plan.players, plan.dataset, plan.settings, plan.execution)
    before = {name: {key: value.clone() for key, value in module.state_dict().items()} for name, module in trainer.modules.items()}
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    rehearse(trainer, "toy")
    assert torch.equal(torch.rand(2), expected)
    assert any("running_mean" in key for key in before["generator"])
    for name, module in trainer.modules.items():
        assert module.training
        for key, value in module.state_dict().items():
            assert torch.equal(value, before[name][key]), key


def test_what_a_writer_returns_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = paragone.train("points", out=tmp_path / "run", samples=64, settings=TINY)
    batch = paragone.load(run.path).sample([0, 1])
    monkeypatch.setattr(model.PointFiles, "encode", lambda *given: "text")
    with pytest.raises(PluginError, match="returned str where the bytes of a file was wanted"):
        batch.save(tmp_path / "made")
    monkeypatch.setattr(model.PointFiles, "encode", lambda *given: 1 / 0)
    with pytest.raises(PluginError, match="fails: ZeroDivisionError"):
        batch.save(tmp_path / "made")
    monkeypatch.setattr(model.PointFiles, "sheet", lambda *given: None)
    with pytest.raises(PluginError, match="returned NoneType where the bytes of a sheet was wanted"):
        paragone.train("points", out=tmp_path / "again", samples=64, settings=TINY)


def test_a_writer_is_tried_before_there_is_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model.PointFiles, "__init__", lambda self, spec: None)
    with pytest.raises(PluginError, match="model:PointFiles: fails: TypeError"):
        paragone.train("points", out=tmp_path / "run", samples=64, settings=TINY)
    assert not (tmp_path / "run").exists()


class Words(nn.Module):
    """A generator of tokens."""

    latent_size = 4

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(3, 5))

    def logits(self, latent: torch.Tensor, label: Any, tokens: torch.Tensor, dropout: torch.Tensor | None = None) -> torch.Tensor:
        return self.table.expand(len(latent), 3, 5)

    def forward(self, latent: torch.Tensor, label: Any) -> torch.Tensor:
        return torch.zeros(len(latent), 3, dtype=torch.int64)


class Reader(nn.Module):
    """A discriminator of tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(5, 2)

    def forward(self, sample: torch.Tensor, label: Any) -> torch.Tensor:
        return self.embedding(sample).sum((1, 2))


@pytest.mark.parametrize(
    ("broken", "name", "value", "words"),
    [
        (Words, "logits", lambda self, latent, label, tokens: torch.zeros(2, 5, 3), "logits have the shape (2, 5, 3) where (2, 3, 5)"),
        (Words, "logits", None, "fails: TypeError"),
        (Words, "forward", lambda self, latent, label: torch.zeros(len(latent), 3), "samples are torch.float32 where int64 was wanted"),
        (Reader, "forward", lambda self, sample, label: self.embedding.weight[sample].sum((1, 2)), "fails: "),
    ],
)  # fmt: skip
def test_players_of_tokens_are_asked_what_the_game_will_ask(
    broken: type, name: str, value: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SampleSpec((Axis("position", 3, "tokens", vocabulary=5),), "int64", 0, 4)
    settings = settle(Modality("words", "W.", (Preset("p", "P.", "m:b", NoSettings),), "m:d"), [("", {"train.samples": 4})])

    def trainer() -> Trainer:
        data = InMemory(spec, torch.randint(0, 5, (8, 3)))
        return Trainer(Players(Words(), Reader()), data, settings, Execution.choose("cpu", "fp32"))

    rehearse(trainer(), "words:build")
    monkeypatch.setattr(broken, name, value)
    with pytest.raises(PluginError, match="words:build: ") as caught:
        rehearse(trainer(), "words:build")
    assert words in str(caught.value)
