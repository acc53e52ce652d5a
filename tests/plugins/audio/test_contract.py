"""Sounds keep the contract that every plugin has to keep: every preset, made narrow."""

from __future__ import annotations

from collections.abc import Callable

from paragone.testing import parametrize_with_checks

SHORT = {"data.rate": 8000, "data.seconds": 0.128}
NARROW = {
    "network.latent": 6,
    "network.style": 8,
    "network.width": 4,
    "network.widest": 8,
    "network.windows": "128,32",
    "network.filters": 4,
    "network.most_filters": 8,
    "network.period_filters": 2,
    "network.features": 4,
}
PRESETS = {
    "small": {**SHORT, **NARROW},
    "studio": {**SHORT, **NARROW, "network.head": "istft_short"},
    "wavegan": {**SHORT, "network.width": 1, "network.latent": 6},
}


@parametrize_with_checks("audio", presets=PRESETS)
def test_contract(check: Callable[[], None]) -> None:
    check()
