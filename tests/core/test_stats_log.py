from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from paragone.errors import OutputError
from paragone.reporting import Stats
from paragone.stats_log import StatsLog


def line(**changes: object) -> str:
    values = {field.name: {"int": 64, "float": 1.5, "str": ""}[str(field.type)] for field in fields(Stats)}
    return json.dumps({**values, **changes})


def test_what_is_no_line_of_statistics_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "stats.jsonl"
    bad = [
        line(samples="64"),
        line(margin=None),
        line(health=3),
        line(other=1),
        line(step=1.5),
        "[]",
        "null",
        "{",
        "[" * 100_000,
        "\0",
        line(margin=10**400),
    ]
    path.write_text("\n".join([line(), *bad, line(samples=128, margin=2), line(samples=192)]))
    assert [stats.samples for stats in StatsLog(path, 128, 9).history] == [64, 128]
    assert [json.loads(kept)["samples"] for kept in path.read_text().splitlines()] == [64, 128]


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        StatsLog(tmp_path, 0, 9)


def test_the_file_has_all_and_memory_the_last(tmp_path: Path) -> None:
    path = tmp_path / "stats.jsonl"
    path.write_text("\n".join(line(samples=samples) for samples in range(5)))
    log = StatsLog(path, 4, 3)
    assert [stats.samples for stats in log.history] == [2, 3, 4]
    log.append(Stats(**json.loads(line(samples=5))))
    assert [stats.samples for stats in log.history] == [3, 4, 5]
    assert [json.loads(kept)["samples"] for kept in path.read_text().splitlines()] == list(range(6))
