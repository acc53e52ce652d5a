"""Samples that are lines of text: on stdout, in a file, or as JSON.

Each way is a stream of pieces of text, a few samples each: memory does not grow with their number.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paragone import files
from paragone.errors import OutputError, ParagoneError, UsageError, one_line

from .faults import say

if TYPE_CHECKING:
    from paragone.batch import Batch

RECORDS = ".jsonl"
PLAIN = (".txt", "")


def check_name(path: Path) -> None:
    """Refuse a file that could not be written, before anything is made.

    Raises:
        UsageError: if its name asks for a format that there is not.
        OutputError: if something that is no file has that name.
    """
    if path.suffix.lower() not in (*PLAIN, RECORDS):
        fix = "Name a .txt file for bare lines, or a .jsonl file for an object a line with seed, label and score."
        raise UsageError(f"{path.suffix!r} is no format that lines are written in", where=f"--out {path}", fix=fix)
    if path.exists() and not path.is_file():
        raise OutputError("is no file", where=path, fix="Name a file, such as names.txt.")


def show(batches: Iterable[Batch]) -> None:
    """Print a line a sample."""
    _print(_plain(batches))


def show_json(facts: dict[str, Any], batches: Iterable[Batch]) -> None:
    """Print one JSON object: ``facts``, and ``lines`` with an object a sample."""
    _print(_one_object(facts, batches))


def save(path: Path, batches: Iterable[Batch], overwrite: bool) -> None:
    """Write the lines, or to a ``.jsonl`` file an object a sample.

    Whatever happens, no half of a file is left. Where the samples end early with an
    error, those that were made before it are the file.

    Raises:
        OutputError: if another file is there, or it cannot be written.
        ParagoneError: that of ``batches``.
    """
    pieces = _records(batches) if path.suffix.lower() == RECORDS else _plain(batches)
    data = (piece.encode("utf-8", "backslashreplace") for piece in pieces)
    if path.exists() and not overwrite:
        _compare(path, data)
        return
    failed: list[ParagoneError] = []

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as file:
            try:
                for piece in data:
                    file.write(piece)
            except ParagoneError as error:
                if not file.tell():
                    raise
                failed.append(error)

    files.replace(path, fill)
    if failed:
        say(f"{path} holds those that were made before this:")
        raise failed[0]


def _compare(path: Path, data: Iterable[bytes]) -> None:
    """The very same bytes are no conflict; the first that differ are, before the rest is made."""
    with path.open("rb") as file:
        same = all(file.read(len(piece)) == piece for piece in data) and not file.read(1)
    if not same:
        raise OutputError("is there already, with other content", where=path, fix="Choose another --out, or give --overwrite.")


def _print(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()  # a reader that has left is noticed now, not thousands of samples later


def _plain(batches: Iterable[Batch]) -> Iterator[str]:
    for batch in batches:
        yield "".join(f"{one_line(line)}\n" for line in batch.lines())


def _records(batches: Iterable[Batch]) -> Iterator[str]:
    for batch in batches:
        for index, record in enumerate(_objects(batch)):
            provenance = batch.provenance(index)
            del provenance["settings"]  # the run has them: in every line they would be most of the file
            yield json.dumps({**record, "provenance": provenance}, ensure_ascii=False) + "\n"


def _one_object(facts: dict[str, Any], batches: Iterable[Batch]) -> Iterator[str]:
    yield json.dumps(facts)[:-1] + ', "lines": ['
    comma = ""
    try:
        for batch in batches:
            yield comma + ", ".join(json.dumps(record, ensure_ascii=False) for record in _objects(batch))
            comma = ", "
    except ParagoneError:  # what was made before it is whole all the same
        yield "]}\n"
        raise
    yield "]}\n"


def _objects(batch: Batch) -> Iterator[dict[str, Any]]:
    scores, chosen = batch.scores(), batch.facts or [{}] * len(batch)
    for index, text in enumerate(batch.lines()):
        yield {"text": text, **batch.asked(index), "score": None if scores is None else scores[index], **chosen[index]}
