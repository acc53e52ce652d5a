"""Tables and JSON to texts and labels."""

from __future__ import annotations

import csv
import io

import pytest

from paragone.errors import DataError
from paragone_text.lines import Faults, Lines
from paragone_text.rows import READERS, Row


def read(suffix: str, content: str) -> tuple[list[Row], Faults]:
    faults = Faults()
    return list(READERS[suffix](Lines(io.BytesIO(content.encode()), "", faults))), faults


def test_a_line_is_a_text() -> None:
    assert read(".txt", "one, two\n\n three\n")[0] == [("one, two", None), (" three", None)]


@pytest.mark.parametrize(("suffix", "between"), [(".tsv", "\t"), (".csv", ","), (".csv", ";")])
def test_columns_are_found_by_name(suffix: str, between: str) -> None:
    lines = [["id", " Label", "TEXT"], ["1", "x", "one"], ["2", "", "two"], ["3"], ["4", "y", "four", ""]]
    rows = read(suffix, "\n".join(between.join(line) for line in lines))[0]
    assert rows == [("one", "x"), ("two", ""), ("", ""), ("four", "y")]


@pytest.mark.parametrize(("suffix", "between"), [(".tsv", "\t"), (".csv", ","), (".csv", ";")])
def test_a_text_that_holds_what_parts_cells_is_told_or_kept_whole(suffix: str, between: str) -> None:
    lines = [["text", "label"], ["one", "x"], ["hello", " my friend", "y"], ["two", "y", ""]]
    rows, faults = read(suffix, "\n".join(between.join(line) for line in lines))
    assert rows == [("one", "x"), ("two", "y")]
    assert faults.bad == 1
    assert "line 3 has 3 cells under 2 columns" in faults.reasons[0]
    alone = f"text{between}\nSmith, John{between} and more\n" if between != "," else "text\nSmith, John, and more\n"
    rows, faults = read(suffix, alone.replace(f"text{between}\n", "text\n"))
    assert (rows, faults.bad) == ([(alone.splitlines()[1], None)], 0)


@pytest.mark.parametrize("suffix", [".tsv", ".csv"])
def test_without_labels_there_are_none(suffix: str) -> None:
    assert read(suffix, "text\none\ntwo\n")[0] == [("one", None), ("two", None)]


@pytest.mark.parametrize(
    ("suffix", "content"), [(".tsv", ""), (".csv", ""), (".tsv", "a\tb\n"), (".csv", "name,country\n1,2\n"), (".csv", "x" * 10**6)]
)
def test_a_table_without_texts_is_refused(suffix: str, content: str) -> None:
    with pytest.raises(DataError, match="no column called text") as caught:
        read(suffix, content)
    assert len(str(caught.value)) < 250
    assert caught.value.fix is not None


def test_quotes_of_a_spreadsheet_are_read_and_those_of_a_text_are_kept() -> None:
    content = 'text\tlabel\n"He said ""hi"""\ta\n"Weird Al" Yankovic\t"b"\n12" vinyl\tc\n""\td\n"\te\n"a" or "b"\tf\n'
    assert read(".tsv", content)[0] == [
        ('He said "hi"', "a"), ('"Weird Al" Yankovic', "b"), ('12" vinyl', "c"), ("", "d"), ('"', "e"), ('"a" or "b"', "f"),
    ]  # fmt: skip


def test_what_python_writes_is_read_back() -> None:
    rows = [("one, two", "x"), ('say "hi"', "y"), ("two\nlines", "x"), ("semi;colon", "z"), ("", "w"), ("'", "v")]
    file = io.StringIO()
    csv.writer(file).writerows([("text", "label"), *rows])
    assert read(".csv", file.getvalue())[0] == rows


def test_a_stray_quote_swallows_no_line_silently() -> None:
    found, faults = read(".csv", 'text,label\nfine,a\n"Weird Al" Yankovic,b\nfine,c\n"open,d\nlost,e\nlost,f\n')
    assert found == [("fine", "a"), ("fine", "c")]
    assert (faults.lines, faults.bad) == (7, 4)
    assert faults.reasons[0].startswith("line 3 ends a row that cannot be read")
    assert faults.reasons[1].startswith("line 7 ends a row that cannot be read")


def test_a_stray_quote_in_a_long_table_costs_no_memory() -> None:
    rest = "0123456789" * 100
    found, faults = read(".csv", 'text\n"open\n' + f"{rest}\n" * 200)
    assert faults.bad >= 130
    assert len(found) + faults.bad == 201


def test_blank_lines_are_no_bad_ones() -> None:
    faults = read(".csv", 'text,label\n\n\n\n"open,b\n\n\n\n\n')[1]
    assert (faults.bad, faults.lines) == (1, 2)


def test_values_are_texts_or_objects() -> None:
    content = '"bare"\n{"text": "one", "label": "x"}\n{"text": "two", "label": null, "id": 7}\n{"label": 3, "text": "\\ud83d\\ude00"}\n'
    assert read(".jsonl", content)[0] == [("bare", None), ("one", "x"), ("two", None), ("😀", "3")]


def test_broken_values_are_named_by_their_line() -> None:
    bad = ['{"text": "cut', '{"label": "x"}', "7", '{"text": 7}', '{"text": "a", "label": ["x"]}', '"\\ud800"', "[" * 100_000, "null"]
    for content in bad:
        found, faults = read(".jsonl", f'"one"\n\n{content}\n"two"\n')
        assert found == [("one", None), ("two", None)]
        assert (faults.lines, faults.bad) == (3, 1)
        assert faults.reasons[0].startswith("line 3 ")
