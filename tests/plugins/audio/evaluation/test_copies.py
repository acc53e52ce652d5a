"""Cross-correlation against SciPy, the bound that rules pairs out, and copies that are found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import correlate

from paragone_audio.evaluation import copies
from paragone_audio.evaluation import waves as waves_module
from paragone_audio.evaluation.copies import copied, correlated, correlation, spectra

from .conftest import LENGTH, Make, hits


def by_scipy(x: torch.Tensor, y: torch.Tensor) -> float:
    one, other = x.double().numpy(), y.double().numpy()
    return float(np.abs(correlate(one, other, "full")).max() / np.linalg.norm(one) / np.linalg.norm(other))


def test_correlation_agrees_with_scipy() -> None:
    waves, _ = hits(24)
    x, y = waves[:12], torch.cat([waves[:4].roll(300, 1) * -0.5, waves[12:20]])
    found = correlation(spectra(x, False), spectra(y, False))
    expected = torch.tensor([by_scipy(*pair) for pair in zip(x, y, strict=True)], dtype=torch.float32)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_of_loops_a_shift_runs_round() -> None:
    noise = torch.randn(1, LENGTH, generator=torch.Generator().manual_seed(0))
    turned = noise.roll(LENGTH // 2, 1)
    assert float(correlation(spectra(noise, True), spectra(turned, True))) == pytest.approx(1, abs=1e-5)
    assert float(correlation(spectra(noise, False), spectra(turned, False))) == pytest.approx(0.5, abs=0.05)


def test_the_bound_is_never_below_the_correlation() -> None:
    waves, _ = hits(40)
    made, real = spectra(waves[:20], False), spectra(waves[20:], False)
    bounds = made.abs() @ real.abs().T
    for row, bound in zip(made, bounds, strict=True):
        assert bool((correlation(row.expand(20, -1), real) <= bound + 1e-5).all())
    assert float((bounds > copies.ALIKE).double().mean()) < 0.5, "it rules out most pairs"


def test_copies_are_found_through_level_polarity_shift_and_a_little_noise(evidence: Make) -> None:
    training, _ = hits(30)
    fresh, _ = hits(60, 1)
    noise = 0.02 * torch.randn(30, LENGTH, generator=torch.Generator().manual_seed(0))
    changed = torch.cat([torch.zeros(30, 50), -0.3 * training[:, :-50]], 1)
    loud = training + noise * training.square().mean(1, keepdim=True).sqrt() * 5
    made = torch.cat([changed, loud, fresh[1::3], torch.zeros(5, LENGTH)])  # new noises, which nothing correlates with
    score = copied(evidence(made, training=training), evidence(training))
    assert score.value == pytest.approx(60 / 85)
    expected = [any(by_scipy(wave, real) > copies.ALIKE for real in training) for wave in fresh[:12]]
    assert copied(evidence(fresh[:12], training=training), evidence(training)).value == pytest.approx(sum(expected) / 12)


def test_of_training_sounds_those_count_that_are_there_twice(evidence: Make) -> None:
    waves = torch.randn(30, LENGTH, generator=torch.Generator().manual_seed(0))
    waves[7], waves[8] = 0.5 * waves[3], -waves[4]
    own = evidence(waves, training=waves, trained_on=True)
    assert copied(own, own).value == pytest.approx(4 / 30)


def test_of_more_than_are_looked_through_each_is_still_found_itself(evidence: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    waves = torch.randn(40, LENGTH, generator=torch.Generator().manual_seed(0))
    waves[20:30] = waves[:10]
    own = evidence(waves, training=waves, trained_on=True)
    assert own.training is not None
    monkeypatch.setattr(copies, "MOST", 20)
    first = own.training.hashes.argsort(stable=True)[:20]
    twice = sum(int((waves[first] == waves[index]).all(1).sum()) == 2 for index in first)
    assert copied(own.part(first), own).value == pytest.approx(twice / 20)
    assert 0 < twice < 20


def test_memory_is_bounded_and_the_outcome_is_the_same(evidence: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    training, _ = hits(90)
    made = evidence(torch.cat([training[:70], hits(30, 1)[0]]), training=training)
    whole = copied(made, made).value
    monkeypatch.setattr(copies, "_KEPT", 7 * LENGTH)
    monkeypatch.setattr(waves_module, "READ", 5 * LENGTH)
    assert copied(made, made).value == whole


def test_what_it_cannot_tell(evidence: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    waves, _ = hits(30)
    assert copied(evidence(waves), evidence(waves)).value is correlated(evidence(waves), evidence(waves)).value is None
    assert copied(evidence(waves[:0], training=waves), evidence(waves)).value is None
    monkeypatch.setattr(copies, "MOST", 10)
    for measure in (copied, correlated):
        assert "10 of 30" in measure(evidence(waves, training=waves), evidence(waves)).doubt


def test_the_largest_correlation_is_that_of_the_nearest_pair(evidence: Make) -> None:
    training, noise = hits(30)[0], torch.randn(20, LENGTH, generator=torch.Generator().manual_seed(1))
    for made in (hits(40, 1)[0], torch.cat([noise[:5] + 0.5 * noise[5:10], 0.7 * noise[5:6].roll(9, 1) + 0.3 * noise[10:11]])):
        known = torch.cat([training, noise[5:]])
        expected = max(by_scipy(wave, real) for wave in made for real in known)
        score = correlated(evidence(made, training=known), evidence(known))
        assert score.value == pytest.approx(expected, abs=1e-4)
    nothing = correlated(evidence(noise[:5], training=noise[5:]), evidence(noise))
    assert nothing.value == copies.FLOOR
    own = torch.cat([noise, 0.9 * noise[3:4] + 0.3 * noise[4:5]])  # each finds itself, and that is not counted
    expected = max(by_scipy(own[one], own[other]) for one in range(21) for other in range(one))
    assert correlated(evidence(own, training=own, trained_on=True), evidence(own)).value == pytest.approx(expected, abs=1e-4)
