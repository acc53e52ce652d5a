"""The descriptors, against closed forms, and the distance of two sets, against SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy.stats import wasserstein_distance

from paragone_audio.evaluation import distances
from paragone_audio.evaluation.descriptors import Decay, attack, centroid, crest, envelope, flatness, loudness, moving_mean

from .conftest import LENGTH, RATE, Make, hits, seconds, sine

SILENCE = torch.zeros(1, LENGTH)


def noise(count: int, seed: int = 0, length: int = LENGTH) -> torch.Tensor:
    return 0.1 * torch.randn(count, length, generator=torch.Generator().manual_seed(seed))


def test_the_centroid_of_a_sine_is_its_frequency_in_octaves() -> None:
    waves = torch.stack([sine(hertz) for hertz in (250.0, 1000.0, 4000.0)])
    torch.testing.assert_close(centroid(waves, RATE), torch.tensor([250.0, 1000.0, 4000.0]).log2(), atol=1e-3, rtol=0)
    two = (sine(1000) + sine(3000))[None] / 2
    assert float(centroid(two, RATE)[0]) == pytest.approx(math.log2(2000), abs=1e-3)


def test_the_flatness_of_white_noise_is_that_of_an_exponential_distribution() -> None:
    """The logarithm of an exponential variable of mean 1 is −γ on average."""
    found = flatness(noise(50), RATE)
    assert float(found.mean()) == pytest.approx(10 * math.log10(math.exp(-0.5772156649)), abs=0.05)
    assert float(flatness(sine(1000)[None], RATE)[0]) < -60
    assert float(flatness(torch.eye(1, LENGTH), RATE)[0]) == pytest.approx(0, abs=1e-4), "an impulse has a flat spectrum"


@pytest.mark.parametrize("level", [1.0, 0.01])
def test_the_crest_factor_of_a_sine_is_3_decibels_of_a_square_wave_0_and_of_a_triangle_5(level: float) -> None:
    wave = sine(440.0)
    triangle = wave.clamp(-1, 1).asin() * (2 / math.pi)
    found = crest(level * torch.stack([wave, wave.sign(), triangle]), RATE)
    torch.testing.assert_close(found, torch.tensor([10 * math.log10(2), 0, 10 * math.log10(3)]), atol=0.05, rtol=0)


def test_the_crest_factor_is_that_of_the_loudest_50_milliseconds() -> None:
    hit = torch.cat([torch.zeros(3000), sine(440.0, 1600), torch.zeros(LENGTH - 4600)])
    assert float(crest(hit[None], RATE)[0]) == pytest.approx(3.01, abs=0.1)


@pytest.mark.parametrize("milliseconds", [20, 100, 300])
def test_the_attack_of_a_ramp_is_four_fifths_of_it(milliseconds: int) -> None:
    ramp = (seconds() / (milliseconds / 1000)).clamp(0, 1).float() * sine(2000.0)
    assert float(attack(ramp[None], RATE)[0]) == pytest.approx(0.8 * milliseconds, abs=2)
    assert float(attack(sine(2000.0)[None], RATE)[0]) < 4


@pytest.mark.parametrize("tau", [0.01, 0.05])
@pytest.mark.parametrize("decibels", [20.0, 40.0])
def test_an_exponential_decays_by_20_decibels_in_tau_times_the_logarithm_of_10(tau: float, decibels: float) -> None:
    wave = (-seconds() / tau).exp().float() * sine(4000.0)
    expected = 1000 * tau * math.log(10 ** (decibels / 20))
    assert float(Decay(decibels)(wave[None], RATE)[0]) == pytest.approx(expected, abs=4)


def test_a_second_hit_is_part_of_the_decay() -> None:
    wave = torch.zeros(1, LENGTH)
    wave[0, 100], wave[0, 4100], wave[0, 6100] = 1, 0.2, 0.05
    assert float(Decay(20)(wave, RATE)[0]) == pytest.approx(250, abs=6)
    assert float(Decay(40)(wave, RATE)[0]) == pytest.approx(375, abs=6)


def test_loudness_is_the_rms_in_decibels_of_full_scale() -> None:
    waves = torch.stack([sine(1000.0), 0.1 * sine(1000.0), torch.full((LENGTH,), -1.0), torch.zeros(LENGTH)])
    torch.testing.assert_close(loudness(waves, RATE), torch.tensor([-3.0103, -23.0103, 0, -100]), atol=1e-3, rtol=0)


def test_a_moving_mean_agrees_with_a_convolution() -> None:
    waves = noise(3, length=700)
    torch.testing.assert_close(moving_mean(waves, 33), torch.nn.functional.avg_pool1d(waves[:, None], 33, 1)[:, 0], atol=1e-6, rtol=0)
    assert envelope(waves, RATE).shape == waves.shape


@pytest.mark.parametrize("describe", [centroid, flatness, crest, attack, Decay(20)])
def test_silence_has_no_shape_and_does_not_spoil_its_neighbours(describe: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    both = describe(torch.cat([SILENCE, noise(1)]), RATE)
    assert both.isnan().tolist() == [True, False]
    torch.testing.assert_close(both[1:], describe(noise(1), RATE))


def test_sets_are_compared_by_their_descriptors(evidence: Make) -> None:
    waves, _ = hits(60)
    real = evidence(waves)
    assert distances.loudness(evidence(waves / 2), real).value == pytest.approx(20 * math.log10(2), abs=0.01)
    assert distances.centroid(evidence(waves / 2), real).value == pytest.approx(0, abs=1e-5)
    expected = wasserstein_distance(centroid(hits(60, 1)[0], RATE).numpy(), centroid(waves, RATE).numpy())
    assert distances.centroid(evidence(hits(60, 1)[0]), real).value == pytest.approx(expected, abs=1e-5)
    late = torch.cat([torch.zeros(60, 400), waves[:, :-400]], 1)
    assert distances.attack(evidence(late), real).value < 0.5, "a shift changes no attack"


def test_silent_sounds_are_left_out_and_few_are_doubted(evidence: Make) -> None:
    waves, _ = hits(60)
    with_silence = evidence(torch.cat([waves, torch.zeros(5, LENGTH)]))
    assert distances.centroid(with_silence, evidence(waves)).value == pytest.approx(0, abs=1e-6)
    assert distances.centroid(evidence(torch.zeros(60, LENGTH)), evidence(waves)).value is None
    assert "9 samples" in distances.centroid(evidence(waves[:9]), evidence(waves)).doubt
