"""Changes of sounds, against closed forms and scipy's filters."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
import torch

from paragone_audio.augmentation import CUT, GAIN_DB, SHIFT, TILT_DB, SoundAugmentation, all_pass, finer, read_at

RATE, LENGTH = 16_000, 4096
HOW_MUCH, WHETHER = 11, 8
KINDS = {"polarity": 0, "phase": 1, "shift": 2, "speed": 3, "gain": 4, "tilt": 5, "silence": 6, "band": 7}


def changed(kind: str, sample: torch.Tensor, amounts: dict[int, float] | None = None, loop: bool = False) -> torch.Tensor:
    """``sample`` with one kind of change only."""
    uniforms = torch.full((len(sample), HOW_MUCH + WHETHER), 0.999)
    for place, value in (amounts or {}).items():
        uniforms[:, place] = value
    uniforms[:, HOW_MUCH + KINDS[kind]] = 0.0
    return SoundAugmentation(RATE, loop)(sample, uniforms, 0.5)


def decibels(after: torch.Tensor, before: torch.Tensor) -> float:
    return 20 * math.log10(after.norm().item() / before.norm().item())


def tone(hertz: float, batch: int = 1) -> torch.Tensor:
    hann = torch.hann_window(LENGTH)
    return (torch.cos(2 * math.pi * hertz * torch.arange(LENGTH) / RATE) * hann * 0.5).expand(batch, 1, -1)


def test_nothing_that_does_not_happen_changes_anything() -> None:
    sample = torch.randn(3, 1, LENGTH) * 0.1
    augmentation = SoundAugmentation(RATE)
    uniforms = torch.rand(3, augmentation.uniforms_per_sample)
    assert augmentation.uniforms_per_sample == HOW_MUCH + WHETHER
    assert augmentation(sample, uniforms, 0.0) is sample
    uniforms[:, HOW_MUCH:] = 0.9
    torch.testing.assert_close(augmentation(sample, uniforms, 0.5), sample, rtol=0, atol=1e-6)


def test_polarity() -> None:
    sample = torch.randn(1, 1, LENGTH) * 0.1
    torch.testing.assert_close(changed("polarity", sample, {6: 0.2}), -sample, rtol=0, atol=1e-6)
    torch.testing.assert_close(changed("polarity", sample, {6: 0.7}), sample, rtol=0, atol=1e-6)


def test_gain_in_decibels() -> None:
    sample = tone(440)
    assert decibels(changed("gain", sample, {5: 0.0}), sample) == pytest.approx(-GAIN_DB, abs=0.01)
    assert decibels(changed("gain", sample, {5: 0.75}), sample) == pytest.approx(GAIN_DB / 2, abs=0.01)


def test_tilt_raises_the_top_and_lowers_the_bottom_by_as_much() -> None:
    low, high = tone(50), tone(RATE / 2 - 100)
    assert decibels(changed("tilt", high, {4: 1.0}), high) == pytest.approx(TILT_DB, abs=0.1)
    assert decibels(changed("tilt", low, {4: 1.0}), low) == pytest.approx(-TILT_DB, abs=0.1)
    middle = tone(50 * math.sqrt(RATE / 2 / 50))
    assert decibels(changed("tilt", middle, {4: 1.0}), middle) == pytest.approx(0.0, abs=0.1)


def test_a_shift_moves_by_whole_samples_and_leaves_silence() -> None:
    sample = torch.randn(1, 1, LENGTH)
    most = round(SHIFT * LENGTH)
    later = changed("shift", sample, {0: 1.0})
    torch.testing.assert_close(later[..., most:], sample[..., :-most], rtol=0, atol=1e-5)
    assert later[..., :most].abs().max() < 1e-5


def test_a_loop_is_shifted_all_the_way_round() -> None:
    sample = torch.randn(1, 1, LENGTH)
    torch.testing.assert_close(changed("shift", sample, {0: 0.75}, loop=True), sample.roll(LENGTH // 2, 2), rtol=0, atol=1e-5)


def test_faster_is_higher_by_a_semitone() -> None:
    def peak(wave: torch.Tensor) -> float:
        spectrum = torch.fft.rfft(wave[0, 0], 16 * LENGTH).abs()
        return spectrum.argmax().item() * RATE / (16 * LENGTH)

    assert peak(changed("speed", tone(1000), {1: 1.0})) == pytest.approx(1000 * 2 ** (1 / 12), rel=2e-3)
    assert peak(changed("speed", tone(1000), {1: 0.0})) == pytest.approx(1000 * 2 ** (-1 / 12), rel=2e-3)
    torch.testing.assert_close(changed("speed", tone(1000), {1: 0.0}, loop=True), tone(1000), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("hertz", "images"), [(1000, -70), (4000, -40), (7000, -25)])
def test_another_speed_keeps_the_tone_and_adds_no_others(hertz: float, images: float) -> None:
    faster = 2 ** (1 / 24)
    power = torch.fft.rfft(changed("speed", tone(hertz), {1: 0.75})[0, 0] * torch.hann_window(LENGTH)).abs().square()
    near = (torch.fft.rfftfreq(LENGTH, 1 / RATE) - hertz * faster).abs() < 40
    assert 10 * math.log10(float(power[~near].sum() / power[near].sum())) < images
    whole = torch.fft.rfft(tone(hertz)[0, 0] * torch.hann_window(LENGTH)).abs().square().sum()
    assert 10 * math.log10(float(power.sum() / whole)) == pytest.approx(0, abs=0.5)


def test_finer_is_the_same_on_the_samples_and_scipys_between_them() -> None:
    wave = tone(3000)[0]
    made = finer(wave, 2)
    torch.testing.assert_close(made[:, ::2], wave, rtol=0, atol=1e-6)
    padded = np.pad(wave[0].numpy(), (0, 1024))
    np.testing.assert_allclose(made[0].numpy(), scipy.signal.resample(padded, 2 * len(padded))[: 2 * LENGTH], atol=1e-5)


def test_silence_is_cut_in() -> None:
    cut = changed("silence", torch.ones(1, 1, LENGTH), {7: 0.5})
    assert (cut.abs() < 1e-3).float().mean().item() == pytest.approx(CUT, abs=0.02)
    assert cut[0, 0, LENGTH // 2].abs() < 1e-6


def test_the_silence_in_a_loop_lies_anywhere() -> None:
    whole = torch.ones(1, 1, LENGTH)
    for place in (0.0, 0.02, 0.5, 0.99):
        cut = changed("silence", whole, {7: place}, loop=True)
        assert (cut.abs() < 1e-3).float().mean().item() == pytest.approx(CUT, abs=0.001)
    assert (changed("silence", whole, {7: 0.0}).abs() < 1e-3).float().mean().item() == pytest.approx(CUT / 2, abs=0.02)


def test_one_band_is_cut_out_and_the_others_stay() -> None:
    noise = torch.randn(1, 1, LENGTH)
    spectrum = torch.fft.rfft(changed("band", noise, {8: 0.5}, loop=True)[0, 0]).abs() / torch.fft.rfft(noise[0, 0]).abs()
    hertz = torch.fft.rfftfreq(LENGTH, 1 / RATE)
    gone = hertz[spectrum < 0.5]
    assert math.log2(gone[-1] / gone[0]) == pytest.approx(CUT * math.log2(RATE / 2 / 50), abs=0.1)
    torch.testing.assert_close(spectrum[spectrum > 0.5], torch.ones(int((spectrum > 0.5).sum())), rtol=0, atol=1e-3)


def test_the_all_pass_filter_is_scipys_and_changes_no_loudness() -> None:
    radius, angle = 0.8, 0.13
    middle = 2 * radius * math.cos(2 * math.pi * angle)
    frequency = torch.linspace(0.001, 0.499, 50)
    _, expected = scipy.signal.freqz([radius**2, -middle, 1], [1, -middle, radius**2], worN=2 * np.pi * frequency.numpy())
    made = all_pass(frequency, torch.tensor([[radius]]), torch.tensor([[angle]]))[0]
    np.testing.assert_allclose(made.numpy(), expected, rtol=1e-4, atol=1e-4)
    wave = torch.zeros(1, 1, LENGTH)
    wave[..., 100] = 1.0
    turned = changed("phase", wave, {9: 0.5, 10: 0.6})
    assert turned.norm().item() == pytest.approx(1.0, abs=1e-3)
    assert turned.abs().max() < 0.95


def test_reading_between_samples_is_exact_on_them_and_good_between_them() -> None:
    wave = torch.randn(1, 20)
    torch.testing.assert_close(read_at(wave, torch.arange(20.0)[None]), wave, rtol=0, atol=1e-6)
    assert not read_at(wave, torch.tensor([[-2.0, 20.0, 25.5]])).any()
    slow = torch.sin(torch.arange(100) * 0.1)[None]
    places = torch.linspace(5, 90, 77)[None]
    torch.testing.assert_close(read_at(slow, places), torch.sin(places * 0.1), rtol=0, atol=1e-3)


def test_it_can_be_differentiated_twice() -> None:
    sample = (torch.randn(2, 1, 256, dtype=torch.float64) * 0.1).requires_grad_()
    uniforms = torch.rand(2, HOW_MUCH + WHETHER, dtype=torch.float64)

    def augment(wave: torch.Tensor) -> torch.Tensor:
        return SoundAugmentation(RATE)(wave, uniforms, 1.0)

    assert torch.autograd.gradcheck(augment, (sample,), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda wave: augment(wave).square(), (sample,), fast_mode=True)
