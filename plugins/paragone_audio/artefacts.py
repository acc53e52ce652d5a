"""Sounds as files and contact sheets; ``Sounds`` is what the plugin declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from paragone.errors import DataError, UsageError
from paragone.spec import SampleSpec

from .config import AudioSample
from .files import FULL_SCALE, read_sound, takes, write_sound
from .needs import torchaudio
from .sheet import draw_sheet, draw_tile, write_png
from .sound import is_loop, rate_of

PAUSE_SECONDS = 0.1
"""Between two sounds of a medley."""

MEDLEY_SECONDS = 30.0
"""A medley is no longer, unless one sound is: a training writes one a minute, and nobody listens to more."""

EDGE_SECONDS = 0.002
"""Fades of a loop that a medley plays once, and that begins and ends anywhere."""


class Sounds:
    """Encodes samples as WAV, FLAC or Ogg Vorbis; see :class:`paragone.artefacts.Artefacts`.

    Args:
        spec: of a sound, ``(1, L)`` float32 in [-1, 1].
        config: how sounds are written; ``None`` for the defaults.

    Raises:
        ValueError: if ``spec`` is not that of a sound.
        UsageError: if the kind of file cannot hold its sample rate.
    """

    sheet_extension = ".png"

    def __init__(self, spec: SampleSpec, config: AudioSample | None = None) -> None:
        self.spec, self.config = spec, config or AudioSample()
        self.extension = f".{self.config.format}"
        self._rate, self._loop = rate_of(spec), is_loop(spec)
        if not takes(self.config.format, self._rate):
            raise UsageError(f"{self.config.format} holds no {self._rate} Hz", where="--format", fix="Write wav, which holds any rate.")
        torchaudio()  # sheets need it: where it does not work, that is told before the first file is written

    @property
    def loops(self) -> bool:
        """Whether a page is to play its sounds round and round."""
        return self._loop

    def encode(self, sample: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        """One sound as a file of ``config.format`` with its provenance.

        Args:
            sample: ``(1, L)``, clamped to [-1, 1] and rounded to 24 bits.
            provenance: JSON-serialisable facts.

        Raises:
            ValueError: if the shape is wrong or a value is not a number.
        """
        wave = self._checked(sample[None])[0]
        return write_sound(_steps(wave), self._rate, self.config.format, self._loop, provenance)

    def decode(self, data: bytes) -> tuple[torch.Tensor, dict[str, Any]]:
        """What :meth:`encode` wrote, in any format: ``(1, L)`` float32 and the provenance.

        Raises:
            DataError: if it is no sound, or of another length, rate or number of channels.
        """
        samples, rate, provenance = read_sound(data)
        length = self.spec.shape[1]
        if (rate, *samples.shape) != (self._rate, length, 1):
            is_so = f"{len(samples)} samples of {samples.shape[1]} channels at {rate} Hz"
            fix = f"Give a sound that this run made: {length} samples of 1 channel at {self._rate} Hz."
            raise DataError(f"the sound has {is_so}", fix=fix)
        return torch.from_numpy(samples.T.copy()).clamp_(-1, 1), provenance  # Vorbis may overshoot

    def sheet(self, samples: torch.Tensor, columns: int, captions: Sequence[str], provenance: Mapping[str, Any]) -> bytes:
        """Waveform and mel spectrogram of each; see :meth:`paragone.artefacts.Artefacts.sheet`.

        Raises:
            ValueError: if the shape is wrong or a value is not a number.
        """
        if columns < 1:
            raise ValueError(f"a sheet needs at least 1 column, not {columns}")
        return write_png(draw_sheet(self._checked(samples), self._rate, columns, captions), provenance)

    @property
    def medley_extension(self) -> str:
        """FLAC, where it holds the rate: a training writes one a minute."""
        return ".flac" if takes("flac", self._rate) else ".wav"

    def medley(self, samples: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        """Sounds ``(B, 1, L)`` one after another; see :class:`paragone.artefacts.Audible`.

        Of those that take more than half a minute, some, from the first to the last.

        Raises:
            ValueError: if the shape is wrong or a value is not a number.
        """
        pause = round(PAUSE_SECONDS * self._rate)
        room = max(1, int(MEDLEY_SECONDS * self._rate / (self.spec.shape[1] + pause)))
        heard = np.linspace(0, len(samples) - 1, min(room, len(samples))).round()
        waves = self._checked(samples[heard.astype(int)])
        if self._loop:
            edge = np.linspace(0, 1, max(2, round(EDGE_SECONDS * self._rate)), dtype=np.float32)
            waves[:, : len(edge)] *= edge
            waves[:, -len(edge) :] *= edge[::-1]
        steps = _steps(np.pad(waves, ((0, 0), (0, pause))).reshape(-1))
        # of 16 bits: the lower ones are noise, which takes more room than all the rest
        coarse = (np.minimum(steps, FULL_SCALE - 1 - 128) + 128) >> 8 << 8
        return write_sound(coarse, self._rate, "flac" if self.medley_extension == ".flac" else "wav", False, provenance)

    def preview(self, sample: torch.Tensor) -> list[tuple[str, bytes]]:
        """A picture of one sound ``(1, L)``, and the sound in a form that browsers play and a page of many can hold.

        See :class:`paragone.artefacts.Previewed`.

        Raises:
            ValueError: if the shape is wrong or a value is not a number.
        """
        wave = self._checked(sample[None])[0]
        picture = write_png(draw_tile(wave, self._rate), {}, palette=128)
        return [(".png", picture), (".ogg", write_sound(_steps(wave), self._rate, "ogg", self._loop, {}))]

    def _checked(self, samples: torch.Tensor) -> NDArray[np.float32]:
        """``(B, 1, L)`` as ``(B, L)`` in [-1, 1]."""
        if tuple(samples.shape[1:]) != self.spec.shape:
            raise ValueError(f"expected samples of shape {self.spec.shape}, got {tuple(samples.shape[1:])}")
        if not bool(torch.isfinite(samples).all()):
            raise ValueError("expected finite samples, got one that is not a number or infinite")
        return samples[:, 0].float().clamp(-1, 1).numpy()  # clamp copies: it may be written to


def _steps(wave: NDArray[np.float32]) -> NDArray[np.int32]:
    """``(L,)`` in [-1, 1] in steps of 24 bits."""
    return np.clip(np.rint(wave.astype(np.float64) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int32)
