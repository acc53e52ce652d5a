"""Bytes to lines of text, in bounded memory however long a line is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from paragone.errors import DataError, one_line
from paragone.listing import printable

from .tokenizer import normal

LONGEST = 2**20
"""Bytes of a line that are looked at; a sample is far shorter than that."""

LISTED = 3
"""How many unreadable lines are named in a note."""

_MARK = b"\xef\xbb\xbf"
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Bytes(Protocol):
    """What lines are read from."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


@dataclass
class Faults:
    """Lines that could not be used, and why.

    Attributes:
        lines: how many were looked at, blank ones left out.
        bad: how many could not be read.
        reasons: where and why, of the first :data:`LISTED`.
    """

    lines: int = 0
    bad: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, where: str, number: int, reason: str, lines: int = 1) -> None:
        """Line ``number`` of ``where`` (empty where there is only one place) cannot be read, and with it as many ``lines``."""
        self.bad += lines
        if len(self.reasons) < LISTED:
            self.reasons.append(f"{f'{printable(where)} ' if where else ''}line {number} {one_line(reason)}")

    def listed(self) -> str:
        """The first of them, on one line."""
        return "; ".join(self.reasons) + ("; …" if self.bad > len(self.reasons) else "")

    def tolerate(self, share: float) -> None:
        """Go on with the others.

        Raises:
            DataError: if more than ``share`` of the lines are bad, or all of them.
        """
        if self.bad > share * self.lines or 0 < self.bad == self.lines:
            foreign = "is not UTF-8" in self.listed()
            convert = (
                "Save it as UTF-8 (an editor or Word asks when saving; or: iconv -f CP1252 -t UTF-8)" if foreign else "Mend or remove them"
            )
            fix = f"{convert}{f', or raise data.max_bad (now {share:g})' if self.bad < self.lines else ''}."
            raise DataError(f"{self.bad} of {self.lines} lines cannot be read: {self.listed()}", fix=fix)


class Lines:
    """The lines of a file, without what ends them; those that cannot be read are left out and told to ``faults``.

    Args:
        file: of UTF-8; a mark at its beginning (BOM) is no part of it.
        where: its name in ``faults``.
        faults: is added to.

    Attributes:
        number: of the last line that was given, from 1.
    """

    def __init__(self, file: Bytes, where: str, faults: Faults) -> None:
        self.file, self.where, self.faults, self.number = file, where, faults, 0

    def __iter__(self) -> Iterator[str]:
        for offset, line in _raw_lines(self.file):
            self.number += 1
            if not line or line.isspace():
                continue
            self.faults.lines += 1
            if b"\0" in line:
                self.bad(f"holds a NUL byte (byte {offset + line.index(0)} of the file)")
                continue
            try:
                yield line.decode()
            except UnicodeDecodeError as error:
                if error.end == len(line) == LONGEST:  # the cut went through a character
                    yield line[: error.start].decode()
                    continue
                wrong = line[error.start]
                letter = bytes([wrong]).decode("cp1252", "ignore")  # what most files that are not UTF-8 were written in
                windows = f"; in Windows it is {letter!r}" if letter else ""
                self.bad(f"is not UTF-8 (byte {offset + error.start} of the file is 0x{wrong:02X}{windows})")

    @property
    def given(self) -> int:
        """How many lines were not bad so far, blank ones left out."""
        return self.faults.lines - self.faults.bad

    def bad(self, reason: str, lines: int = 1) -> None:
        """The last ``lines`` lines that were given cannot be used."""
        self.faults.add(self.where, self.number, reason, lines)


def _raw_lines(file: Bytes) -> Iterator[tuple[int, bytes]]:
    """Where each line begins, in bytes, and its first :data:`LONGEST` bytes; it ends at LF, CRLF or CR."""
    rest, offset = b"", 0
    skipped: int | None = None  # bytes since the beginning of a line that is too long and was given already
    block = file.read(LONGEST)
    if block.startswith(_MARK):
        block, offset = block[len(_MARK) :], len(_MARK)
    while block:
        after = file.read(LONGEST)
        if block.endswith(b"\r") and after.startswith(b"\n"):
            block, after = block + b"\n", after[1:] or file.read(LONGEST)
        lines = (rest + block).splitlines(keepends=True)
        rest = b"" if not after or lines[-1].endswith((b"\n", b"\r")) else lines.pop()
        for line in lines:
            if skipped is None:
                yield offset, line.rstrip(b"\r\n")[:LONGEST]
            else:
                offset, skipped = offset + skipped, None
            offset += len(line)
        if skipped is not None or len(rest) > LONGEST:
            if skipped is None:
                yield offset, rest[:LONGEST]
            skipped, rest = (skipped or 0) + len(rest), b""
        block = after


def one_row(text: str) -> str:
    """``text`` with a space for each control character and line end."""
    return text if text.isprintable() else _CONTROLS.sub(" ", text)  # most are printable, and no control character is


def cleaned(text: str) -> tuple[str, bool]:
    """``text`` in form NFC on one line, without white space around it, and whether control characters became spaces for that."""
    text = normal(text.strip())
    plain = one_row(text)
    return plain.strip(), plain != text
