"""Folders, zips and single files: what is found in them, and what is refused."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from paragone.errors import DataError, OutputError
from paragone_audio import sources
from paragone_audio.decode import Unreadable
from paragone_audio.sources import open_source, signature

from .conftest import Opener, hit


def found(path: Path) -> dict[str, str]:
    """Name → label."""
    with open_source(path) as source:
        return {part.name: part.label for part in source.parts}


def notes(path: Path) -> list[str]:
    with open_source(path) as source:
        return list(source.notes)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_folders_are_labels_and_other_files_are_named(opener: Opener) -> None:
    for name in ("set/kick/A.WAV", "set/snare/deep/b.flac", "set/.hidden.wav", "set/kick/.x/c.wav", "set/__MACOSX/d.wav"):
        opener.sound(name, hit())
    opener.written("set/read.txt", b"")
    assert found(opener.folder / "set") == {"kick/A.WAV": "kick", "snare/deep/b.flac": "snare"}
    assert notes(opener.folder / "set") == ["1 file of another kind ignored: read.txt"]


def test_a_folder_round_everything_is_no_label_and_loose_ones_are_left_out(opener: Opener) -> None:
    for name in ("a/my/kick/1.wav", "a/my/snare/2.wav", "a/my/3.wav", "b/my/4.wav", "b/my/5.wav"):
        opener.sound(name, hit())
    assert found(opener.folder / "a") == {"my/kick/1.wav": "kick", "my/snare/2.wav": "snare"}
    assert notes(opener.folder / "a") == ["1 loose sound beside the label folders is skipped."]
    assert set(found(opener.folder / "b").values()) == {""}
    assert notes(opener.folder / "b") == ["Sounds lie in only one folder (my), so they get no labels."]


def test_names_may_hold_anything(opener: Opener) -> None:
    for name in ("Grosse caisse é\n/a\nb.wav", "日本/🥁.wav", "e\u0301/c.wav"):
        opener.sound(f"set/{name}", hit())
    assert set(found(opener.folder / "set").values()) == {"Grosse caisse é\\n", "日本", "é"}
    with open_source(opener.folder / "set") as source:
        for part in source.parts:
            with part.sound() as sound:
                assert len(np.concatenate(list(sound.blocks()))) == len(hit())


def test_a_zip_reads_as_the_folder_does_and_leaves_nothing_behind(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    data = opener.sound("one.wav", hit()).read_bytes()
    members = {"my/kick/1.wav": data, "my/snare/2.FLAC": data, "__MACOSX/my/kick/._1.wav": b"", "my/.DS_Store": b"", "my/snare/a.txt": b""}
    path = zipped(opener.folder / "set.zip", members)
    before = sorted(opener.folder.iterdir())
    monkeypatch.setattr(sources, "_IN_MEMORY", 100)  # all through a temporary file
    assert found(path) == {"my/kick/1.wav": "kick", "my/snare/2.FLAC": "snare"}
    with open_source(path) as source, source.parts[1].sound() as sound:
        np.testing.assert_allclose(np.concatenate(list(sound.blocks())), hit(), atol=1e-4)
    assert sorted(opener.folder.iterdir()) == before


def test_one_file_is_a_source_whatever_it_is_called(opener: Opener) -> None:
    path = opener.sound("one.wav", hit()).rename(opener.folder / "one.sound")
    assert found(path) == {"one.sound": ""}


def test_a_member_that_is_damaged_is_a_reason(opener: Opener) -> None:
    data = opener.sound("one.wav", np.random.default_rng(0).normal(0, 0.1, 5000)).read_bytes()
    path = zipped(opener.folder / "set.zip", {"a.wav": data, "b.wav": data})
    packed = bytearray(path.read_bytes())
    packed[200:300] = bytes(100)
    path.write_bytes(packed)
    with open_source(path) as source:
        assert source.digest()
        with pytest.raises(Unreadable, match="cannot be read"), source.parts[0].sound():
            pass
        with source.parts[1].sound() as sound:
            assert sound.rate == 8000


def test_a_damaged_name_in_a_zip_costs_that_file_alone(opener: Opener) -> None:
    data = opener.sound("one.wav", hit()).read_bytes()
    path = zipped(opener.folder / "set.zip", {"é.wav": data, "b.wav": data})
    name = "é.wav".encode()
    damaged = path.read_bytes()
    path.write_bytes(damaged.replace(name, b"\xc3(" + name[2:], 1))  # beside the sound, not in the table of contents
    with open_source(path) as source:
        assert source.digest()
        reasons = []
        for part in source.parts:
            try:
                with part.sound() as sound:
                    reasons.append(f"{sound.rate}")
            except Unreadable as reason:
                reasons.append(str(reason)[:14])
        assert reasons == ["8000", "cannot be read"]


def test_a_full_disk_is_no_damaged_archive(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(opener.folder / "set.zip", {"a.wav": opener.sound("one.wav", hit()).read_bytes()})

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sources.tempfile, "SpooledTemporaryFile", lambda most: Full())
    with open_source(path) as source:
        assert source.digest()  # which needs none
        with pytest.raises(OutputError, match="cannot be written: No space left on device\nFree some space"), source.parts[0].sound():
            pass


def test_an_encrypted_zip_is_refused(opener: Opener) -> None:
    path = zipped(opener.folder / "set.zip", {"a.wav": b"data"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1  # the flag in the table of contents
    path.write_bytes(data)
    with pytest.raises(DataError, match="encrypted"):
        found(path)


def test_paths_that_hold_nothing_are_refused(opener: Opener) -> None:
    os.mkfifo(opener.folder / "pipe")
    for name in ("empty/.keep", "text/a.txt", "inside/set.zip", "no.zip"):
        opener.written(name, b"")
    zipped(opener.folder / "texts.zip", {"a.txt": b"", "b.txt": b""})
    for name, message in (
        ("missing", "does not exist"), ("pipe", "neither"), ("empty", "holds no sound$"), ("text", "only 1 other file$"),
        ("inside", "Did you mean"), ("texts.zip", "only 2 other files"), ("text/a.txt/b", "does not exist"), ("no.zip", "no readable zip"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=f"(?m){message}"):
            found(opener.folder / name)


def test_links_are_followed_and_loops_are_not(opener: Opener) -> None:
    path = opener.sound("set/kick/a.wav", hit())
    (path.parent / "loop").symlink_to(opener.folder / "set")
    (path.parent / "link.wav").symlink_to(path)
    (path.parent / "gone.wav").symlink_to(opener.folder / "nowhere.wav")
    assert list(found(opener.folder / "set")) == ["kick/a.wav", "kick/link.wav"]


def test_the_signature_notices_every_touch(opener: Opener) -> None:
    path = opener.sound("set/a.wav", hit())
    seen = {signature(path.parent)}
    assert signature(path.parent) in seen
    os.utime(path, ns=(1, 1))
    seen.add(signature(path.parent))
    path.write_bytes(path.read_bytes() + b"x")
    seen.add(signature(path.parent))
    path.rename(path.with_name("c.wav"))
    seen.add(signature(path.parent))
    assert len(seen) == 4
