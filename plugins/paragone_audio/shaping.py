"""From a stretch of a recording to one sound of the length that is learned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .decode import Wave
from .sound import ONSET_SECONDS, PEAK

SILENT = 10 ** (-70 / 20)
"""-70 dBFS: what stays below is silence. Half the last bit of 8 is at -48 dBFS, of 16 at -96 dBFS."""

TAIL = 0.3
"""Share of a sound that is cut over which it is faded, as the drums of DrumGAN (Nistal et al. 2020) are."""

_END_SECONDS = 0.005
"""Every sound that ends is faded over so long, so that it does not end with a click."""

_CROSSFADE_SECONDS = 0.05


def cropped(wave: Wave, start: int, length: int) -> Wave:
    """``(length,)`` from sample ``start`` on, which may be negative; zeros where there is nothing."""
    out = np.zeros(length, np.float32)
    inside = wave[max(0, start) : max(0, start + length)]
    out[max(0, -start) :][: len(inside)] = inside
    return out


def faded(wave: Wave, content: int, rate: int, cut: bool) -> Wave:
    """Bring the beginning and the end of a one-shot to zero.

    The beginning rises while the onset is still ahead. The end falls as log10(10 - 9t), which a
    decaying sound hardly shows, over the last :data:`TAIL` of it; over 5 ms where it is not cut.

    Args:
        wave: ``(n,)``; its onset is at :data:`.sound.ONSET_SECONDS`.
        content: samples of it that are not padding.
        rate: samples a second.
        cut: whether something audible came after.
    """
    out = wave.copy()
    rise = min(len(out), round(ONSET_SECONDS * rate / 2))
    out[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise, endpoint=False, dtype=np.float32)) ** 2
    fall = min(content, round(TAIL * len(out)) if cut else max(1, round(_END_SECONDS * rate)))
    out[content - fall : content] *= np.log10(10 - 9 * np.linspace(0, 1, fall, dtype=np.float32))
    return out


def level(wave: Wave, bring: bool) -> tuple[Wave, bool]:
    """Bring the peak to :data:`PEAK`; else only below full scale, and say whether that was needed."""
    peak = float(np.abs(wave).max(initial=0.0))
    if bring and peak > 0:
        return wave * np.float32(PEAK / peak), False
    return (wave / np.float32(peak), True) if peak > 1 else (wave, False)


def crossfade_of(length: int, rate: int) -> int:
    """Samples over which a loop's end is faded into its beginning: 50 ms, at most an eighth of it."""
    return min(round(_CROSSFADE_SECONDS * rate), length // 8)


def seamless(wave: Wave, length: int) -> Wave:
    """A loop from a stretch that is a little longer: what follows its end fades into its beginning.

    The two have equal power together, as the sum of unrelated sounds needs: cos² + sin² = 1.

    Args:
        wave: ``(length + n,)``.
        length: of the loop, at least ``n``.
    """
    out, after = wave[:length].copy(), wave[length:]
    turn = (np.arange(len(after), dtype=np.float32) + np.float32(0.5)) * np.float32(np.pi / 2 / max(1, len(after)))
    out[: len(after)] = out[: len(after)] * np.sin(turn) + after * np.cos(turn)
    return out


def periodic(wave: Wave, length: int) -> Wave:
    """Resample what repeats for ever to ``(length,)``: its Fourier series, cut off or padded, so that it repeats as before."""
    if len(wave) == length:
        return wave
    spectrum = np.fft.rfft(wave)[: (min(len(wave), length) + 1) // 2]  # without the Nyquist frequency of the shorter one
    return (np.fft.irfft(spectrum, length) * (length / len(wave))).astype(np.float32)


def quantised(wave: Wave) -> NDArray[np.int16]:
    """As 16-bit numbers, -32767 to 32767; the error (-101 dBFS) is far below the noise that training adds."""
    return np.rint(wave.clip(-1, 1) * 32767).astype("<i2")
