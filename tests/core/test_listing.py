"""A folder and a zip of it list the same files, and folders are labels."""

from __future__ import annotations

import errno
import os
import time
import zipfile
from pathlib import Path

import pytest

from paragone.errors import DataError
from paragone.listing import by_folder, inside_runs, is_folder, listing, member_name, others_note, printable, signature, wrapping

FILES = {"a/1.x": b"one", "b/deep/2.x": b"two", "odd\n/é.x": b"", ".hidden": b"", "b/.git/3.x": b"", "__MACOSX/._1.x": b""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(content)
    return tmp_path / "set"


def test_a_folder_and_a_zip_of_it_are_the_same(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    for path in (folder, tmp_path / "set.zip"):
        with listing(path) as files:
            assert files.sizes == {"a/1.x": 3, "b/deep/2.x": 3, "odd\n/é.x": 0}
            with files.opener("b/deep/2.x")() as file:
                assert file.read() == b"two"


def test_a_zip_is_read_without_trainings_and_with_names_that_begin_with_a_dot(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in ("./a/1.x", "./runs/r/config.json", "./runs/r/state.safetensors", "./runs/r/samples/2.x", "./runs/notes.x"):
            archive.writestr(name, "one")
    with listing(tmp_path / "set.zip") as files:
        assert sorted(files.sizes) == ["a/1.x", "runs/notes.x"]


def test_links_are_followed_once_and_what_is_no_file_is_passed_over(folder: Path) -> None:
    (folder / "a" / "loop").symlink_to(folder)
    (folder / "a" / "gone.x").symlink_to(folder / "nowhere")
    (folder / "a" / "link.x").symlink_to(folder / "a" / "1.x")
    os.mkfifo(folder / "pipe.x")
    with listing(folder) as files:
        assert sorted(files.sizes) == ["a/1.x", "a/link.x", "b/deep/2.x", "odd\n/é.x"]


def test_a_zip_that_is_none_or_encrypted_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(b"PK\3\4 half of one")
    with pytest.raises(DataError, match="no readable zip"), listing(path):
        pass
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.x", b"data")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1  # the flag in the table of contents
    path.write_bytes(data)
    with pytest.raises(DataError, match="encrypted"), listing(path):
        pass


@pytest.mark.parametrize(
    ("names", "labels", "single"),
    [
        (["a/1", "b/2", "b/c/3"], {"a/1": "a", "b/2": "b", "b/c/3": "b"}, ""),
        (["my/set/a/1", "my/set/b/2"], {"my/set/a/1": "a", "my/set/b/2": "b"}, ""),
        (["1", "a/2", "b/3"], {"1": "", "a/2": "a", "b/3": "b"}, ""),
        (["1", "2"], {}, ""),
        (["my/1", "my/2"], {}, "my"),
        (["1", "a/2"], {}, ""),
        (["1", "2", "3", "a/4", "b/5"], {}, ""),
        (["a\nb/1", "c/2"], {"a\nb/1": "a\\nb", "c/2": "c"}, ""),
    ],
)
def test_the_top_folder_is_the_label(names: list[str], labels: dict[str, str], single: str) -> None:
    found = by_folder(names)
    assert (found.of, found.single) == (labels, single)
    assert bool(found.notes) == (not labels and not single and any("/" in name for name in names))


def test_what_a_training_made_is_not_listed(tmp_path: Path) -> None:
    for name in ("1.x", "runs/a/config.json", "runs/a/generator.safetensors", "runs/a/samples/2.x", "config.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("?")
    with listing(tmp_path) as files:
        assert sorted(files.sizes) == ["1.x", "config.json", "runs/a/config.json"]


def test_names_in_zips_are_utf_8_whether_they_say_so_or_not(tmp_path: Path) -> None:
    for name in ("Bäume/ä.x", "plain/a.x"):
        unsaid = zipfile.ZipInfo("a")
        unsaid.filename = name.encode().decode("cp437")  # what the standard library makes of the bytes where no flag is set
        assert member_name(unsaid) == name
        said = zipfile.ZipInfo(name)
        said.flag_bits = 0x800
        assert member_name(said) == name
    assert member_name(zipfile.ZipInfo("café")) == "café"  # by its bytes no UTF-8


def test_the_signature_notices_every_touch(folder: Path) -> None:
    file = folder / "a" / "1.x"
    seen = {signature(folder, "folder"), signature(file, "file"), signature(file, "zip")}
    assert signature(folder, "folder") in seen
    os.utime(file, ns=(1, 1))
    seen |= {signature(folder, "folder"), signature(file, "file")}
    file.write_bytes(b"four")
    seen.add(signature(folder, "folder"))
    file.rename(folder / "a" / "2.x")
    seen.add(signature(folder, "folder"))
    assert len(seen) == 7


def test_what_is_neither_folder_nor_file_is_refused(folder: Path) -> None:
    assert is_folder(folder, "Name one.")
    assert not is_folder(folder / "a" / "1.x", "Name one.")
    os.mkfifo(folder / "pipe")
    for name, message in (("pipe", r"neither a folder nor a file\nName one\."), ("gone", "does not exist"), ("a/1.x/b", "does not exist")):
        with pytest.raises(DataError, match=message):
            is_folder(folder / name, "Name one.")


def test_names_are_told_on_one_line() -> None:
    assert others_note([]) == []
    assert others_note(["a\nb"]) == ["1 file of another kind ignored: a\\nb"]
    assert others_note(list("abcd")) == ["4 files of another kind ignored: a, b, c, …"]
    assert printable(b"caf\xe9".decode("utf-8", "surrogateescape")) == "caf?"


def test_nothing_is_wrapped_in_nothing() -> None:
    assert wrapping([]) == ""
    assert wrapping(["kit/kick/a.wav", "kit/snare/b.wav"]) == "kit/"


def test_what_may_not_be_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where tests run as root, who may read everything."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DataError, match="may not be read\nCheck its permissions"):
        is_folder(folder / "a" / "1.x", "")
    scan = os.scandir

    def refused(path: object) -> object:
        if Path(os.fsdecode(path)).name == "b":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(DataError, match="b: cannot be listed \\(Permission denied\\)"), listing(folder):
        pass


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_could_unpack_without_end_is_refused(tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w", packing) as archive:
        archive.writestr("a/1.x", bytes(1000))
    with pytest.raises(DataError, match="is packed in an unusual way"), listing(tmp_path / "set.zip"):
        pass


def test_many_trainings_in_a_zip_are_told_apart_quickly() -> None:
    names = [f"{number}/{file}" for number in range(20_000) for file in ("config.json", "state.safetensors", "samples/1.png")]
    inside, begun = inside_runs([*names, "own/1.png", "1.png"]), time.process_time()
    assert all(map(inside, names))
    assert not inside("own/1.png")
    assert not inside("1.png")
    assert time.process_time() - begun < 5  # by trying each one it would be minutes
