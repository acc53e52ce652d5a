"""Sound files of every kind, decoded in blocks: a file of hours needs no more memory than one of seconds."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .config import LEAST_RATE
from .needs import soundfile

Wave = NDArray[np.float32]
"""``(n,)``: mono, 1.0 is full scale; a file of floats may go beyond."""

SUFFIXES = (
    ".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64",
)  # fmt: skip
"""Files that are looked at; what they are is then decided by their content."""

BLOCK = 2**17
"""Samples that are decoded at once, those of all channels together."""

MAX_RATE = 2**20
"""Hertz; a header that says more is damaged."""

LARGEST = 2.0**40
"""No sample is larger, even where whole numbers of 32 bits were stored as floats and never scaled."""

_LONGEST_TOLD = 2**31 - 2**12
"""Bytes; what writes a WAV into a pipe does not know its length, and says this or more."""

_TRAILER = 2**12
"""Bytes that may follow the last frame of a whole MP3: padding, and the older kind of tag."""

_TAG = 2**16
"""Bytes at the end of a file in which the footer of a longer tag lies."""

_CANCELLED = 0.01
"""Of the power of its channels: where their mean has less, they are each other's reverse."""

_NO_FILE = 7
"""libsndfile's error for a file that is not there; of an open one it means that the MP3 decoder found nothing in it."""


class Unreadable(Exception):
    """A sound that cannot be used; the text says why, as the end of a sentence."""


class Sound:
    """An open sound file.

    Args:
        file: soundfile's.
        raw: the bytes that it reads.

    Attributes:
        rate: samples a second, :data:`.config.LEAST_RATE` to :data:`MAX_RATE`.
        channels: at least 1.
        only: the channel that is listened to; ``None``: the mean of all.
        short: whether the file ended before its header said it would; known when the blocks are read.
        unfinished: whether the decoder stopped before the file's end; known then too.
    """

    def __init__(self, file: Any, raw: _Nameless) -> None:
        self._file, self._raw = file, raw
        self.rate, self.channels = int(file.samplerate), int(file.channels)
        self.only: int | None = None
        told = re.search(r"^ *(?:data|SSND) *: (\d+) \(should be", file.extra_info, re.MULTILINE)  # libsndfile's own log
        self.short, self.unfinished = told is not None and int(told[1]) < _LONGEST_TOLD, False
        self._powers, self._power = np.zeros(self.channels), 0.0
        if not LEAST_RATE <= self.rate <= MAX_RATE:
            raise Unreadable(f"says that it has {self.rate} samples a second")

    def blocks(self) -> Iterator[Wave]:
        """All of it, the mean of its channels or one of them.

        Raises:
            Unreadable: if it is damaged from the beginning, or holds what is not a number.
            OSError: if its bytes cannot be read.
        """
        done, more = 0, True
        buffer = np.empty((max(1, BLOCK // self.channels), self.channels), np.float32)
        while more:
            frames, more = self._read(buffer, done)
            if not (np.abs(frames) <= LARGEST).all():
                raise Unreadable("holds values that are infinite, not a number or beyond all measure")
            done += len(frames)
            if len(frames):
                mixed = frames.mean(axis=1, dtype=np.float32)
                self._powers += np.einsum("nc,nc->c", frames, frames, dtype=np.float64)
                self._power += float(np.dot(mixed, mixed))
                yield mixed if self.only is None else frames[:, self.only].copy()
            if self._raw.failed is not None:
                raise self._raw.failed
        self.short |= done < self._file.frames < 2**62  # a stream may not know its length
        self.unfinished = self._file.format in {"MP3", "MPEG"} and not self.short and self._more_follows()

    def cancelled(self) -> int | None:
        """The loudest channel, where the mean of all is next to nothing beside them; known when the blocks are read."""
        return int(self._powers.argmax()) if self._power < _CANCELLED * float(self._powers.mean()) else None

    def _more_follows(self) -> bool:
        """Whether there is sound where the decoder stopped: it guesses the length of an MP3 that does not say it, and ends there."""
        place = self._raw.tell()
        end = self._raw.seek(0, os.SEEK_END)
        self._raw.seek(max(place, end - _TAG))
        tagged = b"APETAGEX" in self._raw.read()
        self._raw.seek(place)
        return end - place > _TRAILER and not tagged

    def _read(self, buffer: NDArray[np.float32], done: int) -> tuple[NDArray[np.float32], bool]:
        """The next frames, and whether more may follow: not at the end, nor where the rest is damaged."""
        try:
            frames = self._file.read(out=buffer)
        except (RuntimeError, OSError, ValueError) as error:
            whole = self._file.tell() - done  # they stand in the buffer, though their number was lost with the error
            if whole <= 0 and not done:
                raise Unreadable(f"is damaged ({_reason(error)})") from error
            return buffer[: max(0, whole)], False
        return frames, len(frames) == len(buffer)


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Sound]:
    """The sound in ``file``, whatever its name.

    Args:
        file: can seek; it is not closed.

    Raises:
        Unreadable: if it is none.
    """
    if not file.read(1):
        raise Unreadable("is empty (0 bytes)")
    file.seek(0)
    library, raw = soundfile(), _Nameless(file)
    try:
        decoder = library.SoundFile(raw)
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        if raw.failed is not None:
            raise raw.failed from error
        raise Unreadable(f"is no sound that can be read ({_reason(error)})") from error
    with decoder:
        yield Sound(decoder, raw)


class _Nameless:
    """A file without its name, so that only its content says what it is; a damaged one may lead to places that do not exist.

    Attributes:
        failed: why it could not be read; libsndfile, which asks for its bytes, would take it for the file's end.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.tell = file, file.tell
        self.failed: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            self.failed = error
            return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        with contextlib.suppress(ValueError, OSError):
            self._file.seek(offset, whence)
        return self._file.tell()


def _reason(error: Exception) -> str:
    if getattr(error, "code", None) == _NO_FILE:
        return "its beginning is missing or damaged"
    if "SF_INFO struct incomplete" in str(error):
        return "its header is damaged"
    return str(getattr(error, "error_string", None) or error).strip().rstrip(".").removeprefix("Error : ") or type(error).__name__
