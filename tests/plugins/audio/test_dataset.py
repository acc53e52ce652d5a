"""From files to batches: rate, length, labels, notes, the cache, and every kind of bad input."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import wave as wave_files
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from paragone.errors import DataError, UsageError
from paragone.opening import bundled
from paragone_audio import dataset as dataset_module
from paragone_audio.config import AudioData
from paragone_audio.sound import rate_of, spec_of

from .conftest import Opener, hit, waves_of

CPU = torch.device("cpu")


def kit(opener: Opener, count: int = 3, rate: int = 8000) -> Path:
    """Kicks and hats, ``count`` of each."""
    for number in range(count):
        opener.sound(f"kit/kick/{number}.wav", hit(rate=rate, frequency=100 + number), rate)
        opener.sound(f"kit/hat/{number}.flac", hit(rate=rate, frequency=2000 + number), rate)
    return opener.folder / "kit"


def test_sounds_are_labelled_and_described(opener: Opener) -> None:
    sounds = opener(kit(opener))
    assert sounds.labels == ("hat", "kick")
    assert sounds.numbers is not None
    assert sounds.numbers.tolist() == [0, 0, 0, 1, 1, 1]
    assert rate_of(sounds.spec) == 8000
    assert sounds.spec == spec_of(3072, 8000)  # 0.3 s, and on to a multiple of what networks need
    samples, labels = sounds.batch(torch.tensor([4, 0, 4]), CPU)
    sounds.spec.check(samples)
    assert samples.shape == (3, 1, 3072)
    assert torch.equal(samples[0], samples[2])
    assert labels is not None
    assert labels.tolist() == [1, 0, 1]
    assert opener.notes == ["6 sounds, each of 0.38 s: 6 padded."]


def test_hashes_are_of_what_is_learned(opener: Opener) -> None:
    sounds = opener(kit(opener))
    waves = np.rint(waves_of(sounds) * 32767).astype("<i2")
    by_hand = [int.from_bytes(hashlib.blake2b(wave.tobytes(), digest_size=8).digest(), "little", signed=True) for wave in waves]
    assert sounds.hashes.tolist() == by_hand
    assert len(set(by_hand)) == 6


def test_rate_and_length_follow_the_files_unless_they_are_set(opener: Opener) -> None:
    for number, rate in enumerate((44100, 22050, 44100)):
        opener.sound(f"set/{number}.wav", hit(1.0, rate, 440 + number, decay=0.2), rate)
    path = opener.folder / "set"
    found = opener(path).spec
    assert rate_of(found) == 44100
    assert 0.85 < found.shape[1] / 44100 < 1.0  # 40 dB of e^(-t / 0.2 s) are 0.92 s
    assert "1 resampled to 44,100 Hz" in opener.notes[0]
    assert opener(path, rate=16000, seconds=0.5).spec == spec_of(8192, 16000)
    opener.sound("high/a.wav", hit(1.0, 192_000), 192_000, "FLOAT")
    opener.sound("high/b.wav", hit(1.0, 192_000, 500), 192_000, "FLOAT")
    assert rate_of(opener(opener.folder / "high").spec) == 48000


def test_one_recording_becomes_several_sounds(opener: Opener) -> None:
    recording = np.random.default_rng(0).normal(0, 0.1, 8 * 8000)
    assert opener(opener.sound("a.wav", recording)).spec.shape == (1, 8192)
    assert opener.notes == ["8 sounds from 1 file, each of 1.02 s: 1 split into windows."]
    assert len(opener(opener.sound("b.wav", recording[:12_000]), loop=True)) == 3


def test_what_was_resampled_is_the_same_sound(opener: Opener) -> None:
    for number, (rate, channels, subtype) in enumerate(
        [(8000, 1, "PCM_U8"), (192_000, 7, "FLOAT"), (44100, 2, "PCM_24"), (11127, 1, "PCM_16")]
    ):
        one = hit(0.3, rate, decay=0.1)
        opener.sound(f"set/{number}.wav", np.stack([one] * channels, 1), rate, subtype)
    waves = waves_of(opener(opener.folder / "set", rate=16000))
    assert "2 mixed down to mono, 4 resampled to 16,000 Hz" in opener.notes[0]
    for other in waves[1:]:  # a cosine that begins at its peak overshoots in its own way at each rate
        np.testing.assert_allclose(other[500:3000], waves[0][500:3000], atol=0.08)


def test_a_second_start_reads_nothing_and_says_the_same(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kit(opener)
    first, notes = opener(path), opener.notes
    monkeypatch.setattr(dataset_module, "open_source", lambda *_: pytest.fail("nothing may be read"))
    second = opener(path)
    assert opener.notes == notes
    assert (second.fingerprint, second.spec) == (first.fingerprint, first.spec)
    np.testing.assert_array_equal(waves_of(second), waves_of(first))


def test_other_data_can_be_read_like_a_run_s_own(opener: Opener) -> None:
    own = opener(kit(opener), rate=4000, seconds=0.5)
    other = opener.sound("other.wav", np.random.default_rng(0).normal(0, 0.1, 80_000), 16000)
    like = opener(other, like=own.spec)
    assert like.spec == own.spec
    assert like.fingerprint == opener(other).fingerprint
    assert opener(other).spec != own.spec
    loop = opener(other, like=spec_of(2048, 4000, loop=True))
    assert loop.spec.traits["loop"] == "true"
    again = opener(opener.folder / "kit", like=own.spec, rate=4000, seconds=0.5)
    assert again.fingerprint == own.fingerprint
    np.testing.assert_array_equal(waves_of(again), waves_of(own))


def bad_files(opener: Opener) -> dict[str, bytes]:
    good = opener.sound("good.wav", hit()).read_bytes()
    rate = bytearray(good)
    rate[24:28] = bytes(4)
    numbers = opener.sound("nan.wav", np.array([0.1, np.nan, np.inf]), subtype="FLOAT").read_bytes()
    return {
        "empty": b"", "text": b"These are words, not a sound.", "header only": good[:44], "half a header": good[:20],
        "no rate": bytes(rate), "no numbers": numbers, "picture": b"\x89PNG\r\n\x1a\n" + bytes(99),
    }  # fmt: skip


def test_bad_files_are_skipped_and_named(opener: Opener) -> None:
    path = kit(opener, 40)
    for name, data in bad_files(opener).items():
        opener.written(f"kit/kick/{name}\n.wav", data)
    assert len(opener(path)) == 80
    assert opener.notes[1].startswith("7 files skipped: kick/empty\\n.wav is empty (0 bytes); kick/half a header\\n.wav is no sound")
    assert opener.notes[1].endswith("; …")


@pytest.mark.parametrize("name", ["empty", "text", "header only", "half a header", "no rate", "no numbers", "picture"])
def test_too_many_bad_files_are_an_error_that_names_them(opener: Opener, name: str) -> None:
    path = kit(opener)
    opener.written("kit/hat/bad.mp3", bad_files(opener)[name])
    with pytest.raises(DataError, match=r"1 of 7 files cannot be used: hat/bad.mp3 .*\n.*data.max_bad \(now 0.1\)") as caught:
        opener(path)
    assert caught.value.where == path
    assert len(opener(path, max_bad=0.5)) == 6
    with pytest.raises(DataError, match="1 of 1 file cannot be used"):
        opener(opener.folder / "kit/hat/bad.mp3", max_bad=1.0)


def test_of_a_truncated_file_the_beginning_is_learned_and_that_is_told(opener: Opener) -> None:
    path = kit(opener)
    noise = opener.sound("kit/hat/noise.flac", np.random.default_rng(0).normal(0, 0.1, 40_000))
    noise.write_bytes(noise.read_bytes()[:40_000])
    assert len(opener(path, longer="cut")) == 7
    assert "1 shorter than their header says" in opener.notes[0]


def test_a_wrong_suffix_does_not_matter(opener: Opener) -> None:
    path = kit(opener)
    (path / "kick/0.wav").rename(path / "kick/0.mp3")
    (path / "hat/0.flac").rename(path / "hat/0.wav")
    assert len(opener(path)) == 6


def test_silence_is_left_out_and_told(opener: Opener) -> None:
    path = kit(opener)
    opener.sound("kit/kick/silent.wav", np.zeros(4000))
    opener.sound("kit/kick/offset.wav", np.full(4000, 0.3))
    opener.sound("kit/kick/dither.wav", np.random.default_rng(0).normal(0, 1e-5, 4000), subtype="PCM_24")
    assert len(opener(path)) == 6
    assert "3 silent skipped" in opener.notes[0]
    with pytest.raises(DataError, match="no sound that can be heard"):
        opener(path / "kick/silent.wav")


def test_a_label_with_one_file_and_one_that_is_left_alone(opener: Opener) -> None:
    path = kit(opener)
    opener.sound("kit/tom/a.wav", hit(frequency=300))
    assert opener(path).labels == ("hat", "kick", "tom")
    assert opener.notes[-1] == "1 label has only one sound: tom"
    opener.sound("kit/gong/a.wav", np.zeros(999))
    assert opener(path).labels == ("hat", "kick", "tom")
    assert opener.notes[-1] == "1 label has no sound that can be used: gong"
    for number in range(2):
        opener.sound(f"pair/tom/{number}.wav", hit(frequency=300 + number))
    opener.sound("pair/mute/a.wav", np.zeros(999))
    assert opener(opener.folder / "pair").labels == ()
    assert opener.notes[-1] == "Only one label (tom) has usable sounds, so labels are left out."


def test_duplicates_are_told_and_nothing_else_is_an_error(opener: Opener) -> None:
    path = kit(opener)
    (path / "kick/copy.wav").write_bytes((path / "kick/0.wav").read_bytes())
    assert len(opener(path)) == 7
    assert opener.notes[-1] == "1 sound is equal to another; they are kept."
    for number in range(4):
        opener.sound(f"same/{number}.wav", hit())
    with pytest.raises(DataError, match=r"holds only one sound, 4 times\nTwo different ones"):
        opener(opener.folder / "same")
    with pytest.raises(DataError, match="only 1 sound can be used"):
        opener(path / "kick/0.wav")


def test_tiny_sounds_are_sounds(opener: Opener) -> None:
    for number in range(3):
        opener.sound(f"set/{number}.wav", np.array([0.1, -0.5, 0.2 + number / 10]))
    for loop in (False, True):
        waves = waves_of(opener(opener.folder / "set", loop=loop))
        assert waves.shape[1] >= 1024
        assert np.abs(waves).max() > 0.5


def test_a_zip_reads_as_the_folder_does(opener: Opener) -> None:
    path = kit(opener)
    with zipfile.ZipFile(opener.folder / "kit.zip", "w") as archive:
        for file in sorted(path.rglob("*.*")):
            archive.write(file, file.relative_to(path))
    zipped, plain = opener(opener.folder / "kit.zip"), opener(path)
    np.testing.assert_array_equal(waves_of(zipped), waves_of(plain))
    assert zipped.fingerprint == plain.fingerprint


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process has had at most")
@pytest.mark.parametrize("loop", [False, True])
def test_hours_are_read_in_bounded_memory(opener: Opener, loop: bool) -> None:
    """An hour of 8-bit sound at 8 kHz, 29 MB, as floats at 16 kHz 230 MB; what is kept of it is 2 bytes a sample, on disk."""
    rng = np.random.default_rng(0)
    with wave_files.open(str(opener.folder / "long.wav"), "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        for _ in range(60):
            file.writeframes(rng.integers(100, 156, 480_000, np.uint8).tobytes())
    code = (
        "import re, sys, pathlib, torch, torchaudio; from paragone_audio.config import AudioData; "
        "from paragone_audio.prepare import prepare; from paragone_audio.sources import open_source; folder = pathlib.Path(sys.argv[1])\n"
        f"config = AudioData(seconds=2.0, rate=16000, loop={loop}); torch.set_num_threads(1)\n"
        "from paragone_audio.spectra import resample; resample(torch.zeros(99), 2, 1)\n"
        "peak = lambda: int(re.search('VmHWM:\\\\s*(\\\\d+)', pathlib.Path('/proc/self/status').read_text())[1])\n"
        "before = peak()\n"
        "with open_source(folder / 'long.wav') as source: facts = prepare(source, folder, config, None)\n"
        "print((peak() - before) >> 10, *facts['notes'])"
    )
    done = subprocess.run([sys.executable, "-c", code, opener.folder], capture_output=True, text=True, check=True)
    megabytes, note = done.stdout.split(maxsplit=1)
    assert int(megabytes) < 70
    assert 1700 < int(note.split()[0].replace(",", "")) < 1900
    assert "1 split into windows" in note


def test_the_starter_is_what_its_licence_says(opener: Opener) -> None:
    sounds = opener(bundled("paragone_audio:starter/drums.zip"))
    assert sounds.labels == ("cymbal", "hat", "kick", "percussion", "snare", "tom")
    assert sounds.numbers is not None
    assert torch.bincount(sounds.numbers).tolist() == [42, 25, 80, 99, 55, 50]
    assert rate_of(sounds.spec) == 16000
    assert len(opener.notes) == 1
    size = np.abs(waves_of(sounds))
    assert set(np.argmax(size >= size.max(1, keepdims=True) / 100, 1)) == {64}  # 4 ms: where they have come within 40 dB of their peak
    licence = bundled("paragone_audio:starter/LICENSE.md").read_text("utf-8")
    assert "Copyright (c) 2000-2002, 2008 Frank Wen" in licence
    assert "Permission is hereby granted, free of charge" in licence
    assert "publicdomain/zero/1.0" in licence


def test_a_rate_that_leaves_no_sound_is_refused() -> None:
    for rate in (1, 999):
        with pytest.raises(UsageError, match=r"data\.rate: .* no sample rate of sounds\nGive 1,000 to 192,000, or 0"):
            AudioData(rate=rate)
    assert [AudioData(rate=rate).rate for rate in (0, 1000, 192_000)] == [0, 1000, 192_000]


def test_values_beyond_all_measure_do_not_reach_the_numbers(opener: Opener) -> None:
    for name, scale in (("ok", 1.0), ("loud", 2.0**31), ("mad", 3.4e38)):
        opener.sound(f"in/{name}.wav", np.sign(hit()) * scale if name == "mad" else hit(frequency=300 + len(name)) * scale, subtype="FLOAT")
    with np.errstate(all="raise"):
        sounds = opener(opener.folder / "in", max_bad=0.5)
    assert len(sounds) == 2
    assert "mad.wav holds values that are infinite, not a number or beyond all measure" in opener.notes[-1]


def test_what_lies_beside_the_sounds_is_said_for_each_place(opener: Opener) -> None:
    for name, other in (("a", "more.md"), ("b", "less.md")):
        for number in range(2):
            opener.sound(f"{name}/set/{number}.wav", hit(frequency=400 + number))
        opener.written(f"{name}/{other}", b"")
        for _ in range(2):
            opener(opener.folder / name)
            ignored, alone, _done = opener.notes
            assert ignored == f"1 file of another kind ignored: {other}"
            assert alone == "Sounds lie in only one folder (set), so they get no labels."
