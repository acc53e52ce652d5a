"""Pictures keep the contract that every plugin has to keep: every preset, made narrow."""

from __future__ import annotations

from collections.abc import Callable

from paragone.testing import parametrize_with_checks

PRESETS = {
    "small": {"data.size": "16x16", "network.width": 8, "network.widest": 32},
    "dcgan": {"data.size": "16x16", "network.width": 8},
    "article": {},
    "r3gan": {"data.size": "16x16", "network.width": 32, "network.blocks": 1, "network.group": 8, "network.embedding": 16},
}


@parametrize_with_checks("image", presets=PRESETS)
def test_contract(check: Callable[[], None]) -> None:
    check()
