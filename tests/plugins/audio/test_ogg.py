"""Ogg pages: the checksum is libogg's own, the sound is untouched."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from paragone_audio.ogg import checksum, settled


def vorbis() -> bytes:
    target = io.BytesIO()
    wave = 0.3 * np.random.default_rng(0).standard_normal(20_000)
    soundfile.write(target, wave, 16_000, "VORBIS", format="OGG")
    return target.getvalue()


def test_the_serial_number_that_was_there_gives_the_file_that_was_there() -> None:
    data = vorbis()
    (serial,) = struct.unpack_from("<I", data, 14)
    assert settled(settled(data, 1), serial) == data  # libogg has worked out every checksum in it


def test_the_sound_is_the_same() -> None:
    data = vorbis()
    np.testing.assert_array_equal(soundfile.read(io.BytesIO(settled(data, 0)))[0], soundfile.read(io.BytesIO(data))[0])
    assert settled(data, 0) != data


def test_the_checksum_s_published_check_value() -> None:
    # CRC-32/MPEG-2 differs from Ogg's in its beginning alone, which can be moved into the first four bytes
    message = bytes(byte ^ 0xFF for byte in b"1234") + b"56789"
    assert checksum(message) == 0x0376E6E7


@pytest.mark.parametrize("data", [b"RIFFxxxx" + bytes(40), vorbis()[4:]])
def test_what_is_no_page_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no Ogg page at byte 0"):
        settled(data, 0)
