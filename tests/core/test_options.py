from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from paragone.errors import UsageError
from paragone.options import nearest_error, options_of, setting


@dataclass(frozen=True)
class Config:
    count: int = setting(3, "How many.", minimum=1, maximum=9)
    share: float = setting(0.5, "Which share.", minimum=0.0)
    name: str = setting("x", "A name.")
    deep: bool = setting(False, "Deep?")
    mode: Literal["a", "bee"] = setting("a", "Mode.")
    limit: float | None = setting(None, "Limit.", minimum=0.0)


OPTIONS = options_of(Config)


def test_fields_are_described() -> None:
    count = OPTIONS["count"]
    assert (count.kind, count.default, count.help, count.range) == (int, 3, "How many.", "from 1 to 9")
    assert OPTIONS["mode"].choices == ("a", "bee")
    assert OPTIONS["limit"].optional
    assert OPTIONS["share"].range == "at least 0"


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("count", "4", 4),
        ("count", 4, 4),
        ("share", "0.25", 0.25),
        ("share", 1, 1.0),
        ("share", "1e-3", 0.001),
        ("share", ".5", 0.5),
        ("count", "007", 7),
        ("deep", "False", False),
        ("name", "12", "12"),
        ("deep", "true", True),
        ("mode", "bee", "bee"),
        ("limit", "none", None),
        ("limit", None, None),
        ("limit", "2", 2.0),
    ],
)
def test_read(name: str, given: Any, read: Any) -> None:
    value = OPTIONS[name].read(given, "here")
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("count", "many", "not a whole number"),
        ("count", 2.5, "not a whole number"),
        ("count", True, "not a whole number"),
        ("count", "0", "from 1 to 9"),
        ("count", "-3", "from 1 to 9"),
        ("share", "nan", "not a number"),
        ("share", "inf", "not a number"),
        ("share", -1e-9, "at least 0"),
        ("share", [1], "not a number"),
        ("deep", "yes", "not true or false"),
        ("mode", "be", "Did you mean 'bee'"),
        ("count", None, "not a whole number"),
    ],
)
def test_read_refuses(name: str, given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        OPTIONS[name].read(given, "--set")
    assert str(caught.value).startswith("--set: ")


def test_unsupported_fields_are_the_authors_fault() -> None:
    @dataclass
    class Nested:
        inner: dict[str, int] = setting(None, "No.")

    @dataclass
    class Bare:
        count: int

    Nested.__annotations__["inner"], Bare.__annotations__["count"] = dict, int  # local names are not resolvable as text
    with pytest.raises(TypeError, match="unsupported type"):
        options_of(Nested)
    with pytest.raises(TypeError, match="no default"):
        options_of(Bare)
    with pytest.raises(TypeError, match="no dataclass"):
        options_of(int)


def test_nearest_error() -> None:
    assert "Did you mean 'small'? Known: small, r3gan." in str(nearest_error("preset", "smal", ["small", "r3gan"]))
    assert "Did you mean" not in str(nearest_error("preset", "zzz", ["small"]))
    assert str(nearest_error("label", "x", [])).endswith("Known: none.")


@pytest.mark.parametrize(("name", "given"), [("limit", 10**400), ("share", 2**63), ("count", str(2**63))])
def test_numbers_beyond_63_bits_are_refused_in_words(name: str, given: Any) -> None:
    with pytest.raises(UsageError, match="here: a number of more than 63 bits is out of range"):
        OPTIONS[name].read(given, "here")
