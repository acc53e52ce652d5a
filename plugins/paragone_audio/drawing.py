"""One sound drawn: its waveform above its mel spectrogram."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from .spectra import log_mel

Pixels = NDArray[np.uint8]

FLOOR_DB = -80.0
WINDOW_SECONDS = 0.024
"""Of the transform, to the nearest power of two samples."""

WAVE_SHARE = 3 / 8
"""Of a tile's height, for the waveform."""

GROUND, ZERO, WAVE = (22, 23, 27), (52, 54, 60), (128, 190, 222)

# matplotlib's inferno (van der Walt and Smith 2015, CC0) at ten equidistant places: equal steps look equally large
_INFERNO = "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4"
_COLOURS = np.array([[int(colour[at : at + 2], 16) for at in (0, 2, 4)] for colour in _INFERNO.split()], np.float64)


def draw_sound(wave: NDArray[np.float32], rate: int, width: int, height: int) -> Pixels:
    """Both, one above the other.

    Args:
        wave: ``(L,)`` in [-1, 1].
        rate: samples a second.
        width, height: in pixels.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    above = round(height * WAVE_SHARE) // 2 * 2 + 1  # odd: then silence is a sharp line
    return np.concatenate([draw_wave(wave, width, above), draw_spectrogram(wave, rate, width, height - above)])


def draw_wave(wave: NDArray[np.float32], width: int, height: int) -> Pixels:
    """From the least to the greatest sample of each column; full scale is the whole height.

    Args:
        wave: ``(L,)`` in [-1, 1].
        width, height: in pixels.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    edges = np.linspace(0, len(wave), width + 1).round().astype(int)
    # each column reaches to the first sample of the next, so that a steep line has no holes
    parts = [wave[start : max(end, start + 1) + 1] for start, end in zip(np.minimum(edges[:-1], len(wave) - 1), edges[1:], strict=True)]
    low, high = np.array([part.min() for part in parts]), np.array([part.max() for part in parts])
    row = np.arange(height)[:, None]
    top, bottom = ((1 - value) / 2 * height for value in (high, low))
    # the share of each pixel that the line covers; it is at least one pixel high
    middle, reach = ((top + bottom) / 2).clip(0.5, height - 0.5), np.maximum(bottom - top, 1) / 2
    cover = (np.minimum(row + 1, middle + reach) - np.maximum(row, middle - reach)).clip(0, 1)[..., None]
    ground = np.where((row == height // 2)[..., None], ZERO, GROUND)
    return (ground * (1 - cover) + np.array(WAVE) * cover).round().astype(np.uint8)


def draw_spectrogram(wave: NDArray[np.float32], rate: int, width: int, height: int) -> Pixels:
    """Mel bands from low, at the bottom, to high; -80 dB is dark and 0 dB, the peak of a full-scale sine, is bright.

    Args:
        wave: ``(L,)`` in [-1, 1].
        rate: samples a second.
        width, height: in pixels.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    n_fft = 2 ** round(np.log2(rate * WINDOW_SECONDS))
    # where a column is wider than half a window it shows the greatest of several frames: nothing falls between two
    frames = -(-2 * len(wave) // (width * n_fft))
    hop = max(1, len(wave) // (width * frames))
    level = log_mel(torch.from_numpy(wave)[None], rate, n_fft, hop, min(64, height), floor_db=FLOOR_DB)[0].numpy()
    rows = (np.arange(height)[::-1] * level.shape[0]) // height
    columns = np.maximum.reduceat(level, (np.arange(width) * level.shape[1]) // width, axis=1)
    return colours(1 - columns[rows] / FLOOR_DB)


def colours(share: NDArray[np.float32]) -> Pixels:
    """From dark at 0 to bright at 1: ``(...)`` → ``(..., 3)`` uint8."""
    place = share.clip(0, 1) * (len(_COLOURS) - 1)
    channels = [np.interp(place, np.arange(len(_COLOURS)), _COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)
