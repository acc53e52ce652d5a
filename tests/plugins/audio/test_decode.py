"""Every kind of sound file, good and bad, as one stream of numbers."""

from __future__ import annotations

import contextlib
import errno
import io
import struct

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from paragone_audio import decode
from paragone_audio.decode import Unreadable, opened


def encoded(wave: NDArray[np.float64], rate: int = 8000, format: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=format, subtype=subtype)
    return file.getvalue()


def decoded(data: bytes) -> tuple[NDArray[np.float32], int, bool]:
    with opened(io.BytesIO(data)) as sound:
        wave = np.concatenate([np.zeros(0, np.float32), *sound.blocks()])
        return wave, sound.rate, sound.short


def wave(count: int = 4000, channels: int = 1) -> NDArray[np.float64]:
    time = np.arange(count) / 8000
    return np.stack([0.5 * np.sin(2 * np.pi * (200 + 100 * channel) * time) for channel in range(channels)], 1)


@pytest.mark.parametrize(
    ("format", "subtype", "tolerance"),
    [
        ("WAV", "PCM_16", 1e-4), ("WAV", "PCM_U8", 1e-2), ("WAV", "PCM_24", 1e-6), ("WAV", "FLOAT", 1e-7), ("WAV", "ULAW", 2e-2),
        ("FLAC", "PCM_16", 1e-4), ("AIFF", "PCM_16", 1e-4), ("OGG", "VORBIS", 5e-2), ("OGG", "OPUS", 0.2), ("MP3", "MPEG_LAYER_III", 5e-2),
        ("CAF", "PCM_16", 1e-4), ("W64", "PCM_16", 1e-4), ("AU", "PCM_16", 1e-4),
    ],
)  # fmt: skip
def test_every_format_is_told_by_its_content(format: str, subtype: str, tolerance: float) -> None:
    sound, rate, short = decoded(encoded(wave(), format=format, subtype=subtype))
    assert (rate, short) == (8000, False)
    inner = slice(1000, 3000)  # codecs ring at the ends
    assert np.abs(sound[inner] - wave()[inner, 0]).max() < tolerance


def test_channels_are_averaged_however_many_there_are() -> None:
    for channels in (2, 7):
        sound, _, _ = decoded(encoded(wave(channels=channels), subtype="FLOAT"))
        np.testing.assert_allclose(sound, wave(channels=channels).mean(1), atol=1e-6)


def test_blocks_are_small_and_join_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "BLOCK", 300)
    with opened(io.BytesIO(encoded(wave(900, 2), subtype="FLOAT"))) as sound:
        blocks = list(sound.blocks())
    assert [len(block) for block in blocks] == [150] * 6  # a block is of all channels together
    np.testing.assert_allclose(np.concatenate(blocks), wave(900, 2).mean(1), atol=1e-6)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"just some words\n" * 9, "is no sound"),
        (b"RIFF", "is no sound"),
        (encoded(wave())[:30], "is no sound"),
        (b"fLaC" + bytes(400), "is no sound"),
        (encoded(np.full(100, np.nan), subtype="FLOAT"), "infinite, not a number"),
        (encoded(np.array([0, 1, np.inf, 0]), subtype="DOUBLE"), "infinite, not a number"),
        (encoded(np.array([0, 3e38, -3e38, 0]), subtype="FLOAT"), "beyond all measure"),
        (encoded(wave(8000), format="MP3")[:300], "its beginning is missing or damaged"),
    ],
    ids=["empty", "text", "four bytes", "half a header", "no flac", "nan", "infinite", "as large as a float can be", "head of an MP3"],
)
def test_what_is_no_sound_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decoded(data)


def test_whole_numbers_that_were_stored_as_floats_are_a_sound() -> None:
    sound, _, _ = decoded(encoded(wave() * 2**31, subtype="FLOAT"))
    np.testing.assert_allclose(sound / 2**31, wave()[:, 0], atol=1e-6)


@pytest.mark.parametrize("rate", [0, 1, 999, 2**31 - 1, 2**32 - 1])
def test_a_rate_that_cannot_be_is_refused(rate: int) -> None:
    data = bytearray(encoded(wave()))
    data[24:28] = struct.pack("<I", rate)
    with pytest.raises(Unreadable, match=r"samples a second|no sound"):
        decoded(bytes(data))


@pytest.mark.parametrize("format", ["WAV", "FLAC", "AIFF", "OGG", "MP3"])
def test_of_a_truncated_file_what_is_there_is_kept(format: str) -> None:
    data = encoded(np.random.default_rng(0).normal(0, 0.1, 60_000), format=format)
    whole, rest = decoded(data)[0], decoded(data[: len(data) // 2])
    assert 0.3 * len(whole) < len(rest[0]) < 0.7 * len(whole)
    np.testing.assert_array_equal(rest[0][: len(rest[0]) // 2], whole[: len(rest[0]) // 2])
    assert rest[2] or format in ("OGG", "MP3")  # whose headers promise nothing


def test_a_header_without_samples_has_none() -> None:
    for format in ("WAV", "AIFF", "AU"):
        assert len(decoded(encoded(np.zeros(0), format=format))[0]) == 0


def test_damaged_bytes_are_a_reason_and_never_a_crash() -> None:
    rng = np.random.default_rng(0)
    for format in ("WAV", "FLAC", "OGG", "MP3", "AIFF"):
        good = encoded(wave(3000), format=format)
        for _ in range(60):
            bad = bytearray(good)
            for place in rng.integers(0, len(bad), 8):
                bad[place] = rng.integers(256)
            with contextlib.suppress(Unreadable):
                sound, rate, _ = decoded(bytes(bad))
                assert np.isfinite(sound).all()
                assert rate >= 1


def test_a_length_that_a_pipe_made_up_or_a_wrong_rate_of_bytes_is_no_shortness() -> None:
    whole = encoded(wave(1000))
    piped, rate, cut = bytearray(whole), bytearray(whole), bytearray(whole)
    place = whole.index(b"data") + 4
    piped[place : place + 4] = b"\xff" * 4
    rate[28:32] = (12345).to_bytes(4, "little")
    cut[place : place + 4] = (4000).to_bytes(4, "little")
    assert [(len(sound), short) for sound, _, short in map(decoded, map(bytes, (piped, rate, cut)))] == [
        (1000, False), (1000, False), (1000, True),
    ]  # fmt: skip


def test_an_mp3_that_goes_on_after_its_decoder_stopped_is_noticed() -> None:
    """Two of them one after another: the header of the first gives its own length, and the decoder believes it."""
    noise = np.random.default_rng(0).normal(0, 0.1, (16000, 1))
    one = encoded(noise, format="MP3", subtype="MPEG_LAYER_III")
    for data, unfinished in ((one, False), (one + b"TAG" + bytes(125), False), (one + one, True)):
        with opened(io.BytesIO(data)) as sound:
            heard = sum(map(len, sound.blocks()))
            assert sound.unfinished is unfinished
        assert heard < 1.2 * len(noise)


def test_channels_that_cancel_each_other_are_noticed() -> None:
    left = wave(1000)
    for channels, loudest in (
        (np.hstack([left, -left]), 0),
        (np.hstack([left, -1.01 * left]), 1),
        (np.hstack([left, 0 * left]), None),
        (left, None),
    ):
        with opened(io.BytesIO(encoded(channels, subtype="FLOAT"))) as sound:
            list(sound.blocks())
            assert sound.cancelled() == loudest


class Failing(io.BytesIO):
    """A disk that cannot be read from some byte on."""

    def __init__(self, data: bytes, good: int) -> None:
        super().__init__(data)
        self.good = good

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() + (size or 0) > self.good:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize("good", [8, 200_000])
def test_a_disk_that_fails_is_no_end_of_a_file(good: int, capfd: pytest.CaptureFixture[str]) -> None:
    data = encoded(wave(300_000))
    with pytest.raises(OSError, match="Input/output error"), opened(Failing(data, good)) as sound:
        list(sound.blocks())
    assert capfd.readouterr().err == ""
