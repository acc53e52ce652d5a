"""Resampling, and spectra on the mel scale."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import lru_cache

import torch

from .needs import torchaudio

_TERMS = 2000
"""Two rates are brought to a ratio of whole numbers up to this; beyond it the filters would need
gigabytes (44,101 to 16,000 Hz). What is rounded off is half a cent of the pitch at most."""

_WIDTH = 64
"""Zero crossings of the low-pass filter on either side."""

_BLOCK = 2**18
"""Samples that are resampled at once."""


def resample(waves: torch.Tensor, before: int, after: int) -> torch.Tensor:
    """Band-limited resampling by a windowed sinc (Smith, Digital Audio Resampling).

    Args:
        waves: ``(..., N)`` float.
        before, after: samples a second, at least 1.

    Returns:
        ``(..., ceil(N · r))`` float, where r is ``after / before`` (:func:`ratio_of`).

    Raises:
        PluginError: if torchaudio does not work here.
    """
    ratio = ratio_of(before, after)
    if ratio == 1:
        return waves
    return _resampler(ratio, waves.dtype)(waves)


@lru_cache(maxsize=16)
def _resampler(ratio: Fraction, dtype: torch.dtype) -> Callable[[torch.Tensor], torch.Tensor]:
    """Holds its filter, which takes as long to make as a second of sound to resample."""
    make: Callable[..., Callable[[torch.Tensor], torch.Tensor]] = torchaudio().transforms.Resample
    return make(ratio.denominator, ratio.numerator, lowpass_filter_width=_WIDTH, rolloff=0.97, dtype=dtype)


def resample_blocks(blocks: Iterable[torch.Tensor], before: int, after: int) -> Iterator[torch.Tensor]:
    """The same of one long sound that comes in blocks: joined they are what :func:`resample` makes of the whole.

    Args:
        blocks: ``(n,)`` float each.
        before, after: samples a second.
    """
    ratio = ratio_of(before, after)
    if ratio == 1:
        yield from blocks
        return
    unit = ratio.denominator
    # the filter sees so many samples on either side; whole units, so that every block begins on the grid of both rates
    context = unit * (2 + 11 * _WIDTH * max(before, after) // (10 * after * unit))
    size = unit * max(1, _BLOCK // unit)
    held, past = torch.zeros(0), 0  # `past` samples at the beginning of `held` are there for the filter only
    for block in blocks:
        held = torch.cat([held, block])
        while len(held) >= past + size + context:
            yield _middle(held[: past + size + context], past, size, before, after)
            held, past = held[past + size - context :] if past + size > context else held, min(context, past + size)
    if len(held) > past:
        yield _middle(held, past, len(held) - past, before, after)


def _middle(wave: torch.Tensor, past: int, size: int, before: int, after: int) -> torch.Tensor:
    ratio = ratio_of(before, after)
    start = past // ratio.denominator * ratio.numerator
    return resample(wave, before, after)[start : start + -(-size * ratio.numerator // ratio.denominator)]


def ratio_of(before: int, after: int) -> Fraction:
    """``after / before``, rounded where its terms are beyond thousands."""
    if after <= before:
        return Fraction(after, before).limit_denominator(_TERMS) or Fraction(1, _TERMS)
    return 1 / (Fraction(before, after).limit_denominator(_TERMS) or Fraction(1, _TERMS))


@lru_cache(maxsize=32)
def mel_bank(rate: int, n_fft: int, bands: int, low: float = 20.0, high: float = 0.0) -> torch.Tensor:
    """Triangular filters, equally wide on the mel scale (HTK: 2595·log10(1 + f/700)), each of height 1.

    Args:
        rate: samples a second.
        n_fft: length of the transform.
        bands: how many.
        low, high: hertz; the range that they cover. 0 for ``high``: half the rate.

    Returns:
        ``(n_fft // 2 + 1, bands)`` float32, 0 to 1. It is shared: do not change it. A band narrower
        than the transform resolves may have no weight at all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of such a band, which is said above
        return torchaudio().functional.melscale_fbanks(n_fft // 2 + 1, low, high or rate / 2, bands, rate)


def log_mel(waves: torch.Tensor, rate: int, n_fft: int, hop: int, bands: int, floor_db: float = -80.0, loop: bool = False) -> torch.Tensor:
    """Power in mel bands, in decibels: 0 dB is the power of a full-scale sine.

    Args:
        waves: ``(B, N)`` float in [-1, 1].
        rate: samples a second.
        n_fft: length of the Hann window and of the transform, at most ``2 · N``.
        hop: samples from one frame to the next; frames are centred on multiples of it.
        bands: how many.
        floor_db: what is below is raised to it.
        loop: whether the end runs into the beginning; else there is silence beyond both.

    Returns:
        ``(B, bands, N // hop + 1)``, at least ``floor_db``; of a loop without the last one where that is the first again.
    """
    window = torch.hann_window(n_fft, device=waves.device, dtype=waves.dtype)
    length, half = waves.shape[1], n_fft // 2
    if loop:  # as often as it takes: a loop may be shorter than a window
        waves = waves[:, torch.arange(-half, length + half, device=waves.device) % length]
    spectrum = torch.stft(waves, n_fft, hop, window=window, center=not loop, pad_mode="constant", return_complex=True)
    if loop and length % hop == 0:
        spectrum = spectrum[..., :-1]
    # by Parseval the bins of a sine of amplitude 1 sum up to 1
    power = spectrum.abs().square() * (4 / (n_fft * window.square().sum()))
    bank = mel_bank(rate, n_fft, bands).to(waves)
    return (10 * (bank.T @ power).clamp_min(10 ** (floor_db / 10)).log10()).clamp_min(floor_db)
