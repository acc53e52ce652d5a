"""Shares of silent and clipped sounds, and the offset."""

from __future__ import annotations

import math

import pytest
import torch

from paragone_audio.evaluation.faults import clipped, dc, silent

from .conftest import LENGTH, RATE, Make, sine


def test_silent_is_what_has_an_rms_below_60_decibels_under_full_scale(evidence: Make) -> None:
    wave = sine(1000.0)  # an RMS of -3.01 dBFS
    levels = [0.0, 10 ** (-58 / 20), 10 ** (-56 / 20), 1.0]
    made = evidence(torch.stack([level * wave for level in levels] * 10))
    score = silent(made, made)
    assert score.value == pytest.approx(0.5)
    assert score.deviation == pytest.approx((0.25 / 43) ** 0.5)
    assert not score.doubt
    assert "4 samples" in silent(made.part(torch.arange(4)), made).doubt
    assert silent(made.part(torch.arange(0)), made).value is None


def test_clipped_is_a_flat_top_at_any_level_not_a_peak(evidence: Make) -> None:
    wave = 0.5 * sine(440.0)
    flat = round(0.0005 * RATE)
    peak, run, below, swing = wave.clone(), wave.clone(), wave.clone(), wave.clone()
    peak[100:102] = 1
    run[-flat:] = 1
    below[:flat] = -1
    swing[100:103] = torch.tensor([1.0, -1.0, 1.0])
    waves = torch.stack([wave, peak, run, below, swing])
    assert [clipped(evidence(each[None]), evidence(wave[None])).value for each in waves] == [0, 0, 1, 1, 0]
    assert clipped(evidence((3 * waves).clamp(-1, 1)), evidence(waves)).value == 1
    assert clipped(evidence(0.8 * (3 * waves).clamp(-1, 1)), evidence(waves)).value == 1
    low = torch.stack([sine(20.0), sine(50.0), 0.01 * sine(7000.0), torch.zeros(LENGTH)])
    assert clipped(evidence(low), evidence(low)).value == 0


def test_the_offset_is_in_decibels_and_does_not_cancel(evidence: Make) -> None:
    tones = 0.5 * torch.stack([sine(1000.0)] * 40)
    signs = torch.tensor([1.0, -1.0] * 20)[:, None]
    assert dc(evidence(tones + 0.01 * signs), evidence(tones)).value == pytest.approx(-40, abs=0.1)
    half = torch.cat([torch.full((20, LENGTH), 0.1), torch.zeros(20, LENGTH)])
    assert dc(evidence(half), evidence(tones)).value == pytest.approx(-20 + 10 * math.log10(0.5), abs=1e-3)
    assert dc(evidence(torch.zeros(40, LENGTH)), evidence(tones)).value == pytest.approx(-100)
