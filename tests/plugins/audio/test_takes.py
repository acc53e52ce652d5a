"""One-shots are aligned, levelled, faded and padded; long ones are split; loops have no seam."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from scipy.signal import resample as fourier

from paragone.errors import DataError
from paragone_audio import shaping
from paragone_audio.shaping import PEAK, cropped, faded, periodic, seamless
from paragone_audio.sound import ONSET_SECONDS

from .conftest import Opener, hit, waves_of

RATE = 8000
LEAD = round(ONSET_SECONDS * RATE)


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, round(seconds * RATE))


@pytest.mark.parametrize("before", [0.0, 0.001, 0.0123, 0.5])
def test_the_onset_comes_to_its_place(opener: Opener, before: float) -> None:
    for number in range(2):
        opener.sound(f"set/{number}.wav", hit(0.4, frequency=400 + number, before=before), subtype="FLOAT")
    waves = waves_of(opener(opener.folder / "set", seconds=0.3))
    for number, wave in enumerate(waves):
        expected = hit(0.4, frequency=400 + number)[: len(wave) - LEAD]
        assert np.abs(wave[:LEAD]).max() < 1e-3
        np.testing.assert_allclose(wave[LEAD:][: RATE // 5], (expected / 0.5 * PEAK)[: RATE // 5], atol=2e-3)


def test_the_level_is_brought_or_kept(opener: Opener) -> None:
    for number, gain in enumerate((0.02, 1.9)):
        opener.sound(f"set/{number}.wav", gain * hit(frequency=400 + number), subtype="FLOAT")
    assert np.abs(waves_of(opener(opener.folder / "set"))).max(1) == pytest.approx([PEAK, PEAK], abs=1e-4)
    opener.sound("set/2.wav", 4 * hit(frequency=500), subtype="FLOAT")
    assert np.abs(waves_of(opener(opener.folder / "set", level="keep"))).max(1) == pytest.approx([0.01, 0.95, 1], abs=1e-3)
    assert "1 brought below full scale" in opener.notes[0]


def test_an_offset_is_taken_away(opener: Opener) -> None:
    for number in range(2):
        opener.sound(f"set/{number}.wav", 0.4 + hit(0.5, frequency=400 + number), subtype="FLOAT")
    waves = waves_of(opener(opener.folder / "set", seconds=0.4))
    assert np.abs(waves[:, -1500:]).max() < 0.01
    assert "2 freed of a DC offset" in opener.notes[0]


def test_a_long_one_is_cut_with_a_fade_and_a_short_one_padded(opener: Opener) -> None:
    opener.sound("set/long.wav", noise(0.7))
    opener.sound("set/short.wav", noise(0.1))
    long, short = waves_of(opener(opener.folder / "set", seconds=0.5, longer="cut"))
    assert long.shape == (4096,)
    assert opener.notes == ["2 sounds, each of 0.51 s: 1 cut, 1 padded."]
    assert np.abs(long[-10:]).max() < 0.15 * np.abs(long[2000:2500]).max()
    assert (short[LEAD + 800 :] == 0).all()
    assert np.abs(short[LEAD + 700 : LEAD + 760]).max() > 0.2
    assert np.abs(short[LEAD + 798 : LEAD + 800]).max() < 0.1


def test_the_fade_is_that_of_its_formula() -> None:
    made = faded(np.ones(1000, np.float32), 1000, RATE, cut=True)
    assert made[500] == 1
    assert made[700 + 150] == pytest.approx(np.log10(10 - 4.5), abs=3e-3)
    assert made[-1] == 0
    assert faded(np.ones(1000, np.float32), 1000, RATE, cut=False)[959] == 1


def test_a_recording_of_many_is_split_where_they_begin(opener: Opener) -> None:
    starts = [0.31, 1.0, 1.483, 3.2]
    recording = noise(4, 1e-4)
    for number, start in enumerate(starts):
        place, one = round(start * RATE), hit(0.3, frequency=400 + 50 * number)
        recording[place : place + len(one)] += one * (1 - 0.2 * number)
    waves = waves_of(opener(opener.sound("one.wav", recording), seconds=0.25))
    assert len(waves) == 4
    assert opener.notes == ["4 sounds from 1 file, each of 0.26 s: 1 split into windows."]
    for number, wave in enumerate(waves):
        assert int(np.argmax(np.abs(wave) > 0.3)) == pytest.approx(LEAD, abs=2)
        spectrum = np.abs(np.fft.rfft(wave, RATE))
        assert int(np.argmax(spectrum)) == pytest.approx(400 + 50 * number, abs=3)


def test_a_new_onset_is_found_while_the_last_one_sounds(opener: Opener) -> None:
    recording = np.zeros(2 * RATE)
    for place, frequency in ((800, 300), (5200, 900)):
        recording[place:] += hit((2 * RATE - place) / RATE, frequency=frequency, decay=0.25)
    waves = waves_of(opener(opener.sound("one.wav", recording), seconds=0.5, longer="windows"))
    assert int(np.argmax(np.abs(waves[1]) > 0.5)) == pytest.approx(LEAD, abs=8)


def test_what_has_no_onsets_is_split_regularly(opener: Opener) -> None:
    waves = waves_of(opener(opener.sound("one.flac", noise(4.0)), seconds=0.5))
    assert len(waves) == 8
    assert np.abs(waves).max(1) == pytest.approx(np.full(8, PEAK), abs=1e-4)


def test_silence_between_makes_no_window(opener: Opener) -> None:
    recording = np.concatenate([noise(1), np.zeros(5 * RATE), noise(1, seed=1)])
    assert len(opener(opener.sound("one.wav", recording), seconds=0.5)) == 4


def test_cropping_pads_with_nothing() -> None:
    wave = np.arange(1, 6, dtype=np.float32)
    assert cropped(wave, -2, 4).tolist() == [0, 0, 1, 2]
    assert cropped(wave, 3, 4).tolist() == [4, 5, 0, 0]
    assert cropped(wave, 9, 2).tolist() == cropped(wave, -9, 2).tolist() == [0, 0]


def test_periodic_resampling_is_scipys() -> None:
    wave = np.random.default_rng(0).normal(size=999).astype(np.float32)
    for length in (701, 999, 1501):  # of an even length scipy keeps the Nyquist frequency, whose phase is lost
        np.testing.assert_allclose(periodic(wave, length), fourier(wave, length), atol=1e-5)
    tone = np.sin(2 * np.pi * 5 * np.arange(1000) / 1000).astype(np.float32)
    np.testing.assert_allclose(periodic(tone, 1024), np.sin(2 * np.pi * 5 * np.arange(1024) / 1024), atol=1e-5)


def test_a_crossfade_continues_where_the_end_was_and_keeps_the_power() -> None:
    wave = np.random.default_rng(0).normal(size=40_000).astype(np.float32)
    made = seamless(wave, 30_000)
    assert made[0] == pytest.approx(wave[30_000], abs=1e-3)
    np.testing.assert_array_equal(made[10_000:], wave[10_000:30_000])
    assert np.mean(made[:10_000] ** 2) == pytest.approx(1, abs=0.05)


def seam(wave: np.ndarray) -> float:
    """The step from the end to the beginning, in units of the usual step."""
    steps = np.abs(np.diff(wave))
    return float(abs(wave[0] - wave[-1]) / np.quantile(steps, 0.99))


def test_loops_have_no_seam_whatever_they_come_from(opener: Opener) -> None:
    loops = {"right": 0.512, "nearly": 0.52, "half": 0.256}
    for name, seconds in (loops | {"odd": 0.2, "longer": 0.8, "twice": 1.4}).items():
        frequency = round(seconds * 100) / seconds if name in loops else 101.3  # whole periods, or not
        opener.sound(f"set/{name}.wav", np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE))
    sounds = opener(opener.folder / "set", seconds=0.5, loop=True)
    waves = waves_of(sounds)
    assert sounds.spec.traits["loop"] == "true"
    assert waves.shape == (7, 4096)
    assert opener.notes[0].startswith("7 sounds from 6 files, each of 0.51 s: ")
    for fact in ("1 cut", "1 split into windows", "1 cut at the end", "2 repeated", "1 stretched to fit", "1 given a crossfade"):
        assert fact in opener.notes[0]
    for wave in waves:
        assert seam(wave) < 1.2


def test_a_loop_of_the_right_length_is_left_as_it_is(opener: Opener) -> None:
    wave = noise(4096 / RATE)
    opener.sound("set/a.wav", wave, subtype="FLOAT")
    opener.sound("set/b.wav", noise(4096 / RATE, seed=1), subtype="FLOAT")
    made = waves_of(opener(opener.folder / "set", loop=True))
    assert np.corrcoef(made[0], wave)[0, 1] == pytest.approx(1, abs=1e-6)
    assert abs(made[0].mean()) <= abs(wave.mean() / np.abs(wave).max() * PEAK)
    assert shaping.crossfade_of(4096, RATE) == 400


def test_a_window_begins_at_its_own_onset_and_not_at_a_louder_one_inside(opener: Opener) -> None:
    hum = 0.02 * np.sin(2 * np.pi * 100 * np.arange(2 * RATE) / RATE)  # above -40 dB: what is before matters
    recording, places = hum.copy(), (4000, 5500)
    for place, gain in zip(places, (0.2, 1.8), strict=True):
        recording[place : place + 1600] += gain * hit(0.2, frequency=600)
    opener.sound("one.wav", recording, subtype="FLOAT")
    waves = waves_of(opener(opener.folder / "one.wav", seconds=0.25, longer="windows"))
    quiet, expected = waves[1], recording[places[0] - LEAD :]
    assert np.corrcoef(quiet[LEAD:1400], expected[LEAD:1400])[0, 1] > 0.98


def test_a_sound_that_is_over_with_its_fade_is_silent(opener: Opener) -> None:
    for number in range(2):
        opener.sound(f"set/{number}.wav", hit(frequency=400 + number))
    opener.sound("set/click.wav", np.array([0.1, 0.9]), RATE)
    opener.sound("set/short.wav", np.array([0.1, 0.9, -0.9]), 5 * RATE)
    sounds = opener(opener.folder / "set", rate=RATE)
    assert np.abs(waves_of(sounds)).max(1) == pytest.approx([PEAK] * len(sounds), abs=1e-4)
    assert len(sounds) == 3
    assert "1 silent skipped" in opener.notes[0]


def test_any_few_numbers_at_any_rates_become_sounds_or_an_error(opener: Opener) -> None:
    rng = np.random.default_rng(0)
    opened = 0
    for case in range(12):
        for number in range(2):
            count = int(rng.choice([1, 3, 100, rng.integers(1, 20_000)]))
            walk = np.cumsum(rng.standard_normal(count)) / 50
            opener.sound(f"{case}/{number}.wav", walk, int(rng.choice([1000, 8000, 192_000, rng.integers(1000, 200_000)])), subtype="FLOAT")
        settings = {"rate": int(rng.choice([0, 1000, 16_000, 192_000])), "seconds": float(rng.choice([0, 0.01, 0.1, 1]))}
        with contextlib.suppress(DataError):
            waves = waves_of(opener(opener.folder / str(case), longer="windows", loop=case % 2 == 0, **settings))
            assert np.abs(waves).max(1) == pytest.approx([PEAK] * len(waves), abs=1e-4)
            opened += 1
    assert 6 <= opened <= 12


def test_a_hit_that_is_not_symmetric_has_no_offset(opener: Opener) -> None:
    for number in range(2):
        wave = np.concatenate([np.zeros(400), np.abs(hit(0.2, frequency=400 + 50 * number)), np.zeros(2800)])
        opener.sound(f"set/{number}.wav", wave, subtype="FLOAT")
    waves = waves_of(opener(opener.folder / "set", seconds=0.4))
    assert "offset" not in opener.notes[0]
    assert (waves[:, :LEAD] == 0).all()
    assert (waves[:, LEAD] > 0.5 * PEAK).all()
    assert (waves[:, -800:] == 0).all()


def test_silence_before_a_sound_with_an_offset_is_not_its_beginning(opener: Opener) -> None:
    for number in range(2):
        noisy = 0.1 + noise(0.4, 0.01, seed=number)
        opener.sound(f"set/{number}.wav", np.concatenate([np.zeros(400), noisy + hit(0.4, decay=0.1)]), subtype="FLOAT")
    waves = waves_of(opener(opener.folder / "set", seconds=0.3))
    assert int(np.argmax(np.abs(waves[0]) > 0.5)) == pytest.approx(LEAD, abs=8)


def test_what_is_heard_before_a_hit_at_the_file_s_rate_only_does_not_shorten_it(opener: Opener) -> None:
    high = 2 * RATE  # a whine above half of what is learned
    for number in range(2):
        whine = 0.5 * 10 ** (-36 / 20) * np.sin(2 * np.pi * 7000 * np.arange(round(0.4 * high)) / high)
        wave = np.concatenate([whine, hit(0.5, rate=high, frequency=200 + 10 * number, decay=0.12)])
        opener.sound(f"set/{number}.wav", wave, rate=high, subtype="FLOAT")
    waves = waves_of(opener(opener.folder / "set", seconds=0.5, rate=RATE))
    for number, wave in enumerate(waves):
        expected = hit(0.5, frequency=200 + 10 * number, decay=0.12) / 0.5 * PEAK
        for start in range(0, 2400, 400):  # 50 ms each
            heard, there = (float(np.abs(each[start : start + 400]).max()) for each in (wave[LEAD:], expected))
            assert heard == pytest.approx(there, rel=0.1)


@pytest.mark.parametrize("seconds", [0.3, 2.0])
def test_an_offset_leaves_no_thump_where_a_loop_fades_into_itself(opener: Opener, seconds: float) -> None:
    for number in range(2):
        opener.sound(f"set/{number}.wav", 0.2 + noise(seconds, 0.02, seed=number), subtype="FLOAT")
    waves = waves_of(opener(opener.folder / "set", loop=True, seconds=1.0, level="keep"))
    assert np.abs(waves[:, :400].mean(1)).max() < 0.01


def test_one_hit_that_dies_away_is_one_sound_and_rain_is_several(opener: Opener) -> None:
    time = np.arange(2 * RATE) / RATE
    for number in range(2):
        opener.sound(f"dies/{number}.wav", noise(2, 0.2, seed=number) * np.exp(-time / 0.4), subtype="FLOAT")
        opener.sound(f"rain/{number}.wav", noise(2, seed=number) * np.minimum(1, (2 - time) / 0.3), subtype="FLOAT")
    assert len(opener(opener.folder / "dies", seconds=0.3)) == 2
    assert "2 cut" in opener.notes[0]
    assert len(opener(opener.folder / "dies", seconds=0.3, longer="windows")) > 8
    assert len(opener(opener.folder / "rain", seconds=0.3)) >= 12


def test_calls_that_are_far_below_the_loudest_are_told(opener: Opener) -> None:
    recording = noise(4, 1e-5)
    for place, gain in ((3000, 1.8), (9000, 1.0), (15_000, 0.005), (21_000, 0.005)):
        recording[place : place + 1600] += gain * hit(0.2)
    assert len(opener(opener.sound("birds.wav", recording, subtype="FLOAT"), seconds=0.3)) == 2
    assert "1 with parts left out" in opener.notes[0]


def test_what_sounds_on_between_louder_beginnings_is_told_and_a_tail_is_not(opener: Opener) -> None:
    steady, dying = noise(10, 0.02), np.zeros(10 * RATE)
    for place in range(RATE, 8 * RATE, round(1.9 * RATE)):
        steady[place : place + 800] += noise(0.1, 0.4, seed=place)
        dying[place : place + round(1.8 * RATE)] = noise(1.8, 0.4, seed=place) * np.exp(-np.arange(round(1.8 * RATE)) / RATE / 0.5)
    for name, wave, told in (("steady", steady, True), ("dying", dying, False)):
        opener(opener.sound(f"{name}.wav", wave, subtype="FLOAT"), seconds=1.0)
        assert ("with parts left out" in opener.notes[0]) == told, name


def test_loops_of_what_is_far_below_the_loudest_are_left_out_and_told(opener: Opener) -> None:
    for quiet in (0.0008, 0.0):
        recording = np.concatenate([noise(2, 0.2), noise(4, quiet), noise(2, 0.2, seed=1)])
        sounds = opener(opener.sound("one.wav", recording, subtype="FLOAT"), seconds=0.5, loop=True)
        assert len(sounds) == 8
        assert opener.notes[0].endswith("1 split into windows, 1 cut at the end, 1 with parts left out.")


def test_what_is_repeated_without_being_a_loop_is_faded_at_each_joint(opener: Opener) -> None:
    for number, frequency in enumerate((101.3, 143.7)):
        opener.sound(f"set/{number}.wav", np.sin(2 * np.pi * frequency * np.arange(round(0.2 * RATE)) / RATE))
    for wave in waves_of(opener(opener.folder / "set", seconds=0.5, loop=True)):
        steps = np.abs(np.diff(np.append(wave, wave[0])))
        assert steps.max() < 2 * np.quantile(steps, 0.95)  # a step to anywhere would be ten times as large


def test_a_little_too_long_for_the_loop_is_cut_and_not_repeated(opener: Opener) -> None:
    for number in range(2):  # 2,048 samples are made of 0.28 s, 2,240; neither is within 3 %
        opener.sound(f"set/{number}.wav", noise(2140 / RATE, seed=number))
    waves = waves_of(opener(opener.folder / "set", seconds=0.28, loop=True))
    assert waves.shape == (2, 2048)
    assert "2 cut" in opener.notes[0]
    assert "repeated" not in opener.notes[0]


def test_what_cancels_itself_is_heard_by_one_channel(opener: Opener) -> None:
    for number in range(2):
        left = hit(frequency=400 + number)
        opener.sound(f"set/{number}.wav", np.stack([left, -left], 1), subtype="FLOAT")
    assert np.abs(waves_of(opener(opener.folder / "set"))).max(1) == pytest.approx([PEAK, PEAK], abs=1e-4)
    assert "2 heard by one channel" in opener.notes[0]


@pytest.mark.parametrize(("samples", "length"), [(8800, 17_408), (4096, 4096), (4800, 14_336), (3752, 11_264), (40_000, 31_744)])
def test_loops_keep_their_tempo(opener: Opener, samples: int, length: int) -> None:
    """As often as it takes to be near a multiple of 1,024; what is longer than 4 s becomes pieces of 4 s."""
    for number in range(3):
        opener.sound(f"set/{number}.wav", noise(samples / RATE, seed=number))
    sounds = opener(opener.folder / "set", loop=True)
    assert sounds.spec.shape[1] == length
    assert samples > length or "crossfade" not in opener.notes[0]


def test_loops_of_lengths_that_all_differ_get_one_in_the_middle(opener: Opener) -> None:
    for number, seconds in enumerate((0.4, 3.05, 3.1, 3.15, 3.2, 3.3)):
        opener.sound(f"set/{number}.wav", noise(seconds, seed=number))
    assert opener(opener.folder / "set", loop=True).spec.shape[1] == 25 * 1024
    assert len(opener(opener.folder / "set", loop=True, longer="cut", seconds=0.4)) == 6


def test_a_loop_that_clicks_is_told(opener: Opener) -> None:
    time = np.arange(4096) / RATE
    for number, frequency in enumerate((102 / 0.512, 102.25 / 0.512)):
        opener.sound(f"set/{number}.wav", np.sin(2 * np.pi * frequency * time))
    opener(opener.folder / "set", loop=True)
    assert "1 with a click where they repeat" in opener.notes[0]


def test_one_recording_that_outweighs_all_others_is_told(opener: Opener) -> None:
    for number in range(5):
        opener.sound(f"set/{number}.wav", hit(0.2, frequency=400 + number))
    opener.sound("set/long.wav", noise(6))
    opener(opener.folder / "set", seconds=0.25)
    assert any(note.startswith("24 of 29 sounds are of one file, long.wav") for note in opener.notes), opener.notes
    opener(opener.folder / "set", seconds=0.25, longer="cut")
    assert not any("of one file" in note for note in opener.notes)
