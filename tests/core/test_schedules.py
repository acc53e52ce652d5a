from __future__ import annotations

import pytest

from paragone.schedules import cosine_ramp, ema_decay


def test_cosine_ramp() -> None:
    assert cosine_ramp(2.0, 6.0, 0.0) == 2.0
    assert cosine_ramp(2.0, 6.0, 1.0) == 6.0
    assert cosine_ramp(2.0, 6.0, 0.5) == pytest.approx(4.0)
    assert cosine_ramp(2.0, 6.0, 1 / 3) == pytest.approx(3.0)  # cos 60° = ½
    assert cosine_ramp(2.0, 6.0, -1.0) == 2.0
    assert cosine_ramp(2.0, 6.0, 7.0) == 6.0


def test_ema_decay_halves_in_a_half_life() -> None:
    assert ema_decay(1000.0, 1000) == 0.5
    assert ema_decay(1000.0, 64) ** (1000 / 64) == pytest.approx(0.5)
    assert ema_decay(0.0, 64) == 0.0
