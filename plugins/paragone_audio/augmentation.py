"""Differentiable changes of sounds, for the discriminator's ears only.

Each kind of change is applied to a sound with probability p. While p < 0.8 each kind leaves enough sounds
as they are that in theory it does not leak into what the generator makes (Karras et al. 2020, ADA, section
2.2). Polarity, all-pass filters and small shifts cannot be heard even if they do.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import pad

SHIFT = 0.02
"""Largest shift, as a share of the length."""

SEMITONES = 1.0
"""Largest change of pitch, by playing faster or slower."""

GAIN_DB = 6.0
TILT_DB = 3.0
"""Largest gain or loss at the top, and at 50 Hz the opposite."""

CUT = 0.1
"""Length of the silence that is cut into a sound, and width of the band that is cut out, as shares."""

FINER = 2
"""Cubics of 16 kHz made images of hats and dulled them: at 7 kHz 5 dB below the tone; of twice as many samples they are 27 dB below."""

PAUSE = 64
"""Samples of silence after a sound that is made finer: nearer than that its end would ring at its beginning."""

LOWEST_HZ = 50.0
"""Where bands begin."""


class SoundAugmentation:
    """Polarity, all-pass phase, shift, resampling, gain, tilt, and a cutout in time and in frequency.

    Args:
        rate: samples a second.
        loop: whether the end runs into the beginning: then a shift goes all the way round,
            and nothing is played faster or slower, which would open the seam.
    """

    uniforms_per_sample = 19

    def __init__(self, rate: int, loop: bool = False) -> None:
        self.rate, self.loop = rate, loop

    def __call__(self, sample: torch.Tensor, uniforms: torch.Tensor, p: float) -> torch.Tensor:
        """``sample``, changed.

        Args:
            sample: ``(B, 1, L)``.
            uniforms: ``(B, 19)`` in [0, 1).
            p: probability of each kind of change.

        Returns:
            ``(B, 1, L)``.
        """
        if p <= 0:
            return sample
        amount, happens = uniforms[:, :11], uniforms[:, 11:] < p
        wave = self._move(sample.squeeze(1), amount[:, 0], amount[:, 1], happens)
        wave = self._filter(wave, amount, happens)
        decibels = torch.where(happens[:, 4], (2 * amount[:, 5] - 1) * GAIN_DB, 0.0)
        flipped = torch.where(happens[:, 0], torch.where(amount[:, 6] < 0.5, -1.0, 1.0), 1.0)
        wave = wave * (flipped * 10 ** (decibels / 20))[:, None]
        return (wave * self._kept(wave.shape[1], amount[:, 7], happens[:, 6])).unsqueeze(1).to(sample.dtype)

    def _move(self, wave: torch.Tensor, shift: torch.Tensor, speed: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        """Later or earlier by whole samples, then faster or slower."""
        length = wave.shape[1]
        reach = length if self.loop else SHIFT * length
        moved = torch.where(happens[:, 2], ((2 * shift - 1) * reach).round(), 0.0)[:, None]
        places = torch.arange(length, device=wave.device) - moved  # (B, L)
        if self.loop:
            return wave.gather(1, (places % length).long())
        places = places * torch.where(happens[:, 3], torch.exp2((2 * speed - 1) * SEMITONES / 12), 1.0)[:, None]
        return read_at(finer(wave, FINER), places * FINER)

    def _filter(self, wave: torch.Tensor, amount: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        """All filters as one, in the frequency domain."""
        length = wave.shape[1]
        # room for what a filter lets ring, up to a length without large primes, which transforms are slow for
        points = length if self.loop else -(-(length + self.rate // 16) // 1024) * 1024
        hertz = torch.fft.rfftfreq(points, 1 / self.rate, device=wave.device)
        octaves = torch.log2(hertz.clamp_min(LOWEST_HZ) / LOWEST_HZ) / math.log2(self.rate / 2 / LOWEST_HZ)  # 0 to 1, (F,)
        tilt = torch.where(happens[:, 5], (2 * amount[:, 4] - 1) * TILT_DB, 0.0)[:, None] * (2 * octaves - 1)
        far = ((octaves + 0.5 * CUT) - (1 + CUT) * amount[:, 8:9]).abs() > CUT / 2
        gain = 10 ** (tilt / 20) * (far | ~happens[:, 7:8])
        phase = all_pass(hertz / self.rate, 0.5 + 0.45 * amount[:, 9:10], 0.5 * amount[:, 10:11] ** 2)
        response = torch.where(happens[:, 1:2], phase, torch.ones_like(phase)) * gain
        return torch.fft.irfft(torch.fft.rfft(wave, points) * response, points)[:, :length]

    def _kept(self, length: int, place: torch.Tensor, happens: torch.Tensor) -> torch.Tensor:
        """0 inside the cut, else 1: ``(B, L)``."""
        away = ((torch.arange(length, device=place.device) + 0.5) / length - place[:, None]).abs()
        if self.loop:  # round the corner may be nearer
            away = torch.minimum(away, 1 - away)
        return (away > CUT / 2) | ~happens[:, None]


def all_pass(frequency: torch.Tensor, radius: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Response of a second-order all-pass filter, ``(B, F)`` complex, of magnitude 1.

    H(z) = (r² − 2r·cos θ·z⁻¹ + z⁻²) / (1 − 2r·cos θ·z⁻¹ + r²·z⁻²).

    Args:
        frequency: ``(F,)`` in cycles a sample.
        radius: r of the poles, ``(B, 1)``, below 1.
        angle: θ of the poles in cycles a sample, ``(B, 1)``.
    """
    delay = torch.polar(torch.ones_like(frequency), -2 * math.pi * frequency)  # z⁻¹
    middle, last = 2 * radius * torch.cos(2 * math.pi * angle), radius.square()
    return (last - middle * delay + delay.square()) / (1 - middle * delay + last * delay.square())


def finer(wave: torch.Tensor, times: int) -> torch.Tensor:
    """``(B, L)`` → ``(B, times·L)``: the same sound at a higher rate, by its Fourier series; for that it goes round, after a pause."""
    length = wave.shape[1]
    points = -(-(length + PAUSE) // 1024) * 1024  # a length without large primes, which transforms are slow for
    spectrum = torch.fft.rfft(wave, points)
    last = torch.cat([spectrum[:, :-1], spectrum[:, -1:] / 2], 1)  # half the rate is one bin now, and will be two
    return torch.fft.irfft(last, times * points)[:, : times * length] * times


def read_at(wave: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """``wave`` between its samples, by Catmull-Rom's cubics; exact where a place is a whole number, 0 outside.

    Args:
        wave: ``(B, L)``.
        places: ``(B, M)``, in samples.
    """
    below = places.floor()
    t, first = places - below, below.long() + 1  # of the padded wave
    padded = pad(wave, (2, 2))
    weights = (
        ((2 - t) * t - 1) * t / 2,
        ((3 * t - 5) * t * t + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    parts = [weight * padded.gather(1, (first + step).clamp(0, padded.shape[1] - 1)) for step, weight in enumerate(weights)]
    inside = (places > -1) & (places < wave.shape[1])
    return torch.stack(parts).sum(0) * inside
