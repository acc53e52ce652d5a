"""Sounds as WAV, FLAC and Ogg Vorbis files, written and read. No torch."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paragone import __version__
from paragone.errors import DataError

from .needs import soundfile
from .ogg import settled
from .wav import read_info, write_wav

Format = Literal["wav", "flac", "ogg"]

FULL_SCALE = 2**23
"""A sample of 24 bits stands for this part of full scale."""

_OGG_LEVEL = 0.2
"""libsndfile's compression level of Vorbis: quality 8 of 10."""

_BLOCK = 4096
"""Samples given to libsndfile at once: its Vorbis encoder overflows the stack on millions."""


def takes(format: Format, rate: int) -> bool:
    """Whether a file of that kind can hold ``rate``: from 65,536 Hz on FLAC counts in tens (RFC 9639, section 9.1.2)."""
    return format != "flac" or rate < 2**16 or (rate % 10 == 0 and rate < 10 * 2**16)


def write_sound(samples: NDArray[np.int32], rate: int, format: Format, loop: bool, provenance: Mapping[str, Any]) -> bytes:
    """One mono sound as a file; the same arguments give the same bytes.

    The provenance is a comment in JSON: ``ICMT`` of the INFO chunk in a WAV file, the
    Vorbis comment ``COMMENT`` in the others. A WAV file of a loop has a ``smpl`` chunk too.

    Args:
        samples: ``(L,)`` of 24 bits, each in [-2^23, 2^23 - 1].
        rate: samples a second, one that the format :func:`takes`.
        format: of the file; ``ogg`` is lossy.
        loop: whether the end runs into the beginning.
        provenance: JSON-serialisable facts.
    """
    facts = json.dumps(dict(provenance), sort_keys=True)
    software = f"paragone {__version__}"
    if format == "wav":
        return write_wav(samples, rate, {"ICMT": facts, "ISFT": software}, loop)
    target = io.BytesIO()
    kind = {"format": "FLAC", "subtype": "PCM_24"} if format == "flac" else {"format": "OGG", "subtype": "VORBIS"}
    level = None if format == "flac" else _OGG_LEVEL
    with soundfile().SoundFile(target, "w", rate, 1, compression_level=level, **kind) as file:
        file.comment, file.software = facts, software
        for start in range(0, len(samples), _BLOCK):
            file.write(samples[start : start + _BLOCK] << 8)  # libsndfile's 24 bits are the upper ones of 32
    data = target.getvalue()
    return data if format == "flac" else settled(data, serial=0)


def read_sound(data: bytes) -> tuple[NDArray[np.float32], int, dict[str, Any]]:
    """Samples ``(N, channels)`` in [-1, 1], rate and provenance of a file; ``{}`` if it has none.

    Raises:
        DataError: if it is no sound, is damaged, or its provenance is not a JSON object.
    """
    library = soundfile()
    try:
        with library.SoundFile(io.BytesIO(data)) as file:
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
            comment = file.comment
    except library.LibsndfileError as error:
        raise DataError(f"is no sound that can be read ({error.error_string})", fix="Give a file that `create audio` wrote.") from error
    try:
        comment = read_info(data).get("ICMT", comment)
        provenance = json.loads(comment) if comment else {}
        if not isinstance(provenance, dict):
            raise ValueError("not a JSON object")
    except ValueError as error:
        raise DataError(f"its provenance is damaged ({error})", fix="Give a file that `create audio` wrote.") from error
    return samples, rate, provenance
