from __future__ import annotations

import pickle

import pytest

from paragone.errors import Interrupted, ParagoneError, ToldElsewhere, UsageError, one_line, shown


def test_two_lines_whatever_a_name_holds() -> None:
    error = ParagoneError("has \x1b[31m", where="a\nb/é", fix="Rename it\r.")
    assert str(error) == "a\\nb/é: has \\x1b[31m\nRename it\\r."
    assert error.where == "a\nb/é"


@pytest.mark.parametrize(
    "error",
    [
        UsageError("is no size", where="train.batch", fix="Give a number."),
        Interrupted("stopped"),
        ToldElsewhere("the disk is full", 7),
    ],
)
def test_an_error_of_another_process_arrives_as_it_was(error: ParagoneError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert (again.what, again.where, again.fix, again.exit_code) == (error.what, error.where, error.fix, error.exit_code)


def test_what_turns_a_line_round_is_spelt_out_where_it_is_only_shown() -> None:
    assert shown("a\u202egnp.exe\u2028b\x9d") == "a\\u202egnp.exe\\u2028b\\x9d"
    assert one_line("a\u202egnp.exe\u2028b\x9d") == "a\u202egnp.exe\u2028b\\x9d"  # a text may hold it
    assert shown("שלום, عالم, 日本, é\u200f") == "שלום, عالم, 日本, é\u200f"
