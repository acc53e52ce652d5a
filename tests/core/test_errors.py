from __future__ import annotations

from paragone.errors import ParagoneError


def test_two_lines_whatever_a_name_holds() -> None:
    error = ParagoneError("has \x1b[31m", where="a\nb/é", fix="Rename it\r.")
    assert str(error) == "a\\nb/é: has \\x1b[31m\nRename it\\r."
    assert error.where == "a\nb/é"
