from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
import typer
from rich.text import Text
from typer.testing import CliRunner

from paragone.errors import UsageError
from paragone.options import setting
from paragone_cli import flags
from paragone_cli.flags import Flag, escape, flags_of, given, in_words, with_parameters


@dataclass(frozen=True)
class Every:
    """One field of each kind."""

    count: int = setting(3, "How many.", minimum=1, maximum=64)
    rate: float | None = setting(None, "How fast.", minimum=0.0)
    mode: Literal["slow", "quick"] = setting("slow", "Which way, as in [slow].")
    shiny: bool = setting(True, "Polish it.")
    long_name: str = setting("", "A name.", metavar="NAME")


def by_name(**options: object) -> dict[str, Flag]:
    return {flag.option.name: flag for flag in flags_of("data", Every, flags.DATA, **options)}  # type: ignore[arg-type]  # test shorthand


def test_every_field_becomes_a_flag_with_help_default_and_range() -> None:
    found = by_name()
    assert [flag.declarations[0] for flag in found.values()] == ["--count", "--rate", "--mode", "--shiny/--no-shiny", "--long-name"]
    assert found["count"].help == "How many. (default 3, from 1 to 64)"
    assert found["rate"].help == "How fast."  # no default, and nobody would try less than nothing
    assert found["shiny"].help == "Polish it. (default on)"
    assert found["count"].key == "data.count"


def test_a_taken_spelling_gets_the_section_in_front() -> None:
    assert by_name(taken={"--count"})["count"].declarations == ("--data-count",)


def test_switches_cannot_be_switched_off() -> None:
    assert by_name(switches=True)["shiny"].declarations == ("--shiny",)


def test_only_some_fields_under_their_own_headings() -> None:
    found = flags_of("data", Every, {"mode": flags.ADVANCED})
    assert [(flag.option.name, flag.panel) for flag in found] == [("mode", flags.ADVANCED)]


def parse(*arguments: str) -> dict[str, object]:
    """What the flags say after a real command line was parsed."""
    every, seen = flags_of("data", Every, flags.DATA), {}
    app = typer.Typer(add_completion=False)
    app.command()(with_parameters(lambda values: seen.update(values), [flag.parameter() for flag in every]))
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return given(every, seen, "data")


def test_only_what_was_given_is_passed_on() -> None:
    assert parse() == {}
    assert parse("--count", "3") == {"count": 3}  # also when it is the default: it must win over a file


def test_values_are_read_as_their_kind() -> None:
    arguments = ["--count", "5", "--rate", "1e-3", "--mode", "quick", "--no-shiny", "--long-name", "7"]
    assert parse(*arguments) == {"count": 5, "rate": 0.001, "mode": "quick", "shiny": False, "long_name": "7"}
    assert parse("--rate", "none") == {"rate": None}


@pytest.mark.parametrize(("name", "text"), [("count", "0"), ("count", "-1"), ("count", "two"), ("rate", "nan"), ("mode", "slwo")])
def test_a_bad_value_names_the_flag(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"^--{name}: "):
        by_name()[name].read(text)


def test_square_brackets_survive_the_help() -> None:
    for text in ("as in [slow]", "WxH [32x32], \\[x] [/]", "no brackets"):
        assert Text.from_markup(escape(text)).plain == text


@pytest.mark.parametrize(
    ("value", "words"), [(None, ""), ("", ""), (True, "on"), (False, "off"), (2e-4, "0.0002"), (10.0, "10"), (64, "64")]
)
def test_defaults_in_words(value: object, words: str) -> None:
    assert in_words(value) == words
