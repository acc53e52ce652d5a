from __future__ import annotations

import sys
from pathlib import Path

import pytest

import paragone
from paragone.errors import UsageError


def test_numbers_arrive_in_tensorboards_files(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = {"train.device": "cpu", "train.stats_every": 128, "train.tensorboard": True}
    run = paragone.train("points", out=tmp_path / "run", samples=512, settings=settings)
    events = EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss_generator")] == [128, 256, 384, 512]


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)  # what an import of something absent meets
    with pytest.raises(UsageError, match=r"tensorboard is not installed\npip install 'paragone\[tensorboard\]'"):
        paragone.train("points", out=tmp_path / "run", samples=64, settings={"train.device": "cpu", "train.tensorboard": True})
    assert not (tmp_path / "run").exists()
