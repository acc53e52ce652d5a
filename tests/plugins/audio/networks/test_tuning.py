"""Tones between the bands of a spectrum."""

from __future__ import annotations

import math

import pytest
import torch

from paragone_audio.networks.synthesis import Synthesis
from paragone_audio.networks.tuning import REACH, Tuning, turned

WINDOW, FRAMES, BAND = 256, 256, 20


def shifted(by: float, loop: bool = False) -> Tuning:
    """One that shifts every band by as much."""
    tuning = Tuning(2, WINDOW // 2 + 1, loop)
    torch.nn.init.zeros_(tuning.read.weight)
    torch.nn.init.constant_(tuning.read.bias, math.atanh(by / REACH))
    return tuning


def tone(by: float, loop: bool = False) -> torch.Tensor:
    """What a map that is 1 in one band, and steady, becomes: ``(1, 1, 16384)``."""
    synthesis = Synthesis(WINDOW, loop)
    spectrum = torch.zeros(1, FRAMES, 2 * synthesis.bands)
    spectrum[:, :, BAND] = 1.0
    with torch.no_grad():
        return synthesis(turned(spectrum, shifted(by, loop)(torch.zeros(1, 2), FRAMES)))


@pytest.mark.parametrize("by", [-0.4, 0.0, 0.15, 0.475])
def test_a_steady_map_is_a_steady_tone_where_the_shift_says(by: float) -> None:
    wave = tone(by)[0, 0, WINDOW:-WINDOW].double()
    times = torch.arange(WINDOW, WINDOW + len(wave), dtype=torch.float64)
    angle = 2 * math.pi * (BAND + by) / WINDOW * times
    basis = torch.stack([angle.cos(), angle.sin()], 1)
    fitted = basis @ torch.linalg.lstsq(basis, wave[:, None]).solution
    # windows whose phases do not quite fit leave a faint ripple of their period
    assert (wave - fitted[:, 0]).square().mean() < 0.01 * wave.square().mean()
    # and what a Hann window lets through so far from the middle of its band: its Fourier transform
    passed = float(torch.sinc(torch.tensor(by))) / (1 - by**2)
    assert wave.square().mean().sqrt() == pytest.approx(math.sqrt(0.5) * passed, rel=0.01)


def test_a_loop_turns_a_whole_number_of_times() -> None:
    style = torch.zeros(1, 2)
    angles = shifted(0.333, loop=True)(style, FRAMES)[0, :, 0].detach()
    step = angles[1] - angles[0]
    assert float(FRAMES * step) / (2 * math.pi) == pytest.approx(round(0.333 * FRAMES / 4))
    wave = tone(0.333, loop=True)[0, 0]
    steps = wave.diff().abs()
    assert (wave[0] - wave[-1]).abs() <= steps.max() * 1.001
    torch.testing.assert_close(wave.roll(len(wave) // 2).diff().abs().max(), steps.max(), rtol=1e-3, atol=1e-4)


def test_the_style_decides_and_learns_nothing_of_it() -> None:
    """The gradient of a shift is the mean over frames, so that long sounds do not drown what else is learned."""
    torch.manual_seed(0)
    for loop in (False, True):
        tuning = Tuning(4, 9, loop)
        style = torch.randn(3, 4, requires_grad=True)
        angles = tuning(style, 16)
        assert angles.shape == (3, 16, 9)
        assert not angles[:, 0].any()
        assert not torch.equal(angles[0], angles[1])
        assert float((angles[:, 1] - angles[:, 0]).detach().abs().max()) <= 2 * math.pi / 4 * (
            REACH + 0.125 * loop
        )  # whole turns are rounded
        angles.sum().backward()
        assert style.grad is None
        slope = REACH * (1 - tuning.read(style).tanh().square())
        torch.testing.assert_close(tuning.read.bias.grad, (slope * math.pi / 2 * sum(range(16)) / 16).sum(0))


def test_turning_is_multiplication_by_complex_numbers() -> None:
    spectrum, angles = torch.randn(2, 5, 6), torch.randn(2, 5, 3)
    expected = torch.complex(*spectrum.chunk(2, 2)) * torch.polar(torch.ones_like(angles), angles)
    torch.testing.assert_close(turned(spectrum, angles), torch.cat([expected.real, expected.imag], 2))
