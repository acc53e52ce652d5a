"""The same, as flags of ``create``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from paragone.sampler import Sampler
from paragone_cli.main import main
from paragone_text.config import TextSample

from .conftest import Make

Create = Callable[..., tuple[int, str, str]]


@pytest.fixture
def create(medium: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Create:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def create(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["bigrams", *arguments])
        return code, *capsys.readouterr()

    return create


def flags(sampler: Sampler, *more: str) -> list[str]:
    return ["--run", str(sampler.run.path), "--seed", "0", "-n", "20", *more]


def test_every_setting_is_a_flag(create: Create, make: Make) -> None:
    sampler = make(likes="o")
    wanted = TextSample(temperature=1.2, prefix="L", suffix="n", pattern="[^o]n$", novel=True, critic=2, effort=5000)
    more = ["--temperature", "1.2", "--prefix", "L", "--suffix", "n", "--pattern", "[^o]n$", "--novel", "--critic", "2", "--effort", "5000"]
    code, out, err = create(*flags(sampler, "--label", "England", *more))
    assert code == 0, err
    assert out.splitlines() == sampler.sample(range(20), "England", options=wanted).lines()
    (note,) = err.splitlines()
    assert note.startswith("copies: ")


def test_each_line_is_told_with_all_that_is_known_of_it(create: Create, make: Make) -> None:
    code, out, _ = create(*flags(make(["Ulm", "Bonn", "Bohn"], likes="n"), "--novel", "--critic", "3", "--json"))
    assert code == 0
    for line in json.loads(out)["lines"]:
        assert set(line) == {"text", "seed", "label", "score", "attempt", "attempts", "candidates", "copies", "nearest", "distance"}
        assert line["score"] == line["text"].count("n")
        assert line["text"] not in ("Ulm", "Bonn", "Bohn")


def test_a_slip_in_a_pattern_is_told_before_any_run_is_looked_for(create: Create) -> None:
    code, out, err = create("--pattern", "New (York")
    assert (code, out) == (2, "")
    assert err == (
        "error: pattern: 'New (York' is no regular expression: missing ), unterminated subpattern at position 4, before '(York'\n"
        "Put a backslash before a character that means itself, such as \\( for a bracket.\n"
    )


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--pattern", "xyz", "--effort", "30"], 1, "error: seed 0: none of 30 texts matches 'xyz'\n"),
        (["--prefix", "Łódź"], 2, "error: prefix: 'Ł' (U+0141 LATIN CAPITAL LETTER L WITH STROKE) is not in the vocabulary\n"),
        (["--prefix", "Nottinghamshire"], 2, "error: prefix: is longer than a text of this run can be: 15 tokens\n"),
        (["--temperature", "0"], 2, "error: --temperature: 0.0 is out of range"),
        (["--critic", "0"], 2, "error: --critic: 0 is out of range"),
    ],
)
def test_what_cannot_be_done_is_said(create: Create, make: Make, more: list[str], code: int, message: str) -> None:
    found = create(*flags(make(), *more))
    assert found[0] == code
    assert found[1] == ""
    assert found[2].startswith(message)
    assert len(found[2].splitlines()) == 2
