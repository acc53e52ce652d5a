"""Numbers and columns."""

from __future__ import annotations

from typing import Any

from paragone.evaluation.metrics import FEATURE_METRICS
from paragone.modality import Modality
from paragone_cli.evaluation_text import aligned, figure, table


def test_figures() -> None:
    assert figure(None) == figure({"value": None, "deviation": None}) == "n/a"
    assert figure({"value": 61.234, "deviation": 4.04}) == "61.2 ± 4.0"
    assert figure({"value": 0.8512, "deviation": None}) == "0.851"
    assert figure({"value": -0.1, "deviation": 2.0}) == "-0.100 ± 2.000"


def test_columns() -> None:
    assert aligned([["", "a", "remark"], ["long", "123", ""]]) == ["        a  remark", "long  123"]


def test_each_number_of_a_label_that_cannot_be_trusted_is_marked() -> None:
    def score(value: float | None, doubt: str, real: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"value": value, "deviation": None, "doubt": doubt, "real": real}

    row = {
        "counts": {"generated": 9, "reference": 9},
        "scores": {"kid": score(0.5, "few", score(0.25, "few")), "coverage": score(0.75, "", score(None, "none"))},
    }
    facts = {
        **{"run": "run", "weights": "last", "hash": "0", "reference": "given", "extractor": "bare", "seed": 0},
        **{"counts": {"generated": 9, "reference": 9, "real": 9}, "scores": {}, "memorisation": None, "notes": []},
        "labels": {"left": row},
    }
    medium = Modality("points", "", (), "", metrics=FEATURE_METRICS)
    lines = table(facts, medium)
    assert next(line for line in lines if line.startswith("left")).split() == ["left", "9", "9", "0.500?", "0.250?", "0.750", "n/a"]
    assert "? too few samples of that label: not to be trusted" in lines
    row["scores"] = {"kid": score(0.5, "", score(0.25, "few"))}
    assert "0.250?" in table(facts, medium)[-3]
    assert table(facts, medium)[-2].startswith("? too few")
    row["scores"] = {"kid": score(0.5, "", score(None, "none"))}
    assert not any(line.startswith("?") for line in table(facts, medium))
