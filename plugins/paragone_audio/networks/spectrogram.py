"""What discriminators and encoders see of a waveform: a short-time spectrum, with quiet parts brought up."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import pad

from paragone.execution import in_full_precision

from ..spectra import mel_bank

FLOOR = 1e-4
"""Power below which loudness is not brought up any more: -40 dB of a sinusoid at full scale. With less a penalty would mostly
keep the discriminator from hearing silence."""

SILENCE = 1e-8
"""The same for how alike two sounds are: -80 dB."""

FOLDED = 8
"""Neighbouring entries of a spectrum that are one place of a folded one."""

BANDS = 64
"""Places in frequency of a folded spectrum, for windows of 128 to 1024 samples."""


class Spectrogram(nn.Module):
    """``(B, 1, L)`` → the spectrum ``(B, 2, window/2, 2L/window)``, compressed, real and imaginary part; float32.

    S·(|S|² + ε)^-0.35: amplitudes to the power of 0.3, as loudness is heard. Where
    there is silence the derivative stays finite, so that penalties do (DAC and Vocos, whose
    discriminators see complex spectra, leave them linear). The band at half the rate is left out.

    Args:
        window: N samples, a power of 2; the hop is N/2.
        rate: samples a second.
        loop: whether the end runs into the beginning.
    """

    hann: torch.Tensor
    bank: torch.Tensor

    def __init__(self, window: int, rate: int, loop: bool = False) -> None:
        super().__init__()
        bank = mel_bank(rate, window, max(window // 8, 1))[:-1]  # (N/2, M)
        self.register_buffer("bank", bank[:, bank.sum(0) > 0], persistent=False)
        self.window, self.hop, self.loop = window, window // 2, loop
        hann = torch.hann_window(window)
        self.register_buffer("hann", hann * 2 / hann.sum(), persistent=False)  # 1 is a sinusoid at full scale

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.both(wave)[0]

    def both(self, wave: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same, and the loudness of mel bands, to tell how alike two sounds are: ``(B, M, T)``.

        (Σ|S|² + ε)^0.15 of about N/8 bands, which goes on to tell loud from quiet down to
        -80 dB. On the mel scale the hum of a kick counts as much as the hiss of a hat, which has
        fifty times as many bins.
        """
        with in_full_precision(wave):
            dtype = torch.promote_types(wave.dtype, torch.float32)
            over, x = self.window - self.hop, wave.to(dtype).squeeze(1)
            sides = (over // 2, over - over // 2)
            if self.loop:
                places = torch.arange(-sides[0], x.shape[1] + sides[1], device=x.device)
                x = x.index_select(1, places % x.shape[1])
            else:
                x = pad(x, sides)
            frames = x.unfold(1, self.window, self.hop) * self.hann.to(dtype)  # (B, T, N)
            spectrum = torch.view_as_real(torch.fft.rfft(frames)[..., :-1])  # (B, T, N/2, 2)
            power = spectrum.square().sum(-1, keepdim=True)
            compressed = spectrum * (power + FLOOR).pow(-0.35)
            loudness = (power.squeeze(3) @ self.bank.to(dtype) + SILENCE).pow(0.15)
            return compressed.permute(0, 3, 2, 1), loudness.transpose(1, 2)


def magnitude(compressed: torch.Tensor) -> torch.Tensor:
    """|S|^0.3 of what :class:`Spectrogram` gives, ``(B, 1, F, T)``; differentiable where there is silence."""
    return (compressed.square().sum(1, keepdim=True) + 1e-4).sqrt()


def folding(window: int) -> tuple[int, int]:
    """How many bands and how many frames of a spectrum become one place, so that spectra of all windows end up alike."""
    bands = min(max(window // 2 // BANDS, 1), FOLDED)
    return bands, FOLDED // bands


def fold(spectrum: torch.Tensor, by: tuple[int, int]) -> torch.Tensor:
    """``(B, C, F, T)`` → ``(B, C·by[0]·by[1], F/by[0], T/by[1])`` in channels_last; zeros are added where they do not divide."""
    bands, frames = by
    spectrum = pad(spectrum, (0, -spectrum.shape[-1] % frames, 0, -spectrum.shape[-2] % bands))
    parts = spectrum.reshape(*spectrum.shape[:2], spectrum.shape[2] // bands, bands, -1, frames)  # (B, C, F', b, T', t)
    return parts.permute(0, 1, 3, 5, 2, 4).flatten(1, 3).contiguous(memory_format=torch.channels_last)
