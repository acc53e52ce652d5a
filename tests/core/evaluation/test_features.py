"""Features: finite or an error, and computed once."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch

from paragone import api, opening
from paragone.data import Dataset, Subset
from paragone.errors import DivergenceError, PluginError
from paragone.evaluation.features import extract, real_evidence


class Counting:
    """Doubles; counts what it was shown."""

    identity, size = "counting/1", 2

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        self.seen += len(samples)
        return samples * 2


def silent(what: str, done: int, total: int) -> None: ...


@pytest.fixture
def points() -> Dataset:
    medium = api.registry().modality("points")
    return opening.open_data(medium, medium.data_config(), None, print)


def test_features_of_real_data_are_kept(points: Dataset, tmp_path: Path) -> None:
    extractor = Counting()
    first = real_evidence(extractor, points, tmp_path, "samples", silent)
    again = real_evidence(extractor, points, tmp_path, "samples", silent)
    assert extractor.seen == len(points) == len(first)
    assert torch.equal(first.features, again.features)
    wanted = torch.tensor([5, 2, 5])
    assert torch.equal(first.read(wanted).double() * 2, first.features[wanted])
    assert first.numbers is not None
    third = first.of_label(1)
    assert set(third.numbers.tolist()) == {1}
    assert torch.equal(third.read(torch.tensor([0])).double() * 2, third.features[:1])


def test_an_extractor_whose_code_has_changed_looks_again(points: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "author.py"
    monkeypatch.setattr(inspect, "getfile", lambda kind: str(file))
    extractor, cache = Counting(), tmp_path / "cache"
    for source, seen in (("x = 1", 1), ("x = 1", 1), ("x = 2", 2)):
        file.write_text(source)
        real_evidence(extractor, points, cache, "samples", silent)
        assert extractor.seen == seen * len(points)


def test_a_damaged_cache_is_made_anew(points: Dataset, tmp_path: Path) -> None:
    extractor = Counting()
    real_evidence(extractor, points, tmp_path, "samples", silent)
    (file,) = tmp_path.iterdir()
    for damage in (b"", b"rubbish", file.read_bytes()[:-40]):
        file.write_bytes(damage)
        extractor.seen = 0
        real_evidence(extractor, points, tmp_path, "samples", silent)
        assert extractor.seen == len(points)


def test_other_samples_and_other_extractors_have_other_features(points: Dataset, tmp_path: Path) -> None:
    extractor = Counting()
    real_evidence(extractor, points, tmp_path, "samples", silent)
    part = Subset(points, torch.arange(0, len(points), 2))
    assert len(real_evidence(extractor, part, tmp_path, "samples", silent)) == len(part)
    assert len(real_evidence(extractor, points, tmp_path, "samples", silent, most=10)) == 10
    extractor.identity = "counting/2"
    for seen_as, again in (("", True), ("", False), ("soft edges", True)):  # an extractor may look at another run's samples otherwise
        extractor.seen = 0
        real_evidence(extractor, points, tmp_path, "samples", silent, seen_as=seen_as)
        assert extractor.seen == (len(points) if again else 0)


def test_a_cache_that_cannot_be_written_is_done_without(points: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert len(real_evidence(Counting(), points, tmp_path / "file" / "features", "samples", silent)) == len(points)


def test_features_that_are_not_finite_are_an_error() -> None:
    batches = [torch.ones(4, 2), torch.tensor([[1.0, torch.inf]])]
    with pytest.raises(DivergenceError, match="samples 4 to 4") as error:
        extract(Counting(), batches, 5, "samples", silent)
    assert "counting/1" in str(error.value)


def test_features_of_another_shape_are_the_extractor_s_fault() -> None:
    with pytest.raises(PluginError, match=r"shape \(4, 3\), not \(4, 2\)"):
        extract(Counting(), [torch.ones(4, 3)], 4, "samples", silent)


def test_an_extractor_that_fails_is_named() -> None:
    class Failing(Counting):
        def __call__(self, samples: torch.Tensor) -> torch.Tensor:
            raise IndexError("of its own")

    with pytest.raises(PluginError, match=r"feature extractor counting/1: fails: IndexError: of its own"):
        extract(Failing(), [torch.ones(4, 2)], 4, "samples", silent)
