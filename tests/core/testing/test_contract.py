"""The toy medium keeps the contract that every plugin has to keep."""

from __future__ import annotations

from collections.abc import Callable

from paragone.testing import parametrize_with_checks


@parametrize_with_checks("points", presets=["mlp"])
def test_contract(check: Callable[[], None]) -> None:
    check()
