"""Texts keep the contract that every plugin has to keep: every preset, made narrow."""

from __future__ import annotations

from collections.abc import Callable

from paragone.testing import parametrize_with_checks

NARROW = {"network.filters": 8, "network.features": 8, "network.embedding": 8, "network.hidden": 16}
PRESETS = {
    "names": {**NARROW, "network.code": 8, "network.plan": 8, "network.encoder": 8},
    "lines": NARROW,
    "mle": NARROW,
    "relgan": {"network.embedding": 6, "network.head": 4, "network.representations": 3, "network.filters": 5, "network.features": 4},
}


@parametrize_with_checks("text", presets=PRESETS)
def test_contract(check: Callable[[], None]) -> None:
    check()
