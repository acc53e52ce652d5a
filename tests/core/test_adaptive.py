from __future__ import annotations

import pytest

from paragone.adaptive import AugmentController
from paragone.settings import AugmentSettings


def test_adaptive_rises_above_the_target_and_falls_below() -> None:
    controller = AugmentController(AugmentSettings(mode="adaptive", target=0.6, ramp=1000, p_max=0.5))
    for _ in range(3):
        controller.observe(0.9, 100)
    assert controller.p == pytest.approx(0.3)
    controller.observe(0.1, 100)
    assert controller.p == pytest.approx(0.2)
    controller.observe(0.6, 100)
    assert controller.p == pytest.approx(0.2)
    for _ in range(10):
        controller.observe(1.0, 100)
    assert controller.p == 0.5
    for _ in range(10):
        controller.observe(-1.0, 100)
    assert controller.p == 0.0


def test_adaptive_holds_its_target_on_a_responsive_discriminator() -> None:
    """A discriminator whose certainty falls with p, as a real one's does, is steered to the target."""
    controller = AugmentController(AugmentSettings(mode="adaptive", target=0.6, ramp=10_000))
    for _ in range(500):
        controller.observe(0.9 - controller.p, 64)
    assert controller.p == pytest.approx(0.3, abs=0.02)


def test_fixed_ramps_and_none_stays() -> None:
    fixed = AugmentController(AugmentSettings(mode="fixed", p=0.4, p_start=0.1))
    assert fixed.p == 0.1
    fixed.ramp(1.0)
    fixed.observe(1.0, 10**9)
    assert fixed.p == 0.4
    none = AugmentController(AugmentSettings(mode="none", p=0.4))
    none.ramp(0.5)
    none.observe(1.0, 10**9)
    assert none.p == 0.0
