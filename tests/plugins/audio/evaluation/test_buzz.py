"""Lines of a grid are found, and what is none is not taken for one."""

from __future__ import annotations

import math

import pytest
import torch

from paragone_audio.evaluation.buzz import GRIDS, grid_buzz, index
from paragone_audio.evaluation.lines import excess

from .conftest import LENGTH, Make, hits, seconds, sine


def pulses(grid: int, decibels: float) -> torch.Tensor:
    """``(LENGTH,)``: one pulse every ``grid`` samples, without an offset, of that RMS."""
    wave = torch.zeros(LENGTH)
    wave[::grid] = 1
    wave -= wave.mean()
    return wave / wave.square().mean().sqrt() * 10 ** (decibels / 20)


@pytest.mark.parametrize("grid", GRIDS)
def test_a_buzz_of_each_grid_is_found_10_decibels_above_the_floor(evidence: Make, grid: int) -> None:
    waves, _ = hits(60)
    clean = evidence(waves)
    quiet, loud = (grid_buzz(evidence(waves + pulses(grid, level)), clean).value for level in (-60, -40))
    assert abs(grid_buzz(clean, clean).value) < 0.8
    assert quiet > 5
    assert loud == pytest.approx(quiet + 20, abs=2), "20 dB more are 20 dB more"


def test_one_tone_on_a_line_is_found_and_one_beside_it_is_not(evidence: Make) -> None:
    waves, _ = hits(60)
    clean = evidence(waves)
    on, off = (grid_buzz(evidence(waves + 0.003 * sine(hertz)), clean).value for hertz in (1000, 1031))
    assert on > 20
    assert off < 1


def test_a_few_sounds_whose_pitch_lies_on_a_line_are_no_buzz(evidence: Make) -> None:
    waves, _ = hits(60)
    note = sum((2 * math.pi * 250 * k * seconds()).sin() / k for k in range(1, 20)) * (-seconds() / 0.3).exp()
    waves[:15] = 0.5 * note.float()
    assert index(excess(waves[:15])) > 15
    assert grid_buzz(evidence(waves), evidence(waves)).value < 1


def test_the_line_of_a_period_of_16_samples_is_the_16th() -> None:
    noise = torch.randn(60, LENGTH, generator=torch.Generator().manual_seed(0))
    lines = excess(0.1 * noise + 0.05 * sine(1000)).median(0).values
    assert int(lines.argmax()) == 15
    # 4096 samples under a Hann window, of which 4096/1.5 count: a sine of power P over noise of power N per sample; -2.5 dB is
    # the mean logarithm of the neighbours, which the sine's own bin has not
    assert float(lines[15]) == pytest.approx(10 * math.log10(0.05**2 / 2 / 0.01 * 4096 / 1.5 / 2) + 2.5, abs=0.5)


def test_noise_on_a_grid_has_no_lines() -> None:
    """Each value held for 16 samples: the spectrum falls to nothing at the lines, which is no buzz."""
    held = torch.randn(60, LENGTH // 16, generator=torch.Generator().manual_seed(0)).repeat_interleave(16, dim=1)
    assert index(excess(0.1 * held)) < 1


def test_the_excess_of_noise_is_0_at_every_line() -> None:
    noise = torch.randn(1000, 4096, generator=torch.Generator().manual_seed(0))
    lines = excess(noise)
    assert lines.shape == (1000, 127)
    assert float(lines.mean()) == pytest.approx(0, abs=0.05)
    assert float(lines.mean(0).abs().max()) < 1


def test_silence_and_what_lies_under_the_floor_have_none(evidence: Make) -> None:
    assert float(excess(torch.zeros(1, LENGTH)).abs().max()) == 0
    assert abs(index(excess(pulses(16, -130)[None]))) < 0.1


def test_short_sounds_and_few_sounds(evidence: Make) -> None:
    short = evidence(hits(60)[0][:, :2048] + pulses(64, -40)[:2048])
    assert grid_buzz(short, short).value > 10
    assert grid_buzz(evidence(torch.zeros(9, 1024)), short).value is None
    assert "9 samples" in grid_buzz(short.part(torch.arange(9)), short).doubt
