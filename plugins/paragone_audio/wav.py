"""WAV files of 24 bits with words and a loop inside. No torch."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

MIDDLE_C = 60
"""The note at which a sampler plays a looped sound at its own pitch."""


def write_wav(samples: NDArray[np.int32], rate: int, info: Mapping[str, str], loop: bool = False) -> bytes:
    """A mono WAV file of 24-bit PCM.

    libsndfile writes no ``smpl`` chunk from Python, and reads no INFO text of more than
    some hundred bytes, so both are written and read here.

    Args:
        samples: ``(L,)``, each in [-2^23, 2^23 - 1].
        rate: samples a second.
        info: texts of the LIST/INFO chunk by their identifier of four letters, such as
            ``ICMT`` (comment); ASCII is read alike by every program.
        loop: add a ``smpl`` chunk: forward, from the first sample to the last, for ever.

    Raises:
        ValueError: if the file would be larger than the 4 GiB that its header can tell.
    """
    pcm = samples.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    texts = b"".join(_chunk(name, text.encode() + b"\0") for name, text in info.items())
    chunks = [_chunk("fmt ", struct.pack("<HHIIHH", 1, 1, rate, 3 * rate, 3, 24))]
    if texts:
        chunks.append(_chunk("LIST", b"INFO" + texts))
    if loop:
        head = (0, 0, round(1e9 / rate), MIDDLE_C, 0, 0, 0, 1, 0)
        chunks.append(_chunk("smpl", struct.pack("<15I", *head, 0, 0, 0, len(samples) - 1, 0, 0)))
    body = b"WAVE" + b"".join(chunks) + _chunk("data", pcm)
    if len(body) >= 2**32:
        raise ValueError(f"a WAV file cannot hold {len(samples)} samples")
    return _chunk("RIFF", body)


def read_info(data: bytes) -> dict[str, str]:
    """The texts of the LIST/INFO chunk of a WAV file, ``{}`` if there is none.

    Raises:
        ValueError: if they are not UTF-8.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return {}
    texts: dict[str, str] = {}
    for name, body in _chunks(data[12:]):
        if name == b"LIST" and body[:4] == b"INFO":
            texts |= {key.decode("latin-1"): text.split(b"\0")[0].decode() for key, text in _chunks(body[4:])}
    return texts


def _chunk(name: str, body: bytes) -> bytes:
    """One RIFF chunk; a size that is odd is filled up, and told as it is."""
    return struct.pack("<4sI", name.encode("ascii"), len(body)) + body + b"\0" * (len(body) % 2)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, body) of each chunk that lies whole in ``data``."""
    at = 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            return
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
