"""Files to texts and their labels: a line a text, a table with named columns, or a JSON value a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from paragone.errors import DataError, one_line

from .lines import Lines

Row: TypeAlias = tuple[str, str | None]
"""A text and its label; ``None`` or empty where it has none."""


def plain(lines: Lines) -> Iterator[Row]:
    """A line a text."""
    for line in lines:
        yield line, None


def tabs(lines: Lines) -> Iterator[Row]:
    """Cells between tabs, under a line of column names.

    A tab always parts two cells. Quotation marks around a whole cell, those inside it
    doubled, are taken off; any others belong to the text.

    Raises:
        DataError: if no column is called ``text``.
    """
    iterator = iter(lines)
    columns = _Columns([_unquoted(cell) for cell in next(iterator, "").split("\t")], "\t")
    for line in iterator:
        yield from columns.rows([_unquoted(cell) for cell in line.split("\t")], lines)


def commas(lines: Lines) -> Iterator[Row]:
    """Cells between commas, or between the semicolons of a spreadsheet; a quoted cell may hold either, and line ends.

    Raises:
        DataError: as :func:`tabs`.
    """
    iterator = iter(lines)
    header = next(iterator, "")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    columns = _Columns(next(csv.reader([header[:WIDEST]], delimiter=delimiter), []), delimiter)
    reader = csv.reader((f"{line}\n" for line in iterator), delimiter=delimiter, strict=True)
    while True:
        before = lines.given
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.bad(f"ends a row that cannot be read ({error})", lines.given - before)
            continue
        if cells:
            yield from columns.rows(cells, lines)


def values(lines: Lines) -> Iterator[Row]:
    """A JSON value a line: a text, or an object with ``text`` and perhaps ``label``."""
    for line in lines:
        try:
            value = json.loads(line)
            if isinstance(value, dict):
                text, label = value["text"], value.get("label")
            else:
                text, label = value, None
            if not isinstance(text, str) or isinstance(label, list | dict):
                lines.bad("has something else where a text or a label should be")
                continue
            (text + str(label)).encode()
        except json.JSONDecodeError as error:
            lines.bad(f"is no JSON ({error.msg}, column {error.colno})")
        except KeyError:
            lines.bad('has no "text"')
        except UnicodeEncodeError:
            lines.bad("holds half a character (a lone surrogate)")
        except (RecursionError, ValueError):
            lines.bad("is no JSON that can be read")
        else:
            yield text, None if label is None else str(label)


WIDEST = 2**16
"""Characters of a line of column names that are looked at; Python's reader refuses cells of twice that."""

READERS: dict[str, Callable[[Lines], Iterator[Row]]] = {".txt": plain, ".tsv": tabs, ".csv": commas, ".jsonl": values}
"""By the end of a file's name."""


class _Columns:
    """Where a table keeps its texts and labels."""

    def __init__(self, header: list[str], delimiter: str) -> None:
        self._count, self._delimiter = len(header), delimiter
        names = [name.strip().lower() for name in header]
        if "text" not in names:
            shown = one_line(", ".join(names)[:80])
            raise DataError(
                f"has no column called text; its first line is {shown!r}",
                fix="Name the column of the texts `text`, and that of the labels, if there is one, `label`.",
            )
        self._text, self._label = names.index("text"), names.index("label") if "label" in names else None

    def rows(self, cells: list[str], lines: Lines) -> Iterator[Row]:
        """What a row says; a cell that is not there is an empty one. One with too many cells is bad, unless it can only be a text."""
        if any(cells[self._count :]):
            if self._count > 1:
                lines.bad(f"has {len(cells)} cells under {self._count} columns: put quotation marks round a text with commas or tabs")
                return
            cells = [self._delimiter.join(cells)]
        yield _cell(cells, self._text), None if self._label is None else _cell(cells, self._label)


def _cell(cells: list[Any], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _unquoted(cell: str) -> str:
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return cell
    inside = cell[1:-1].replace('""', "\0")  # no line holds a NUL
    return cell if '"' in inside else inside.replace("\0", '"')
