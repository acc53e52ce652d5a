"""What can be named as data, and what cannot."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from paragone.errors import DataError
from paragone_text.lines import Faults
from paragone_text.rows import Row
from paragone_text.sources import open_source, signature


def rows(path: Path) -> tuple[list[Row], list[str]]:
    with open_source(path) as source:
        return list(source.rows(Faults())), list(source.notes)


def fill(root: Path, files: dict[str, str | bytes]) -> Path:
    root.mkdir(exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def packed(root: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for found in sorted(root.rglob("*")):
            file.write(found, found.relative_to(root))
    return path


LABELLED: dict[str, str | bytes] = {"b/2.txt": "two\n", "b/1.TXT": "one\n", "a/deep/3.txt": "three", "e\u0301/4.txt": "four"}


def test_folders_are_labels(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", LABELLED)
    expected = [("three", "a"), ("one", "b"), ("two", "b"), ("four", "e\u0301")]
    assert rows(folder) == (expected, [])
    assert rows(packed(folder, tmp_path / "set.zip")) == (expected, [])
    wrapped = fill(tmp_path / "wrapped", {f"all/of/it/{name}": content for name, content in LABELLED.items()})
    assert rows(wrapped) == (expected, [])


def test_what_is_loose_beside_label_folders_has_none(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", {"a/1.txt": "one", "b/2.txt": "two", "3.txt": "three"})
    assert rows(folder)[0] == [("three", ""), ("one", "a"), ("two", "b")]


@pytest.mark.parametrize("files", [{"a/1.txt": "one", "2.txt": "two"}, {"x/a/1.txt": "one", "x/2.txt": "two"}, {"a/1.txt": "one"}])
def test_one_folder_tells_nothing_apart(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    found, notes = rows(fill(tmp_path / "set", files))
    assert {label for _, label in found} == {None}
    assert "one folder (" in notes[0]
    assert rows(fill(tmp_path / "flat", {"1.txt": "one", "2.txt": "two"}))[1] == []


def test_what_is_hidden_or_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    others = {"a.md": "x", "t.tsv": "x", "b.bin": b"\0", "c.pdf": b"\0"}
    folder = fill(tmp_path / "set", {"1.txt": "one", ".2.txt": "no", ".git/3.txt": "no", "__MACOSX/4.txt": "no", **others})
    (folder / "nowhere.txt").symlink_to("nothing")
    os.mkfifo(folder / "pipe.txt")
    (folder / "again").symlink_to(folder)
    assert rows(folder) == ([("one", None)], ["4 files of another kind ignored: a.md, b.bin, c.pdf, …"])


@pytest.mark.parametrize(
    ("files", "what", "fix"),
    [
        ({}, "holds no file", "Name a .txt"), ({"a.md": "x"}, "only 1 other files", "Name a .txt"),
        ({"a.md": "x", "b.jsonl": "x"}, "only 2 other files", "Did you mean {root}/b.jsonl"),
    ],
)  # fmt: skip
def test_folders_without_texts_are_refused(tmp_path: Path, files: dict[str, str | bytes], what: str, fix: str) -> None:
    root = fill(tmp_path / "set", files)
    with pytest.raises(DataError, match=what) as caught:
        rows(root)
    assert str(caught.value).startswith(str(root))
    assert fix.format(root=root) in str(caught.value.fix)


def test_other_places_are_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"a.bin": b"\0", "none": "x", "bad.zip": b"PK", "notes.md": "x", "file.txt": "x"})
    os.mkfifo(tmp_path / "pipe.txt")
    reasons = {
        "a.bin": r"of no kind .*\(.bin\)", "none": r"\(no suffix\)", "notes.md": r"\(.md\)", "bad.zip": "no readable zip",
        "pipe.txt": "neither a folder nor a file", "gone.txt": "does not exist", "file.txt/x.txt": "does not exist",
        "a\0b": "cannot be read",
    }  # fmt: skip
    for name, reason in reasons.items():
        for look in (rows, signature):
            if name == "bad.zip" and look is signature:
                continue
            with pytest.raises(DataError, match=reason) as caught:
                look(tmp_path / name)
            assert caught.value.fix
            assert len(str(caught.value).splitlines()) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    fill(tmp_path, {"a.txt": "x"})
    (tmp_path / "a.txt").chmod(0)
    with pytest.raises(DataError, match="may not be read"):
        rows(tmp_path / "a.txt")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_wide_characters_are_recognised(tmp_path: Path, encoding: str) -> None:
    data = "words\n".encode(encoding)
    path = fill(tmp_path, {"a.txt": data if encoding != "utf-16-be" else b"\xfe\xff" + data}) / "a.txt"
    with pytest.raises(DataError, match="is UTF-16, not UTF-8") as caught:
        rows(path)
    assert "iconv" in str(caught.value.fix)
    with pytest.raises(DataError, match=r"set/b/a\.txt: is UTF-16"):
        rows(fill(tmp_path / "set", {"b/a.txt": data if encoding != "utf-16-be" else b"\xfe\xff" + data, "c/d.txt": "fine"}))


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = packed(fill(tmp_path / "set", {"a.txt": "x"}), tmp_path / "set.zip")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of the central directory
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="is encrypted"):
        rows(path)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = packed(fill(tmp_path / "set", {"a.txt": "some words " * 500}), tmp_path / "set.zip")
    data = bytearray(path.read_bytes())
    data[45:60] = b"x" * 15
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"set\.zip/a\.txt: cannot be read"):
        rows(path)


def test_a_file_that_goes_away_is_said(tmp_path: Path) -> None:
    root = fill(tmp_path / "set", {"a.txt": "one", "b.txt": "two"})
    with open_source(root) as source:
        found = source.rows(Faults())
        assert next(found) == ("one", None)
        (root / "b.txt").unlink()
        with pytest.raises(DataError, match=r"b\.txt: cannot be read \(No such file"):
            next(found)


def test_a_signature_notices_every_change(tmp_path: Path) -> None:
    root = fill(tmp_path / "set", {"a.txt": "one", "b.txt": "two"})
    seen = [signature(root), signature(root / "a.txt")]
    assert [signature(root), signature(root / "a.txt")] == seen
    before = (root / "a.txt").stat()
    (root / "a.txt").write_text("six")
    os.utime(root / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))  # as some tools do
    seen += [signature(root), signature(root / "a.txt")]
    (root / "a.txt").rename(root / "c.txt")
    seen += [signature(root), signature(root / "c.txt")]
    assert len(set(seen)) == 6


def test_a_digest_is_of_content_names_and_labels(tmp_path: Path) -> None:
    def digest(name: str, files: dict[str, str | bytes]) -> str:
        with open_source(fill(tmp_path / name, files)) as source:
            return source.digest()

    sets: list[dict[str, str | bytes]] = [{"a.txt": "one"}, {"a.txt": "two"}, {"b.txt": "one"}, {"a/a.txt": "one", "b/b.txt": ""}]
    digests = [digest(str(number), files) for number, files in enumerate(sets)]
    assert len(set(digests)) == len(sets)
    assert digest("again", sets[3]) == digests[3]
