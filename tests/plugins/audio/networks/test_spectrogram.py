"""What discriminators see, against torch's STFT and by brute force."""

from __future__ import annotations

import pytest
import torch

from paragone_audio.networks.spectrogram import FLOOR, SILENCE, Spectrogram, fold, folding, magnitude
from paragone_audio.spectra import mel_bank


def test_the_spectrum_is_torchs_compressed() -> None:
    wave = torch.randn(2, 1, 2048) * 0.1
    made = Spectrogram(256, 16_000)(wave)
    assert made.shape == (2, 2, 128, 16)
    padded = torch.nn.functional.pad(wave[:, 0], (64, 64))
    hann = torch.hann_window(256)
    true = torch.stft(padded, 256, 128, window=hann, center=False, return_complex=True)[:, :-1] * 2 / hann.sum()
    expected = true * (true.abs().square() + FLOOR) ** -0.35
    torch.testing.assert_close(torch.complex(made[:, 0], made[:, 1]), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(magnitude(made)[:, 0], (expected.abs().square() + 1e-4).sqrt(), rtol=1e-4, atol=1e-5)


def test_a_full_scale_sinusoid_has_magnitude_one() -> None:
    wave = torch.cos(2 * torch.pi * 8 * torch.arange(4096) / 256)[None, None]
    assert magnitude(Spectrogram(256, 16_000)(wave))[0, 0, 8, 4:-4].mean().item() == pytest.approx(1.0, rel=1e-3)


def test_silence_has_finite_second_derivatives() -> None:
    wave = torch.zeros(1, 1, 512, requires_grad=True)
    spectrum = Spectrogram(64, 16_000)(wave)
    (slope,) = torch.autograd.grad((spectrum.sum() + magnitude(spectrum).sum()), wave, create_graph=True)
    (curve,) = torch.autograd.grad(slope.square().sum(), wave)
    assert torch.isfinite(slope).all()
    assert torch.isfinite(curve).all()


def test_a_moved_loop_has_a_moved_spectrum() -> None:
    wave = torch.randn(1, 1, 1024)
    spectrogram = Spectrogram(128, 16_000, loop=True)
    torch.testing.assert_close(spectrogram(wave.roll(64 * 3, 2)), spectrogram(wave).roll(3, 3), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("window", [32, 128, 512, 2048])
def test_windows_are_folded_to_the_same_number_of_places(window: int) -> None:
    bands, frames = folding(window)
    spectrum = torch.randn(1, 2, window // 2, 2 * 8192 // window)
    folded = fold(spectrum, (bands, frames))
    assert folded.shape[1] == 2 * bands * frames
    assert folded.shape[2] * folded.shape[3] == 1024
    if window == 128 or window == 512:
        assert folded.shape == (1, 16, 64, 16)


@pytest.mark.parametrize("by", [(2, 2), (4, 2), (1, 8), (8, 1)])
def test_folding_by_brute_force(by: tuple[int, int]) -> None:
    spectrum = torch.randn(2, 3, 16, 13)
    folded = fold(spectrum, by)
    bands, frames = by
    for channel in range(3):
        for band in range(16):
            for frame in range(13):
                entry = channel * bands * frames + band % bands * frames + frame % frames
                assert torch.equal(folded[:, entry, band // bands, frame // frames], spectrum[:, channel, band, frame])
    assert folded.abs().sum().item() == pytest.approx(spectrum.abs().sum().item(), rel=1e-5)  # the rest is zeros


def test_loudness_is_that_of_mel_bands() -> None:
    wave = torch.randn(1, 1, 4096) * 0.1
    _, loudness = Spectrogram(512, 16_000).both(wave)
    hann = torch.hann_window(512)
    true = torch.stft(torch.nn.functional.pad(wave[:, 0], (128, 128)), 512, 256, window=hann, center=False, return_complex=True)
    power = (true[0, :-1] * 2 / hann.sum()).abs().square()  # (N/2, T)
    bank = mel_bank(16_000, 512, 64)[:-1]
    expected = torch.stack([(band[:, None] * power).sum(0) for band in bank.T if band.any()])
    torch.testing.assert_close(loudness[0], (expected + SILENCE).pow(0.15), rtol=1e-4, atol=1e-5)
