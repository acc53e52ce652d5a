"""Sound files of every kind, decoded in blocks: a file of hours needs no more memory than one of seconds."""

from __future__ import annotations

import contextlib
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

_NO_FILE = 7
"""libsndfile's error for a file that is not there; of an open one it means that the MP3 decoder found nothing in it."""


class Unreadable(Exception):
    """A sound that cannot be used; the text says why, as the end of a sentence."""


class Sound:
    """An open sound file.

    Attributes:
        rate: samples a second, :data:`.config.LEAST_RATE` to :data:`MAX_RATE`.
        channels: at least 1.
        short: whether the file ended before its header said it would; known when the blocks are read.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self.rate, self.channels = int(file.samplerate), int(file.channels)
        self.short = "should be" in file.extra_info  # libsndfile's own log, of a data chunk that is not all there
        if not LEAST_RATE <= self.rate <= MAX_RATE:
            raise Unreadable(f"says that it has {self.rate} samples a second")

    def blocks(self) -> Iterator[Wave]:
        """All of it, the mean of its channels.

        Raises:
            Unreadable: if it is damaged from the beginning, or holds what is not a number.
        """
        done, more = 0, True
        buffer = np.empty((max(1, BLOCK // self.channels), self.channels), np.float32)
        while more:
            frames, more = self._read(buffer, done)
            if not (np.abs(frames) <= LARGEST).all():
                raise Unreadable("holds values that are infinite, not a number or beyond all measure")
            done += len(frames)
            if len(frames):
                yield frames.mean(axis=1, dtype=np.float32)
        self.short |= done < self._file.frames < 2**62  # a stream may not know its length

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
    library = soundfile()
    try:
        decoder = library.SoundFile(_Nameless(file))
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        raise Unreadable(f"is no sound that can be read ({_reason(error)})") from error
    with decoder:
        yield Sound(decoder)


class _Nameless:
    """A file without its name, so that only its content says what it is; a damaged one may lead to places that do not exist."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.tell, self.read = file, file.tell, file.read

    def seek(self, offset: int, whence: int = 0) -> int:
        with contextlib.suppress(ValueError, OSError):
            self._file.seek(offset, whence)
        return self._file.tell()


def _reason(error: Exception) -> str:
    if getattr(error, "code", None) == _NO_FILE:
        return "its beginning is missing or damaged"
    return str(getattr(error, "error_string", None) or error).strip().rstrip(".").removeprefix("Error : ") or type(error).__name__
