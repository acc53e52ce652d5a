"""WAV files, read by the standard library, by libsndfile and by a walk over the chunks."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
import soundfile

from paragone_audio.wav import read_info, write_wav

FACTS = {"ICMT": '{"seed": 7}', "ISFT": "paragone"}


def steps(length: int = 512) -> np.ndarray:
    return np.random.default_rng(length).integers(-(2**23), 2**23, length, dtype=np.int32)


def chunks(data: bytes) -> dict[str, bytes]:
    """The chunks by name, by the letter of the format: every one on an even byte, together the whole file."""
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WAVE"
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    found, at = {}, 12
    while at < len(data):
        assert at % 2 == 0
        size = struct.unpack("<I", data[at + 4 : at + 8])[0]
        found[data[at : at + 4].decode()] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(data)
    return found


@pytest.mark.parametrize("length", [1, 3, 512])
def test_the_standard_library_reads_every_sample(length: int) -> None:
    given = steps(length)
    with wave.open(io.BytesIO(write_wav(given, 16_000, FACTS))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 3, 16_000, length)
        raw = file.readframes(length)
    assert [int.from_bytes(raw[at : at + 3], "little", signed=True) for at in range(0, 3 * length, 3)] == given.tolist()


def test_libsndfile_reads_the_same_with_a_loop_and_odd_words() -> None:
    given = steps(333)
    with soundfile.SoundFile(io.BytesIO(write_wav(given, 44_100, {"ICMT": "odd", "ISFT": "even"}, loop=True))) as file:
        assert (file.subtype, file.samplerate, file.comment) == ("PCM_24", 44_100, "odd")
        np.testing.assert_array_equal(file.read(dtype="int32") >> 8, given)


def test_a_loop_is_the_whole_file_forward_and_for_ever() -> None:
    found = chunks(write_wav(steps(), 22_050, FACTS, loop=True))
    numbers = struct.unpack("<15I", found["smpl"])
    assert numbers[2] == 45_351  # 10⁹ / 22050 ns
    assert numbers[7:9] == (1, 0)  # one loop, and nothing after it
    assert numbers[9:] == (0, 0, 0, 511, 0, 0)  # identifier, forward, first and last sample, no fraction, without end
    assert "smpl" not in chunks(write_wav(steps(), 22_050, FACTS))


@pytest.mark.parametrize("text", ["", "a", "ab", "Zürich ☂", "x" * 70_001])
def test_words_come_back_whatever_their_length(text: str) -> None:
    data = write_wav(steps(3), 16_000, {"ICMT": text, "ISFT": "paragone"})
    assert read_info(data) == {"ICMT": text, "ISFT": "paragone"}
    assert list(chunks(data)) == ["fmt ", "LIST", "data"]


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVELIST\xff\xff\xff\xffINFO", b"fLaC" + bytes(60)])
def test_where_there_are_no_words_none_are_found(data: bytes) -> None:
    assert read_info(data) == {}
