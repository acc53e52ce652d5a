"""Sounds as files: exact to 24 bits, self-describing, and robust to strangers."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import scipy.io.wavfile
import soundfile
import torch
from PIL import Image

from paragone.errors import DataError, UsageError
from paragone.spec import Axis, SampleSpec
from paragone_audio.artefacts import Sounds
from paragone_audio.config import AudioSample
from paragone_audio.files import read_sound
from paragone_audio.sound import spec_of

FACTS = {"seed": 7, "label": "Zürich ☂", "config": {"a": [1, 2.5, None], "long": "x" * 5000}}
LENGTH, RATE = 4096, 16_000

Format = Literal["wav", "flac", "ogg"]
FORMATS: tuple[Format, ...] = ("wav", "flac", "ogg")


def writer(format: Format = "wav", loop: bool = False) -> Sounds:
    return Sounds(spec_of(LENGTH, RATE, loop), AudioSample(format))


def pluck(seed: int = 0) -> torch.Tensor:
    """A decaying tone in a little noise."""
    time = torch.arange(LENGTH) / RATE
    noise = 0.01 * torch.randn(LENGTH, generator=torch.Generator().manual_seed(seed))
    return ((0.7 * torch.sin(2 * torch.pi * (300 + 50 * seed) * time) + noise) * torch.exp(-8 * time))[None]


def file_of(shape: tuple[int, ...], rate: int = RATE, format: str = "WAV") -> bytes:
    target = io.BytesIO()
    soundfile.write(target, np.zeros(shape), rate, format=format)
    return target.getvalue()


@pytest.mark.parametrize("format", ["wav", "flac"])
@pytest.mark.parametrize("loop", [False, True])
def test_lossless_files_are_within_half_a_step_of_24_bits_and_then_exact(format: Format, loop: bool) -> None:
    sounds = writer(format, loop)
    for seed in range(5):
        data = sounds.encode(pluck(seed), FACTS)
        back, facts = sounds.decode(data)
        assert (back.double() - pluck(seed).double()).abs().max() <= 0.5 / 2**23
        assert facts == FACTS
        assert torch.equal(sounds.decode(sounds.encode(back, {}))[0], back)
        assert soundfile.info(io.BytesIO(data)).subtype == "PCM_24"


def test_vorbis_is_near_and_as_long() -> None:
    data = writer("ogg").encode(pluck(), FACTS)
    back, facts = writer("ogg").decode(data)
    assert back.shape == (1, LENGTH)
    noise, signal = (back - pluck()).square().mean(), pluck().square().mean()
    assert noise < signal / 10**2.5  # 25 dB
    assert facts == FACTS
    assert len(data) < len(writer("wav").encode(pluck(), FACTS))


def test_scipy_reads_the_wav(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(writer().encode(pluck(), FACTS))
    rate, samples = scipy.io.wavfile.read(tmp_path / "a.wav")
    assert rate == RATE
    np.testing.assert_allclose(samples / 2**31, pluck()[0], atol=2**-23)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_sample_gives_the_same_bytes(format: Format) -> None:
    first = writer(format).encode(pluck(), {"a": 1, "b": 2})
    assert first == writer(format).encode(pluck(), {"b": 2, "a": 1})
    assert first != writer(format).encode(pluck(1), {"a": 1, "b": 2})


@pytest.mark.parametrize("format", FORMATS)
def test_every_program_can_read_the_provenance(format: Format) -> None:
    with soundfile.SoundFile(io.BytesIO(writer(format).encode(pluck(), {"label": "Zürich"}))) as file:
        assert json.loads(file.comment) == {"label": "Zürich"}
        assert re.match(r"paragone \d", file.software)


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_full_scale_is_kept_and_what_is_beyond_is_clamped(format: Format) -> None:
    loud = torch.linspace(-3, 3, LENGTH)[None]
    back, _ = writer(format).decode(writer(format).encode(loud, {}))
    torch.testing.assert_close(back, loud.clamp(-1, 1 - 2**-23), rtol=0, atol=2**-24)


def test_a_long_vorbis_file_is_written(tmp_path: Path) -> None:
    length = 2_000_128  # libsndfile's encoder crashes where it is given as much at once
    sounds = Sounds(spec_of(length, 48_000), AudioSample("ogg"))
    assert sounds.decode(sounds.encode(torch.zeros(1, length), {}))[0].shape == (1, length)


def test_foreign_sounds_of_the_right_shape_are_read() -> None:
    for format in ("WAV", "AIFF", "FLAC"):
        assert writer().decode(file_of((LENGTH,), format=format))[1] == {}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"text", b"RIFF", bytes(600), file_of((LENGTH,))[:40], file_of((LENGTH,))[:5000], file_of((LENGTH, 2)),
        file_of((LENGTH - 1,)), file_of((LENGTH,), 16_001), file_of((0,)),
        *(writer(format).encode(pluck(), FACTS)[:share] for format in FORMATS for share in (60, 3000, 8000)),
    ],
)  # fmt: skip
def test_strangers_are_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        writer().decode(data)


@pytest.mark.parametrize("text", ["{", "[1]", "a comment of another program"])
def test_damaged_provenance_is_refused(text: str) -> None:
    target = io.BytesIO()
    with soundfile.SoundFile(target, "w", RATE, 1, "PCM_24", format="FLAC") as file:
        file.comment = text
        file.write(np.zeros(LENGTH))
    with pytest.raises(DataError, match="provenance"):
        writer().decode(target.getvalue())


@pytest.mark.parametrize(
    "sample", [torch.zeros(2, LENGTH), torch.zeros(1, LENGTH - 1), torch.full((1, LENGTH), torch.nan), torch.full((1, LENGTH), torch.inf)]
)
def test_wrong_samples_are_refused(sample: torch.Tensor) -> None:
    for draw in (
        lambda: writer().encode(sample, {}),
        lambda: writer().sheet(sample[None], 1, (), {}),
        lambda: writer().preview(sample),
        lambda: writer().medley(sample[None], {}),
    ):
        with pytest.raises(ValueError, match=r"shape|number"):
            draw()


def test_a_spec_of_another_medium_is_refused() -> None:
    with pytest.raises(ValueError, match="sound"):
        Sounds(SampleSpec((Axis("channels", 3, "channels"), Axis("height", 9, "pixels"), Axis("width", 9, "pixels"))))


def test_the_sheet_is_a_png_with_provenance() -> None:
    with Image.open(io.BytesIO(writer().sheet(torch.stack([pluck(seed) for seed in range(5)]), 3, ["a", "b"], FACTS))) as image:
        assert image.mode == "RGB"
        assert json.loads(image.info["paragone"]) == FACTS
    with pytest.raises(ValueError, match="column"):
        writer().sheet(pluck()[None], 0, (), {})


def test_a_preview_is_a_picture_and_something_to_play() -> None:
    shown = dict(writer().preview(pluck()))
    assert set(shown) == {".png", ".ogg"}
    with Image.open(io.BytesIO(shown[".png"])) as image:
        image.load()
        assert len(image.convert("RGB").getcolors(2**16) or ()) > 20
    played, rate = soundfile.read(io.BytesIO(shown[".ogg"]))
    assert (len(played), rate) == (LENGTH, RATE)
    assert np.corrcoef(played, pluck()[0].numpy())[0, 1] > 0.95


@pytest.mark.parametrize(("rate", "extension"), [(RATE, ".flac"), (65_536, ".wav")])
def test_a_medley_is_the_sounds_one_after_another(rate: int, extension: str) -> None:
    sounds = torch.stack([pluck(seed) for seed in range(3)])
    files = Sounds(spec_of(LENGTH, rate), AudioSample("ogg"))
    assert files.medley_extension == extension
    data = files.medley(sounds, FACTS)
    heard, found = soundfile.read(io.BytesIO(data))
    assert (found, soundfile.info(io.BytesIO(data)).format) == (rate, extension[1:].upper())
    pause = round(0.1 * rate)
    apart = heard.reshape(3, LENGTH + pause)
    assert np.abs(apart[:, :LENGTH] - sounds[:, 0].numpy()).max() <= 0.51 / 2**15  # of 16 bits
    assert not apart[:, LENGTH:].any()
    assert extension == ".wav" or len(data) < 2.2 * heard.size, "a third less than 24 bits"
    assert read_sound(data)[2] == FACTS


def test_a_medley_is_half_a_minute_and_goes_from_the_first_to_the_last() -> None:
    length = 4 * RATE
    levels = torch.arange(1, 25) / 32
    data = Sounds(spec_of(length, RATE), None).medley(levels[:, None, None].expand(-1, 1, length), {})
    heard, _ = soundfile.read(io.BytesIO(data))
    assert len(heard) / RATE == pytest.approx(7 * 4.1)
    np.testing.assert_allclose(heard.reshape(7, -1)[:, 0] * 32, [1, 5, 9, 13, 16, 20, 24], atol=0.001)
    alone = Sounds(spec_of(60 * 1000, 1000), None).medley(torch.ones(2, 1, 60 * 1000), {})
    assert soundfile.info(io.BytesIO(alone)).frames == 60_100
    assert soundfile.read(io.BytesIO(alone))[0].max() == 1 - 2**-15


def test_a_loop_does_not_click_where_a_medley_breaks_off() -> None:
    wave = torch.full((1, 1, LENGTH), 0.9)
    kept = wave.clone()
    heard, _ = soundfile.read(io.BytesIO(writer(loop=True).medley(wave, {})))
    assert np.abs(np.diff(heard, prepend=0)).max() < 0.9 / 30
    assert np.abs(heard[32 : LENGTH - 32] - 0.9).max() <= 0.51 / 2**15
    assert torch.equal(wave, kept)


@pytest.mark.parametrize("rate", [1000, 11_025, 44_101, 65_535, 65_536, 65_540, 96_000, 176_401, 192_000])
def test_each_kind_of_file_holds_the_rate_or_says_before_that_it_cannot(rate: int) -> None:
    for format in FORMATS:
        if format == "flac" and rate in (65_536, 176_401):
            with pytest.raises(UsageError, match=f"--format: flac holds no {rate} Hz\nWrite wav"):
                Sounds(spec_of(LENGTH, rate), AudioSample(format))
        else:
            assert soundfile.info(io.BytesIO(Sounds(spec_of(LENGTH, rate), AudioSample(format)).encode(pluck(), {}))).samplerate == rate
