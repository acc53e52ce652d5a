"""Bytes to lines: the same lines however the blocks fall, in bounded memory, and a place for each that is bad."""

from __future__ import annotations

import io
import random
import re
import tracemalloc

import pytest

from paragone.errors import DataError
from paragone_text import lines
from paragone_text.lines import Faults, Lines, cleaned


def read(data: bytes) -> tuple[list[tuple[int, str]], Faults]:
    faults = Faults()
    source = Lines(io.BytesIO(data), "", faults)
    return [(source.number, line) for line in source], faults


def test_lines_end_as_on_every_system() -> None:
    assert read(b"a\nb\r\nc\rd\n\n \t\ne")[0] == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (7, "e")]
    assert read(b"")[0] == read(b"\n\r\n")[0] == []


def test_only_line_ends_end_a_line() -> None:
    text = "a\x0bb\x0cc\x1cd\x85e\u2028f"
    assert read(text.encode())[0] == [(1, text)]


def test_blocks_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(300):
        rng = random.Random(seed)
        data = "".join(rng.choice(["a", "é", "b\u0301", "\n", "\r\n", "\r", "x" * rng.randint(1, 30)]) for _ in range(rng.randint(0, 40)))
        size = rng.randint(3, 12)
        monkeypatch.setattr(lines, "LONGEST", size)
        expected = []
        for number, line in enumerate(re.split("\r\n|\r|\n", data), 1):
            if line:
                expected.append((number, line.encode()[:size].decode(errors="ignore")))
        assert read(data.encode()) == (expected, Faults(len(expected)))


def test_a_mark_at_the_beginning_is_no_text() -> None:
    assert read(b"\xef\xbb\xbfa\nb")[0] == [(1, "a"), (2, "b")]
    assert read(b"\xef\xbb\xbf")[0] == []
    assert read(b"a\n\xef\xbb\xbfb")[0][1] == (2, "\ufeffb")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bad_lines_are_left_out_and_named_with_their_byte(mark: bytes) -> None:
    data = mark + b"good\r\nNUL \0 here\n" + "Malmö\n".encode("latin-1") + b"\x80\nlast\n"
    kept, faults = read(data)
    assert kept == [(1, "good"), (5, "last")]
    assert (faults.lines, faults.bad) == (5, 3)
    places = [data.index(byte) for byte in (b"\0", b"\xf6", b"\x80")]
    assert faults.reasons == [
        f"line 2 holds a NUL byte (byte {places[0]} of the file)",
        f"line 3 is not UTF-8 (byte {places[1]} of the file is 0xF6; in Windows it is 'ö')",
        f"line 4 is not UTF-8 (byte {places[2]} of the file is 0x80; in Windows it is '€')",
    ]


def test_bytes_are_counted_past_a_line_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 4)
    data = b"abcdefghijklmnop\n" + b"\xff\n"
    assert read(data)[1].reasons == [f"line 2 is not UTF-8 (byte {data.index(0xFF)} of the file is 0xFF; in Windows it is 'ÿ')"]


class Endless:
    """A file of one line."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        """Some of it."""
        size = min(size, self.left)
        self.left -= size
        return b"x" * size


def test_a_line_of_100_mb_takes_a_few() -> None:
    tracemalloc.start()
    found = list(Lines(Endless(100_000_000), "", Faults()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == ["x" * lines.LONGEST]
    assert peak < 12 * lines.LONGEST


def test_only_the_first_faults_are_listed() -> None:
    _, faults = read(b"\xff\n" * 5 + b"fine\n" * 95)
    assert faults.listed().endswith("; …")
    assert faults.listed().count("line ") == lines.LISTED
    faults.tolerate(0.05)
    with pytest.raises(DataError, match=r"5 of 100 lines cannot be read: line 1 is not UTF-8.*\n.*iconv.*data.max_bad \(now 0.04\)"):
        faults.tolerate(0.04)


def test_nothing_but_bad_lines_is_never_tolerated() -> None:
    _, faults = read(b"a\0\n")
    with pytest.raises(DataError, match="1 of 1 lines") as caught:
        faults.tolerate(1.0)
    assert caught.value.fix == "Mend or remove them."


def test_a_name_cannot_command_the_terminal() -> None:
    faults = Faults()
    list(Lines(io.BytesIO(b"\xff\n"), "a\x1b[31m\udcff.txt", faults))
    assert faults.reasons[0].startswith("a\\x1b[31m?.txt line 1 ")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  plain ", ("plain", False)), ("a\tb", ("a b", True)), ("a\u2028b\x85c", ("a b c", True)), ("\x1b[0m", ("[0m", True)),
        ("e\u0301", ("é", False)), ("\u00a0", ("", False)), ("👩‍👧", ("👩‍👧", False)), ("\u202eabc", ("\u202eabc", False)),
        ("\x01", ("", True)),
    ],
)  # fmt: skip
def test_cleaning(given: str, expected: tuple[str, bool]) -> None:
    assert cleaned(given) == expected
