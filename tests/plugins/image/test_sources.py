"""Folders, zips, IDX and npz: what is found in them, and what is refused."""

from __future__ import annotations

import gzip
import os
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest

from paragone.errors import DataError
from paragone_image import arrays, folders, zips
from paragone_image.decode import Unreadable
from paragone_image.sources import open_source, signature

from .pictures import encoded, fill, noise

PNG = encoded(noise((8, 8, 3)))


def names(path: Path) -> list[str]:
    with open_source(path) as source:
        return [source.name(index) for index in range(len(source))]


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    head = bytes([0, 0, kind, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + array.astype(np.uint8).tobytes()


def test_folders_are_walked_hidden_and_other_files_are_not(tmp_path: Path) -> None:
    fill(tmp_path, dict.fromkeys(["cat/A.PNG", "dog/deep/b.JpG", ".hidden.png", "cat/.x/c.png", "__MACOSX/c.png", "read.txt"], PNG))
    with open_source(tmp_path) as source:
        assert source.labels == ("cat", "dog")
        assert source.notes == ["1 file of another kind ignored: read.txt"]
    assert names(tmp_path) == ["cat/A.PNG", "dog/deep/b.JpG"]


def test_links_are_followed_loops_are_not_and_odd_entries_are_listed(tmp_path: Path) -> None:
    fill(tmp_path, {"cat/a.png": PNG, "dog/b.png": PNG, "folder.png/c.png": PNG})
    (tmp_path / "cat" / "loop").symlink_to(tmp_path)
    (tmp_path / "dog" / "self").symlink_to(tmp_path / "dog")
    (tmp_path / "dog" / "link.png").symlink_to(tmp_path / "cat" / "a.png")
    (tmp_path / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(tmp_path / "dog" / "pipe.png")
    with socket.socket(socket.AF_UNIX) as plug:
        before = Path.cwd()
        os.chdir(tmp_path / "dog")  # a socket's path must be short
        try:
            plug.bind("socket.png")
        finally:
            os.chdir(before)
    with open_source(tmp_path) as source:
        assert [name for name, _ in source.unusable] == ["dog/gone.png", "dog/pipe.png", "dog/socket.png"]
    assert names(tmp_path) == ["cat/a.png", "dog/b.png", "dog/link.png", "folder.png/c.png"]


def test_a_zip_reads_as_the_folder_does_and_leaves_nothing_behind(tmp_path: Path) -> None:
    members = {"my/cat/1.png": PNG, "my/dog/2.GIF": PNG, "__MACOSX/my/cat/._1.png": b"", "my/.DS_Store": b""}
    path = zipped(tmp_path / "set.zip", members)
    with open_source(path) as source:
        assert source.labels == ("cat", "dog")
        assert source.header(0).width == 8
    assert names(path) == ["cat/1.png", "dog/2.GIF"] == names(fill(tmp_path / "plain", {name[3:]: PNG for name in list(members)[:2]}))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["plain", "set.zip"]


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/x.png", "C:/x.png", "..\\x.png"])
def test_a_zip_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="outside itself"):
        open_source(zipped(tmp_path / "set.zip", {name: PNG}))


def test_a_zip_without_a_training_that_lies_in_it_and_with_what_begins_with_a_dot(tmp_path: Path) -> None:
    made = dict.fromkeys((f"set/runs/a/{name}" for name in ("config.json", "generator.safetensors", "samples/1.png")), PNG)
    assert names(zipped(tmp_path / "set.zip", {"./set/cat/1.png": PNG, "./set/dog/2.png": PNG, **made})) == ["cat/1.png", "dog/2.png"]


def test_a_folder_that_is_named_like_idx_is_none(tmp_path: Path) -> None:
    fill(tmp_path, {"train-images.idx3-ubyte": idx(noise((5, 8, 8))), "train-images-idx3-ubyte/train-images-idx3-ubyte": b""})
    with open_source(tmp_path) as source:
        assert len(source) == 5


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "set.zip", {"a.png": PNG})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the member's own header, and in the table of contents
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="encrypted"):
        open_source(path)


@pytest.mark.parametrize("shape", [(5, 9, 7), (5, 9, 7, 3), (5, 3, 9, 7), (5, 49)])
@pytest.mark.parametrize("packed", [False, True])
def test_idx_with_labels_beside(tmp_path: Path, shape: tuple[int, ...], packed: bool) -> None:
    array, ending = noise(shape), ".gz" if packed else ""
    pack = gzip.compress if packed else bytes
    fill(tmp_path, {f"train-images-idx3-ubyte{ending}": pack(idx(array)), f"t10k-images-idx3-ubyte{ending}": pack(idx(array[:2]))})
    fill(tmp_path, {f"train-labels-idx1-ubyte{ending}": pack(idx(np.array([3, 1, 3, 9, 1])))})
    expected = array.transpose(0, 2, 3, 1) if shape[1] == 3 else array.reshape(5, 7, 7) if len(shape) == 2 else array
    for path in (tmp_path, tmp_path / f"train-images-idx3-ubyte{ending}"):
        with open_source(path) as source:
            assert (len(source), source.labels, source.of.tolist()) == (5, ("1", "3", "9"), [1, 0, 1, 2, 0])
            np.testing.assert_array_equal(source.pixels(4, 0), expected[4])
    with open_source(tmp_path / f"t10k-images-idx3-ubyte{ending}") as source:
        assert (len(source), source.labels) == (2, ())
        assert "no labels file" in source.notes[0]


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (b"", None, "magic"),
        (b"\0\0\x08", None, "magic"),
        (b"\x89PNG" * 9, None, "magic"),
        (idx(noise((5, 4, 4)))[:-1], None, "promises 80"),
        (idx(noise((5, 4, 4)), kind=13), None, "0x0d"),
        (gzip.compress(idx(noise((5, 4, 4))))[:-9], None, "cannot be read"),
        (idx(noise((5, 4, 4))), idx(np.zeros(4)), "4 labels for 5 pictures"),
        (idx(noise((5, 4, 4))), idx(np.zeros((5, 2))), "2 axes"),
        (idx(noise((5, 7))), None, "shape"),
    ],
)
def test_bad_idx_is_refused(tmp_path: Path, images: bytes, labels: bytes | None, message: str) -> None:
    fill(tmp_path, {"a-images-idx3-ubyte": images} | ({"a-labels-idx1-ubyte": labels} if labels else {}))
    with pytest.raises(DataError, match=message):
        open_source(tmp_path)


def test_two_training_sets_must_be_named(tmp_path: Path) -> None:
    fill(tmp_path, {f"{name}-train-images-idx3-ubyte": idx(noise((2, 8, 8))) for name in ("a", "b")})
    with pytest.raises(DataError, match="several sets"):
        open_source(tmp_path)


@pytest.mark.parametrize("key", ["images", "x", "arr_0"])
def test_npz_by_any_of_its_names(tmp_path: Path, key: str) -> None:
    array = noise((4, 6, 5, 3))
    np.savez_compressed(tmp_path / "a.npz", **{key: array}, y=np.array(["b", "a", "b", "a"]))
    with open_source(tmp_path / "a.npz") as source:
        assert (source.labels, source.of.tolist()) == (("a", "b"), [1, 0, 1, 0])
        np.testing.assert_array_equal(source.pixels(2, 0), array[2])


def test_npz_floats_and_label_names(tmp_path: Path) -> None:
    floats = noise((3, 4, 4)).astype(np.float64) / 255
    np.savez(tmp_path / "a.npz", images=floats, labels=np.array([2, 0, 2]), label_names=np.array(["cat", "cow", "dog"]))
    with open_source(tmp_path / "a.npz") as source:
        assert (source.labels, source.of.tolist()) == (("cat", "dog"), [1, 0, 1])
        np.testing.assert_array_equal(source.pixels(1, 0), noise((3, 4, 4))[1])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.full((3, 4, 4), np.nan)}, "not a number"),
        ({"images": np.full((3, 4, 4), 255.0)}, "from 255 to 255"),
        ({"images": np.zeros((3, 4, 4), np.int64)}, "int64"),
        ({"images": np.zeros((3, 4, 4, 2), np.uint8)}, "shape"),
        ({"pictures": np.zeros((3, 4, 4), np.uint8)}, "only pictures"),
        ({"images": np.array([None, {}])}, "Python objects"),
        ({"images": noise((3, 4, 4)), "labels": np.zeros(4, int)}, "4 labels for 3"),
        ({"images": noise((3, 4, 4)), "labels": np.zeros(3)}, "float64"),
        ({"images": noise((3, 4, 4)), "labels": np.full(3, 5), "label_names": np.array(["a"])}, "label 5 has no name"),
        ({"images": noise((3, 4, 4)), "labels": np.arange(3), "label_names": np.array(["a", "b", "a"])}, "calls two labels 'a'"),
        ({"images": noise((3, 4, 4)), "labels": np.array(["", "a", "a"])}, "a label without a name"),
    ],
)
def test_bad_npz_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        open_source(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npz", "a.zip", "a.bin"])
@pytest.mark.parametrize("data", [b"", b"no archive at all", b"PK\3\4 half of one"])
def test_files_that_are_nothing_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError):
        open_source(tmp_path / name)


def test_paths_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    fill(tmp_path, {"empty/.keep": b"", "text/a.txt": b"", "inside/set.zip": b""})
    zipped(tmp_path / "texts.zip", {"a.txt": b""})
    for name, message in (
        ("missing", "does not exist"), ("pipe", "neither"), ("empty", "holds no picture"), ("text", "only 1 other"),
        ("inside", "Did you mean"), ("texts.zip", "holds no picture"), ("text/a.txt/b", "does not exist"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=message):
            open_source(tmp_path / name)


def test_the_signature_notices_every_touch(tmp_path: Path) -> None:
    fill(tmp_path, {"a.png": PNG, "b.png": PNG})
    seen = {signature(tmp_path)}
    assert signature(tmp_path) in seen
    os.utime(tmp_path / "a.png", ns=(1, 1))
    seen.add(signature(tmp_path))
    (tmp_path / "a.png").write_bytes(PNG + b"x")
    seen.add(signature(tmp_path))
    (tmp_path / "b.png").rename(tmp_path / "c.png")
    seen.add(signature(tmp_path))
    assert len(seen) == 4


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Nor unpacked: a zip of a few kilobytes may hold gigabytes."""
    small, large = encoded(noise((2, 2, 3))), encoded(noise((40, 40, 3)))
    for module in (folders, zips):
        monkeypatch.setattr(module, "MAX_BYTES", 2000)
    assert len(small) < 2000 < len(large)
    fill(tmp_path / "set", {"a.png": small, "b.png": large})
    path = tmp_path / "set" if kind == "folder" else zipped(tmp_path / "set.zip", {"a.png": small, "b.png": large})
    with open_source(path) as source:
        assert (source.header(0).width, source.header(0).height) == (2, 2)
        with pytest.raises(Unreadable, match="is larger than 0 MiB"):
            source.header(1)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_could_unpack_without_end_is_refused(tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w", packing) as file:
        file.writestr("a.png", PNG)
    with pytest.raises(DataError, match="is packed in an unusual way"):
        open_source(tmp_path / "set.zip")


def test_arrays_that_are_large_only_when_unpacked_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_MOST", 10_000)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((200, 8, 8)))))
    with pytest.raises(DataError, match="unpacks to more than"):
        open_source(tmp_path / "train-images-idx3-ubyte.gz")
    np.savez_compressed(tmp_path / "packed.npz", images=np.zeros((200, 8, 8), np.uint8))
    with pytest.raises(DataError, match="unpacks to"):
        open_source(tmp_path / "packed.npz")
    np.savez(tmp_path / "plain.npz", images=noise((200, 8, 8)))  # as large as it is on the disk
    assert len(open_source(tmp_path / "plain.npz")) == 200


def test_labels_that_a_terminal_would_obey_are_spelt_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=noise((2, 8, 8)), labels=np.array([0, 1]), label_names=np.array(["\x1b]0;x\x07", "dog"]))
    assert open_source(tmp_path / "a.npz").labels == ("\\x1b]0;x\\x07", "dog")
