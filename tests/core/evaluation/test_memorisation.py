"""Copies are found, and what is new is not called a copy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from paragone.evaluation.evidence import Evidence
from paragone.evaluation.memorisation import memorisation, without_twins

Make = Callable[..., Evidence]


def points(count: int, name: int, size: int = 6) -> torch.Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(name))


def test_new_samples_are_like_held_out_ones(evidence: Make) -> None:
    found = memorisation(evidence(points(1000, 1)), evidence(points(500, 2)), evidence(points(300, 3)))
    assert found.ratio == pytest.approx(1.0, abs=0.1)
    assert found.near_copies < 40
    assert found.exact == 0
    assert found.baseline == "held-out"
    assert not found.doubt


def test_copies_are_counted(evidence: Make) -> None:
    training = points(500, 2)
    copied = torch.cat([training[:100], training[100:150] + 1e-4, points(100, 1)])
    found = memorisation(evidence(copied), evidence(training), evidence(points(300, 3)))
    assert found.exact == 100
    assert 150 <= found.near_copies <= 156
    assert found.expected == pytest.approx(250 * 3 / 300, rel=0.4)
    assert found.ratio == pytest.approx(0.0, abs=1e-3)
    assert found.nearest[:150].tolist() == list(range(150))


def test_without_held_out_samples_the_training_set_is_its_own_measure(evidence: Make) -> None:
    training = points(500, 2)
    found = memorisation(evidence(points(500, 1)), evidence(training), None)
    assert found.baseline == "leave-one-out"
    assert found.ratio == pytest.approx(1.0, abs=0.1)
    assert memorisation(evidence(training), evidence(training), None).exact == 500


def test_held_out_samples_with_a_twin_in_training_are_no_measure(evidence: Make) -> None:
    """As if different takes of one sound lay on both sides: they would hide copies behind a small baseline."""
    training, new = points(500, 2, 40), points(150, 3, 40)
    takes = training[:150] + 0.005 * points(150, 4, 40)
    playback = training + 0.15 * points(500, 5, 40)
    held = evidence(torch.cat([new, takes]))
    clean = memorisation(evidence(playback), evidence(training), evidence(new))
    found = memorisation(evidence(playback), evidence(training), held)
    assert found.ratio == pytest.approx(clean.ratio)
    assert found.ratio < 0.25
    assert (found.near_copies, found.expected) == (clean.near_copies, clean.expected)
    assert found.doubt == "150 of 300 real samples have a twin in the training set and are left out"
    assert not clean.doubt


def test_distances_of_many_dimensions_hold_no_twins() -> None:
    distances = torch.cdist(points(300, 1, 20), points(300, 2, 20)).amin(1)
    assert len(without_twins(distances)) == 300
    assert without_twins(torch.tensor([0.1, 0.15, 4.0, 4.4, 4.2, 0.05, 3.6])).tolist() == pytest.approx([4.0, 4.4, 4.2, 3.6])
    assert without_twins(torch.zeros(3)).tolist() == [0, 0, 0]


def test_a_training_set_of_twins_has_no_ratio(evidence: Make) -> None:
    twins = points(40, 2).repeat(2, 1)
    found = memorisation(evidence(points(10, 1)), evidence(twins), None)
    assert found.ratio is None
    assert "80 real distances" in found.doubt


def test_equal_is_what_is_saved_equal(evidence: Make) -> None:
    """A generator has more digits than a file."""
    training = points(500, 2)
    copied = training[:30] + 1e-4 * points(30, 4)
    assert memorisation(evidence(copied), evidence(training), None).exact == 0
    found = memorisation(evidence(copied), evidence(training), None, lambda sample: (sample * 4).round().tolist())
    assert 28 <= found.exact <= 30


def test_twins_say_nothing_of_how_near_others_come(evidence: Make) -> None:
    """Three quarters of the training set are there twice: what is near is told by the others."""
    training, new = points(400, 2), points(300, 1)
    alone = memorisation(evidence(new), evidence(training), None)
    found = memorisation(evidence(new), evidence(torch.cat([training, training[:300]])), None)
    assert found.ratio == pytest.approx(alone.ratio, rel=0.15)
    assert found.near_copies <= 10
    copies = memorisation(evidence(training + 1e-4), evidence(torch.cat([training, training[:300]])), None)
    assert copies.near_copies == 400
