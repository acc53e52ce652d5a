"""The fixed synthesis and the noise, against sums written out and against torch's inverse STFT."""

from __future__ import annotations

import math

import pytest
import torch

from paragone_audio.networks.noise import FRAMES, Noise
from paragone_audio.networks.synthesis import Synthesis

WINDOW, HOP, BANDS, ROWS = 16, 4, 9, 8


def by_hand(spectrum: torch.Tensor) -> torch.Tensor:
    """The sum of the docstring, written out: ``(B, (T + 3)·h)`` from the beginning of the first window."""
    wave = torch.zeros(len(spectrum), (ROWS + 3) * HOP, dtype=torch.float64)
    hann = torch.hann_window(WINDOW, dtype=torch.float64)
    for row in range(ROWS):
        place = slice(row * HOP, row * HOP + WINDOW)
        times = torch.arange(row * HOP, row * HOP + WINDOW, dtype=torch.float64)
        for band in range(BANDS):
            angle = 2 * math.pi * band * times / WINDOW
            real, imaginary = spectrum[:, row, band, None], spectrum[:, row, BANDS + band, None]
            wave[:, place] += hann / 2 * (real * angle.cos() - imaginary * angle.sin())
    return wave


def test_synthesis_is_the_sum_of_windowed_waves() -> None:
    spectrum = torch.randn(2, ROWS, 2 * BANDS, dtype=torch.float64)
    early = (WINDOW - HOP) // 2
    expected = by_hand(spectrum)[:, early : early + ROWS * HOP]
    torch.testing.assert_close(Synthesis(WINDOW)(spectrum)[:, 0].double(), expected, rtol=0, atol=1e-5)


def test_a_loop_takes_what_hangs_over_its_end_to_its_beginning() -> None:
    spectrum = torch.randn(2, ROWS, 2 * BANDS, dtype=torch.float64)
    wave = by_hand(spectrum)
    folded = wave[:, : ROWS * HOP].clone()
    folded[:, : 3 * HOP] += wave[:, ROWS * HOP :]
    expected = folded.roll(-(WINDOW - HOP) // 2, 1)
    torch.testing.assert_close(Synthesis(WINDOW, loop=True)(spectrum)[:, 0].double(), expected, rtol=0, atol=1e-5)


def test_a_loop_that_is_moved_makes_a_moved_sound() -> None:
    spectrum = torch.randn(1, ROWS, 2 * BANDS)
    loop = Synthesis(WINDOW, loop=True)
    # by four frames: then the phases that count from the beginning are the same again
    torch.testing.assert_close(loop(spectrum.roll(4, 1)), loop(spectrum).roll(4 * HOP, 2), rtol=0, atol=1e-5)


@pytest.mark.parametrize("band", [1, 3, 7])
def test_a_constant_band_is_a_steady_sinusoid_at_full_scale(band: int) -> None:
    spectrum = torch.zeros(1, 40, 2 * BANDS)
    spectrum[:, :, band] = 1.0
    wave = Synthesis(WINDOW)(spectrum)[0, 0, 2 * WINDOW : -2 * WINDOW]
    times = torch.arange(len(wave)) + 2 * WINDOW + (WINDOW - HOP) // 2
    torch.testing.assert_close(wave, torch.cos(2 * math.pi * band * times / WINDOW), rtol=0, atol=1e-4)


def test_shaped_noise_is_as_loud_as_its_bands_say_and_white() -> None:
    noise = Noise(33)(torch.tensor([0.3]), 4096)
    assert noise.shape == (1, 4096, 66)
    wave = Synthesis(64)(noise)[0, 0].double()
    power = torch.stft(wave, 256, window=torch.hann_window(256, dtype=torch.float64), return_complex=True).abs().square().mean(1)
    inner = power[8:-8]
    assert inner.max() / inner.min() < 2.0
    # 31 bands and half of two more, each with E|S|² = 1, in windows whose squares add up to 1.5 / 4
    assert wave.square().mean().item() == pytest.approx(32 * 1.5 / 4 / 2, rel=0.1)


def test_no_sound_is_so_long_that_its_noise_comes_round() -> None:
    noise = Noise(3, 12_000)(torch.tensor([0.9]), 12_000)[0]
    assert (noise[FRAMES:] - noise[: 12_000 - FRAMES]).abs().amax(1).min() > 0
    assert torch.equal(Noise(3, FRAMES // 2).table, Noise(3).table)


def test_noise_depends_on_its_place_alone_and_goes_round() -> None:
    noise = Noise(9)
    places = torch.tensor([-40.0, 0.0, 0.01, 40.0])
    made = noise(places, 32)
    assert torch.equal(made, Noise(9)(places, 32))
    assert torch.equal(made[0], noise.table[:32])
    assert torch.equal(made[3], noise.table[:32])  # Φ = 1 is the beginning again
    assert torch.equal(noise(torch.tensor([0.0]), 8)[0], noise.table[FRAMES // 2 : FRAMES // 2 + 8])
    assert (made[1] - made[2]).abs().max() > 0.1
