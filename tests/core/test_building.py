from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

import paragone
from paragone.building import build, describe
from paragone.errors import PluginError, RunError
from paragone.options import options_of
from paragone.run import Run
from paragone.settings import TrainSettings


@pytest.fixture(scope="module")
def model(points_run: Path) -> paragone.Sampler:
    return paragone.load(points_run)


def test_threads_that_build_at_once_draw_the_same_weights(model: paragone.Sampler) -> None:
    def weight(_: int) -> float:
        players = build(model.modality, model.settings, model.spec, len(model.labels), seed=7)
        return sum(parameter.double().sum().item() for parameter in players.generator.parameters())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(weight, range(200)))) == 1


def test_building_leaves_torch_s_own_numbers_alone(model: paragone.Sampler) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    build(model.modality, model.settings, model.spec, len(model.labels), seed=7)
    assert torch.equal(torch.rand(4), expected)


def test_a_run_describes_itself(points_run: Path) -> None:
    run = Run.open(points_run)
    medium, settings = describe(run)
    assert medium.name == "points"
    assert settings.to_dict() == run.config["settings"]
    with pytest.raises(RunError, match="is a run of points, not of image\\nUse `create points` with it"):
        describe(run, "image")


def test_an_option_that_is_newer_than_the_run_changes_nothing(tmp_path: Path) -> None:
    """Whatever the preset says of it by now."""
    run = paragone.train("points", out=tmp_path / "run", samples=64, preset="wide")
    assert run.config["settings"]["train"].pop("batch") == 32  # as the preset wants it
    assert describe(run)[1].train.batch == options_of(TrainSettings)["batch"].default != 32


def test_a_run_of_a_plugin_that_is_not_here_says_which_it_was(tmp_path: Path) -> None:
    run = paragone.train("points", out=tmp_path / "run", samples=64)
    for medium, fix in (
        ("dots", "It says that dots.py 0123456789ab made it: if you trust that, install it"),
        ("imge", "Did you mean 'image'"),
    ):
        changed = Run(run.path, {**run.config, "modality": medium, "plugin": "dots.py 0123456789ab"})
        with pytest.raises(PluginError, match=f"unknown medium '{medium}'") as caught:
            describe(changed)
        assert caught.value.where == run.path
        assert caught.value.fix
        assert fix in caught.value.fix


def test_networks_that_have_changed_are_told_by_the_plugin_that_has(tmp_path: Path) -> None:
    run = paragone.train("points", out=tmp_path / "run", samples=64)
    config = json.loads((run.path / "config.json").read_text())
    config["settings"]["network"]["width"] += 1
    for plugin, fix in ((config["plugin"], "restore both from one run"), ("toy 0.0", "It was trained with toy 0.0, and there is ")):
        (run.path / "config.json").write_text(json.dumps({**config, "plugin": plugin}))
        with pytest.raises(RunError, match=r"tensor .* has shape") as caught:
            paragone.load(run.path)
        assert fix in str(caught.value)
