"""Numbers of a sound: how bright, noisy, spiky, sudden, long and loud it is, and what may be broken about it.

Each is a function of ``(B, L)`` float waves in [-1, 1] and their rate, and gives ``(B,)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import pad

LOWEST_HZ = 20.0
"""What is below cannot be heard, and does not count as part of a spectrum."""
ENVELOPE_SECONDS = 0.004
CREST_SECONDS = 0.05
SILENCE = 1e-5
"""RMS, -100 dBFS: what is below is as good as silent, and has no shape."""
FLAT_SECONDS = 0.0005
"""A top that is flat for so long is clipped, not just loud."""


def centroid(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """Brightness: the mean frequency, weighted by power (Peeters 2004, section 6.1.1), as octaves above 1 Hz.

    Args:
        waves: ``(B, L)`` in [-1, 1].
        rate: samples a second.

    Returns:
        ``(B,)``; a sine of f Hz has log₂ f. NaN for silence.
    """
    power, hertz = _power(waves, rate)
    return ((power * hertz).sum(1) / power.sum(1)).log2()


def flatness(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """Noisiness: geometric over arithmetic mean of the power spectrum (Johnston 1988), in dB.

    ``(B, L)`` → ``(B,)``: -2.51 = 10 log₁₀ e^(-γ) for white noise, whose periodogram is
    exponentially distributed; the lower the more tonal or coloured. NaN for silence.
    """
    power, _ = _power(waves, rate)
    mean = power.mean(1, keepdim=True)
    return 10 * (power / mean).clamp_min(1e-10).log10().mean(1)


def crest(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """Spikiness: peak over RMS in the loudest 50 ms, in dB.

    ``(B, L)`` → ``(B,)``: 3.01 for a sine, 0 for a square wave. Over a whole sound it would tell how
    long its tail is, and little else. NaN for silence.
    """
    width = min(round(CREST_SECONDS * rate), waves.shape[1])
    power, start = moving_mean(waves.square(), width).max(1)
    peak = waves.gather(1, start[:, None] + torch.arange(width)).abs().amax(1)
    return _audible(waves, 20 * peak.log10() - 10 * power.log10())


def attack(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """Suddenness: milliseconds that the envelope needs from 10 to 90 % of its maximum.

    ``(B, L)`` → ``(B,)``; the envelope is the RMS of 4 ms, and both are first passages. NaN for silence.
    """
    level = envelope(waves, rate)
    peak = level.amax(1, keepdim=True)
    first = [(level >= share * peak).byte().argmax(1) for share in (0.1, 0.9)]
    return _audible(waves, (first[1] - first[0]) * (1000 / rate))


@dataclass(frozen=True)
class Decay:
    """Length: milliseconds from the maximum of the envelope to the last time it is above ``decibels`` below it.

    Attributes:
        decibels: 20 for what one hears as the hit itself, 40 for its tail.
    """

    decibels: float

    def __call__(self, waves: torch.Tensor, rate: int) -> torch.Tensor:
        """``(B, L)`` → ``(B,)``, the length of the sound at most. NaN for silence."""
        level = envelope(waves, rate)
        peak, start = level.max(1, keepdim=True)
        above = level >= peak * 10 ** (-self.decibels / 20)
        last = level.shape[1] - 1 - above.flip(1).byte().argmax(1)
        return _audible(waves, (last - start[:, 0]) * (1000 / rate))


def loudness(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """RMS of the whole sound in dBFS, with no weighting of frequencies: -3.01 for a full-scale sine, at least -100.

    ``(B, L)`` → ``(B,)``.
    """
    return 20 * waves.square().mean(1).sqrt().clamp_min(SILENCE).log10()


def offset(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """DC: the mean, -1 to 1."""
    return waves.double().mean(1).float()


def is_clipped(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """Whether the top of a wave is flat: half a millisecond, or three samples, within the last bit of 16 of its own peak.

    A sine of 20 Hz is that near to its peak for 0.12 ms. All above or all below; truth values, and never of silence.
    """
    peak, run = waves.abs().amax(1, keepdim=True), max(3, round(FLAT_SECONDS * rate))
    flat = torch.zeros(len(waves), dtype=torch.bool)
    if waves.shape[1] >= run:
        for side in (1, -1):
            near = (side * waves >= peak * (1 - 2**-15)) & (peak > SILENCE)
            flat |= moving_mean(near.float(), run).amax(1) > 1 - 0.5 / run
    return flat


def step(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """Of a loop: the step from its end to its beginning, squared, over the mean square of the steps inside.

    1 on average where the seam is like any other place. NaN where nothing moves.
    """
    return (waves[:, 0] - waves[:, -1]).square() / waves.diff(dim=1).square().mean(1)


def envelope(waves: torch.Tensor, rate: int) -> torch.Tensor:
    """``(B, L)`` → ``(B, L)``: RMS of the 4 ms round each sample; beyond the ends there is silence."""
    half = round(ENVELOPE_SECONDS * rate / 2)
    return moving_mean(pad(waves.square(), (half, half)), 2 * half + 1).clamp_min(0).sqrt()


def moving_mean(values: torch.Tensor, width: int) -> torch.Tensor:
    """``(B, L)`` → ``(B, L − width + 1)`` float32: the mean of each ``width`` values in a row."""
    sums = pad(values.double().cumsum(1), (1, 0))  # a difference of sums, in float64, costs the same whatever the width
    return ((sums[:, width:] - sums[:, :-width]) / width).float()


def _power(waves: torch.Tensor, rate: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Power spectra from 20 Hz on, NaN for silence, and the frequencies in Hz."""
    hertz = torch.fft.rfftfreq(waves.shape[1], 1 / rate)
    kept = hertz >= LOWEST_HZ
    power = torch.fft.rfft(waves).abs().square()[:, kept]
    return _audible(waves, power), hertz[kept]


def _audible(waves: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """``values``, ``(B, …)``, with NaN where a wave is silent."""
    silent = waves.square().mean(1).sqrt() < SILENCE
    return torch.where(silent.view(-1, *[1] * (values.dim() - 1)), torch.nan, values)
