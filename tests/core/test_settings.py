from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from paragone.errors import UsageError
from paragone.registry import registry
from paragone.settings import flatten, layers, read_assignments, read_toml, settle


def test_defaults_then_preset_then_layers() -> None:
    medium = registry().modality("points")
    assert settle(medium).train.batch == 64
    wide = settle(medium, [("a", {"train.preset": "wide"})])
    assert (wide.train.preset, wide.train.batch, wide.network.width) == ("wide", 32, 128)
    assert settle(medium, [("a", {"train.preset": "wide", "train.batch": 8}), ("b", {"train.batch": "16"})]).train.batch == 16
    assert settle(medium, [("a", {"train.preset": "wide"}), ("b", {"train.preset": "mlp"})]).train.batch == 64


def test_toml_round_trip() -> None:
    medium = registry().modality("points")
    settings = settle(medium, [("a", {"train.minutes": 2, "ema.half_life": 5.0, "network.width": 7, "generator.beta2_end": 0.9})])
    again = settle(medium, [("file", flatten(tomllib.loads(settings.to_toml()), "file"))])
    assert again == settings


def test_precedence_of_file_set_and_flags(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("[train]\nbatch = 4\nseed = 4\naccumulate = 4\n[network]\nwidth = 4\n")
    settings = settle(registry().modality("points"), layers(file, ["train.batch=8", "train.seed=8"], {"train.batch": 16}))
    assert (settings.train.batch, settings.train.seed, settings.network.width) == (16, 8, 4)


def test_a_later_budget_replaces_an_earlier_one() -> None:
    settings = settle(registry().modality("points"), [("a", {"train.minutes": 3.0}), ("b", {"train.samples": 10})])
    assert (settings.train.minutes, settings.train.samples) == (None, 10)


@pytest.mark.parametrize("none", [None, "none", ""])
def test_no_budget_replaces_no_other(none: object) -> None:
    points = registry().modality("points")
    for said in (
        [("a", {"train.samples": 10}), ("b", {"train.minutes": none})],
        [("a", {"train.minutes": none, "train.samples": "10"})],
    ):
        train = settle(points, said).train
        assert (train.minutes, train.samples) == (None, 10)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"train.batsh": 1}, "Did you mean 'train.batch'"),
        ({"trian.batch": 1}, "Did you mean 'train'"),
        ({"batch": 1}, "unknown section 'batch'"),
        ({"network.widht": 1}, "Did you mean 'network.width'"),
        ({"train.preset": "mpl"}, r"^test: train\.preset: unknown preset 'mpl'\nDid you mean 'mlp'"),
        ({"train.batch": 10**12}, "out of range"),
        ({"train.threads": 10**6}, "out of range"),
        ({"train.batch": -1}, "from 1 to"),
        ({"train.batch": 0}, "from 1 to"),
        ({"train.batch": 10, "train.accumulate": 3}, "cannot be split into 3"),
        ({"train.batch": 24, "train.accumulate": 4, "train.group": 4}, "groups of 4"),
        ({"train.minutes": 1.0, "train.samples": 1}, "not both"),
        ({"train.minutes": -1.0}, "out of range"),
    ],
)
def test_refusals(layer: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        settle(registry().modality("points"), [("test", layer)])


def test_files_and_assignments_that_cannot_be_read(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("train = [")
    with pytest.raises(UsageError, match="not valid TOML"):
        read_toml(bad)
    bad.write_text("batch = 3")
    with pytest.raises(UsageError, match="outside a section"):
        read_toml(bad)
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not valid TOML"):
        read_toml(bad)
    for absent in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_toml(absent)
    with pytest.raises(UsageError, match="no '='"):
        read_assignments(["train.batch"])
    assert read_assignments(["a.b = c=d"]) == {"a.b": "c=d"}
