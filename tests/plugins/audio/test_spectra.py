"""Resampling and mel spectra against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from paragone_audio import spectra
from paragone_audio.spectra import log_mel, mel_bank, ratio_of, resample, resample_blocks


def sine(frequency: float, rate: int, count: int) -> torch.Tensor:
    return torch.sin(2 * math.pi * frequency * torch.arange(count, dtype=torch.float64) / rate).float()


@pytest.mark.parametrize(
    ("before", "after"), [(44100, 16000), (48000, 44100), (8000, 44100), (192_000, 16000), (11127, 16000), (44101, 16000)]
)
def test_a_sine_stays_that_sine(before: int, after: int) -> None:
    made = resample(sine(1000, before, before // 4), before, after)
    assert len(made) == math.ceil(before // 4 * ratio_of(before, after))
    inner = slice(len(made) // 4, -len(made) // 4)  # where the filter sees no end
    assert (made - sine(1000, after, len(made)))[inner].abs().max() < 2e-3


def test_what_the_lower_rate_cannot_hold_is_taken_away() -> None:
    made = resample(sine(9000, 44100, 20000), 44100, 16000)
    assert made[1000:-1000].abs().max() < 1e-3


def test_equal_rates_change_nothing_and_batches_are_kept() -> None:
    waves = torch.rand(2, 3, 100)
    assert resample(waves, 100, 100) is waves
    torch.testing.assert_close(resample(waves, 48000, 16000)[1, 2], resample(waves[1, 2], 48000, 16000))


@pytest.mark.parametrize(
    ("before", "after"), [(44100, 16000), (16000, 44100), (48000, 16000), (16000, 16000), (44101, 16000), (192_000, 8000)]
)
@pytest.mark.parametrize("length", [1, 37, 9_999])
def test_blocks_make_what_the_whole_makes(before: int, after: int, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra, "_BLOCK", 3000)
    wave = torch.randn(30_000, generator=torch.Generator().manual_seed(0))
    blocks = list(resample_blocks(iter(wave.split(length)) if length > 1 else [wave], before, after))
    torch.testing.assert_close(torch.cat(blocks), resample(wave, before, after), atol=1e-5, rtol=0)
    assert before == after or before > 40_000 or len(blocks) > 3


def test_mel_filters_are_triangles_between_points_equally_far_apart() -> None:
    rate, n_fft, bands = 16000, 1024, 40
    mel = np.linspace(2595 * np.log10(1 + 20 / 700), 2595 * np.log10(1 + 8000 / 700), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    by_hand = [np.interp(np.linspace(0, rate / 2, n_fft // 2 + 1), edges[band : band + 3], [0, 1, 0]) for band in range(bands)]
    np.testing.assert_allclose(mel_bank(rate, n_fft, bands).numpy(), np.stack(by_hand, 1), atol=1e-4)


def test_decibels_are_those_of_a_full_scale_sine() -> None:
    loud = log_mel(torch.stack([sine(3000, 16000, 16000), 0.1 * sine(3000, 16000, 16000)]), 16000, 1024, 256, 20)
    assert loud.shape == (2, 20, 63)
    assert loud[0, :, 10:-10].exp().sum(0).log().isfinite().all()
    power = (10 ** (loud[0, :, 10:-10] / 10)).sum(0)  # triangles add up to 1
    torch.testing.assert_close(power, torch.ones_like(power), atol=0.01, rtol=0)
    peak = loud[:, :, 30].amax(1)
    assert peak[0] <= 0.01
    torch.testing.assert_close(peak[0] - peak[1], torch.tensor(20.0), atol=0.01, rtol=0)


def test_silence_is_the_floor_and_nothing_is_below_it() -> None:
    assert log_mel(torch.zeros(1, 4000), 16000, 512, 128, 64).eq(-80).all()
    assert log_mel(1e-3 * torch.randn(1, 4000), 16000, 512, 128, 64, floor_db=-50.0).min() == -50
