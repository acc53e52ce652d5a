"""The declaration, and a whole training of every preset, cut to a few steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import paragone
from paragone import api
from paragone.registry import registry
from paragone.settings import settle

SHRUNK = {
    "small": {"network.width": 8, "network.widest": 16},
    "dcgan": {"network.width": 8, "train.batch": 16},
    "article": {},
    "r3gan": {"network.width": 32, "network.blocks": 1, "train.batch": 16},
}


def test_importing_it_is_quick_and_free_of_torch() -> None:
    code = "import paragone_image.plugin, sys; print(sorted({'torch', 'numpy', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_every_preset_settles() -> None:
    medium = registry().modality("image")
    assert [preset.name for preset in medium.presets] == ["small", "dcgan", "article", "r3gan"]
    for preset in medium.presets:
        assert settle(medium, [("", {"train.preset": preset.name})]).train.preset == preset.name


@pytest.mark.parametrize("preset", SHRUNK)
def test_train_resume_and_sample(preset: str, tmp_path: Path) -> None:
    settings = {"train.device": "cpu", "train.sheet_seconds": 0.0, **SHRUNK[preset]}
    run = paragone.train("image", preset=preset, out=tmp_path / "run", samples=256, settings=settings)
    api.resume(run.path, layers=[("", {"train.samples": 384})])
    model = paragone.load(run.path)
    paths = model.sample(range(3)).save(tmp_path / "out")
    with Image.open(paths[0]) as picture:
        assert picture.mode == ("L" if preset == "article" else "RGBA")
        assert picture.size == ((28, 28) if preset == "article" else (32, 32))
    with Image.open(sorted((run.path / "samples").iterdir())[-1]) as sheet:
        assert min(sheet.size) > 400
    assert model.labels == (() if preset in ("article", "dcgan") else tuple(run.config["labels"]))


def test_starter_pictures_are_not_even_read_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = api.plan("image").dataset
    monkeypatch.setattr("paragone_image.dataset.open_source", None)
    second = api.plan("image").dataset
    assert (len(second), len(second.labels)) == (1632, 8)
    assert second.fingerprint == first.fingerprint
