"""The contract that every plugin must keep, as tests that run on anybody's plugin.

A plugin's whole test file can be::

    from paragone.testing import parametrize_with_checks

    @parametrize_with_checks("acme")
    def test_contract(check):
        check()

The first-party plugins of this project run the same. docs/contract.md lists the checks.
"""

from __future__ import annotations

from .check import Check, ContractError
from .suite import checks, parametrize_with_checks

__all__ = ["Check", "ContractError", "checks", "parametrize_with_checks"]
