"""Pictures of sounds: a column of the waveform holds its extremes, a tone lies at its height, the scales are fixed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from paragone_audio.drawing import FLOOR_DB, GROUND, WAVE, WAVE_SHARE, colours, draw_sound, draw_spectrogram, draw_wave
from paragone_audio.sheet import GAP, PAPER, TILE, draw_sheet, draw_tile, write_png

RATE, LENGTH = 16_000, 16_384


def tone(hertz: float, peak: float = 1.0) -> np.ndarray:
    return (peak * np.sin(2 * np.pi * hertz * np.arange(LENGTH) / RATE)).astype(np.float32)


def brightness(picture: np.ndarray) -> np.ndarray:
    """Perceived lightness, roughly: the channels weighted as in ITU-R BT.601."""
    return picture @ np.array([0.299, 0.587, 0.114])


def filled(picture: np.ndarray) -> np.ndarray:
    """Where the waveform's own colour prevails."""
    return (picture[..., 2] > 150) & (picture[..., 1] > 120)


def test_full_scale_fills_the_height_and_silence_is_a_line() -> None:
    full = filled(draw_wave(tone(1000), 128, 48))
    assert full.all()
    assert (filled(draw_wave(np.zeros(LENGTH, np.float32), 128, 49)).sum(axis=1) == 128 * (np.arange(49) == 24)).all()
    half = filled(draw_wave(tone(1000, 0.5), 128, 48)).sum(axis=0)
    assert (abs(half - 24) <= 1).all()


def test_one_sample_is_seen_at_its_place_and_on_its_side() -> None:
    wave = np.zeros(LENGTH, np.float32)
    wave[LENGTH // 4 + 10] = 1.0
    seen = filled(draw_wave(wave, 128, 49))
    assert seen.sum(axis=0).argmax() == 32
    assert seen[:24, 32].all()  # upwards
    assert not seen[25:].any()
    assert seen[:, 33:].sum(axis=0).max() == seen[:, :32].sum(axis=0).max() == 1


@pytest.mark.parametrize("length", [100, 128, 300])
def test_short_sounds_are_drawn_too(length: int) -> None:
    assert draw_wave(np.linspace(-1, 1, length, dtype=np.float32), 128, 32).shape == (32, 128, 3)


def test_a_tone_lies_higher_the_higher_it_is() -> None:
    heights = []
    for hertz in (200, 500, 1000, 2000, 4000, 7000):
        picture = brightness(draw_spectrogram(tone(hertz), RATE, 128, 64))[:, 20:-20].mean(axis=1)
        row = int(picture.argmax())
        heights.append(row)
        # rows are equal steps of the HTK mel scale from 20 Hz to half the rate (O'Shaughnessy 1987)
        low, high, mel = (2595 * np.log10(1 + f / 700) for f in (20.0, RATE / 2, hertz))
        assert abs(row - 64 * (1 - (mel - low) / (high - low))) <= 2
    assert heights == sorted(heights, reverse=True)


def test_decibels_are_the_same_shade_in_every_sound() -> None:
    picture = draw_spectrogram(tone(1000), RATE, 128, 64)
    quiet = draw_spectrogram(tone(1000, 1e-5), RATE, 128, 64)
    assert (quiet == colours(np.zeros(1))[0]).all()  # -100 dB is below the floor
    assert brightness(picture).max() > 0.85 * 255
    steps = [brightness(draw_spectrogram(tone(1000, 10 ** (level / 20)), RATE, 64, 64)).max() for level in (-60, -40, -20, 0)]
    assert (np.diff(steps) > 30).all()


def test_a_click_is_seen_wherever_it_is_in_a_long_sound() -> None:
    brightest = []
    for place in range(20_000, 23_000, 500):  # a column is 1875 samples wide, and a window 1024
        wave = np.zeros(240_000, np.float32)
        wave[place : place + 4] = (1, -1, 1, -1)
        shade = brightness(draw_spectrogram(wave, 48_000, 128, 64))
        assert abs(shade.max(axis=0).argmax() - place * 128 // 240_000) <= 1
        brightest.append(shade.max())
    assert min(brightest) > 0.8 * max(brightest)


def test_the_colours_rise_in_lightness_in_equal_steps() -> None:
    share = np.linspace(0, 1, 101)
    value = colours(share) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # sRGB, IEC 61966-2-1
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    light = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)  # L* of CIE 1976
    assert (np.diff(light) > 0).all()
    assert np.abs(light - 98 * share).max() < 6  # inferno is even in CAM02-UCS, not quite in L*
    np.testing.assert_array_equal(colours(np.array([-1.0, 2.0])), [[0, 0, 4], [252, 255, 164]])  # the ends of inferno


def test_a_kick_a_hat_and_a_cymbal_look_unlike() -> None:
    time, noise = np.arange(LENGTH) / RATE, np.random.default_rng(0).standard_normal(LENGTH + 1) / 4
    kick = np.sin(2 * np.pi * 60 * time) * np.exp(-12 * time)
    hat, cymbal = (np.diff(noise) * np.exp(-rate * time) for rate in (60, 2))
    low, high, late = [], [], []
    for wave in (kick, hat, cymbal):
        shade = brightness(draw_spectrogram(wave.astype(np.float32), RATE, 128, 64))
        low.append(shade[-8:, :20].mean())
        high.append(shade[:8, :10].mean())
        late.append(shade[:32, 96:].mean())
    assert low[0] > 2 * high[0]
    assert high[1] > 2 * low[1] * 0.8
    assert late[2] > 5 * max(late[0], late[1])


def test_each_sound_stands_whole_in_its_place() -> None:
    waves = np.stack([tone(200 * (index + 1), 0.8) for index in range(5)])
    sheet = draw_sheet(waves, RATE, 3)
    width, height = TILE
    for index, wave in enumerate(waves):
        top, left = GAP + index // 3 * (height + GAP), GAP + index % 3 * (width + GAP)
        np.testing.assert_array_equal(sheet[top : top + height, left : left + width], draw_tile(wave, RATE))
    assert (sheet[GAP + height + GAP : -30, GAP + 2 * (width + GAP) :] == PAPER).all()  # the sixth place stays empty


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (1, 8), (64, 8), (48, 16), (5, 2)])
def test_it_fits_a_screen_and_tells_its_scales(count: int, columns: int) -> None:
    sheet = draw_sheet(np.zeros((count, 2048), np.float32), RATE, columns)
    assert sheet.shape[1] <= 1180 or columns > 11
    assert (sheet[-25:] != PAPER).any()


def test_captions_are_written_at_the_left_whatever_they_say() -> None:
    waves = np.zeros((4, 2048), np.float32)
    plain, captioned = draw_sheet(waves, RATE, 2), draw_sheet(waves, RATE, 2, ["a label that is much too long for it", "Юпитер\n木星"])
    assert captioned.shape[1] - plain.shape[1] < 180
    assert (captioned[: TILE[1], :100] != PAPER).any()
    assert (captioned[TILE[1] + 2 * GAP : 2 * TILE[1], : captioned.shape[1] - plain.shape[1]] != PAPER).any()


def test_a_palette_makes_the_file_smaller_and_changes_little() -> None:
    picture = draw_tile(tone(700, 0.5) * np.exp(-np.arange(LENGTH) / 3000).astype(np.float32), RATE)
    full, small = write_png(picture, {}), write_png(picture, {}, palette=128)
    assert len(small) < 0.8 * len(full)
    with Image.open(io.BytesIO(small)) as image:
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - picture).mean() < 4
    with Image.open(io.BytesIO(full)) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)


def test_the_shares_of_a_tile() -> None:
    picture = draw_sound(np.zeros(LENGTH, np.float32), RATE, 100, 80)
    assert picture.shape == (80, 100, 3)
    above = round(80 * WAVE_SHARE) + 1
    assert (picture[above:] == colours(np.zeros(1))[0]).all()
    assert {tuple(pixel) for pixel in picture[: above // 2 - 2].reshape(-1, 3).tolist()} == {GROUND}
    assert FLOOR_DB == -80
    assert WAVE != GROUND
