"""The step over the seam of a loop."""

from __future__ import annotations

import pytest
import torch

from paragone_audio.evaluation.seam import seam

from .conftest import LENGTH, Make, sine


def test_a_circular_sound_is_seamless_wherever_it_begins(evidence: Make) -> None:
    whole = sine(16_000 / LENGTH * 40)  # 40 periods
    turned = torch.stack([whole.roll(shift) for shift in range(0, LENGTH, 64)])
    assert seam(evidence(turned, loop=True), evidence(turned, loop=True)).value == pytest.approx(1, abs=0.02)
    noise = torch.randn(200, LENGTH, generator=torch.Generator().manual_seed(0))
    smooth = torch.fft.irfft(torch.fft.rfft(noise)[:, :400], n=LENGTH)
    assert seam(evidence(smooth, loop=True), evidence(smooth, loop=True)).value == pytest.approx(1, abs=0.15)


def test_a_cut_is_not(evidence: Make) -> None:
    odd = torch.stack([sine(16_000 / LENGTH * 40.5, phase=shift) for shift in (1.0, 1.5, 2.0)] * 10)
    made = evidence(odd, loop=True)
    step = (odd[:3, 0] - odd[:3, -1]).square().mean() / odd[0].diff().square().mean()
    assert seam(made, made).value == pytest.approx(float(step.sqrt()), rel=0.01)
    assert seam(made, made).value > 30


def test_what_is_no_loop_or_does_not_move_has_no_seam(evidence: Make) -> None:
    still = torch.full((30, LENGTH), 0.5)
    assert seam(evidence(still, loop=True), evidence(still, loop=True)).value is None
    assert "no loops" in seam(evidence(still), evidence(still)).doubt
