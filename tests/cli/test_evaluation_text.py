"""Numbers and columns."""

from __future__ import annotations

from paragone_cli.evaluation_text import aligned, figure


def test_figures() -> None:
    assert figure(None) == figure({"value": None, "deviation": None}) == "n/a"
    assert figure({"value": 61.234, "deviation": 4.04}) == "61.2 ± 4.0"
    assert figure({"value": 0.8512, "deviation": None}) == "0.851"
    assert figure({"value": -0.1, "deviation": 2.0}) == "-0.100 ± 2.000"


def test_columns() -> None:
    assert aligned([["", "a", "remark"], ["long", "123", ""]]) == ["        a  remark", "long  123"]
