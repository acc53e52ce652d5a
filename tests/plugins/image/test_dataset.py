"""From files to batches: exactness, notes, the cache, and every kind of bad input."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import resource
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from paragone.errors import DataError, OutputError, UsageError
from paragone.store import RowWriter
from paragone_image import prepare
from paragone_image.config import PictureData
from paragone_image.dataset import PictureSet, open_dataset

from .conftest import Opener
from .pictures import encoded, fill, noise, sprite
from .test_decode import bomb

CPU = torch.device("cpu")


def pixels(pictures: PictureSet) -> np.ndarray:
    return pictures._samples


def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "prepare", lambda *_: pytest.fail("nothing may be decoded"))
    monkeypatch.setattr("paragone_image.dataset.prepare", lambda *_: pytest.fail("nothing may be decoded"))


def test_sprites_are_exact_and_labelled(tmp_path: Path, opener: Opener) -> None:
    expected = [sprite(seed) for seed in range(6)]
    names = ["cat/a", "cat/b", "dog/a", "dog/b", "dog/c", "eel/a"]
    pictures = opener(fill(tmp_path / "set", {f"{name}.png": picture for name, picture in zip(names, expected, strict=True)}))
    assert opener.notes == []
    np.testing.assert_array_equal(pixels(pictures), expected)
    assert pictures.labels == ("cat", "dog", "eel")
    assert pictures.spec.shape == (4, 32, 32)
    assert dict(pictures.spec.traits) == {"mode": "RGBA", "alpha": "binary"}
    samples, labels = pictures.batch(torch.tensor([5, 0, 3]), CPU)
    pictures.spec.check(samples)
    assert labels is not None
    assert labels.tolist() == [2, 0, 1]
    straight = np.stack([expected[5], expected[0], expected[3]]).astype(np.float64) / 255
    straight[..., :3] *= straight[..., 3:]
    np.testing.assert_allclose(samples.permute(0, 2, 3, 1), straight * 2 - 1, atol=1e-6)


def test_hashes_follow_the_pixels(tmp_path: Path, opener: Opener) -> None:
    pictures = opener(fill(tmp_path / "set", {"a.png": sprite(1), "b.png": sprite(2), "c.png": sprite(1)}))
    by_hand = [int.from_bytes(hashlib.blake2b(sprite(seed).tobytes(), digest_size=8).digest(), "little", signed=True) for seed in (1, 2, 1)]
    assert pictures.hashes.dtype == torch.int64
    assert pictures.hashes.tolist() == by_hand
    assert opener.notes == ["1 picture is an exact duplicate of another; they are kept."]


@pytest.mark.parametrize(
    ("shapes", "mode"),
    [([(16, 16)] * 2, "L"), ([(16, 16, 3)] * 2, "RGB"), ([(16, 16), (16, 16, 3)], "RGB"), ([(16, 16), (16, 16, 4)], "RGBA")],
)
def test_auto_takes_the_least_mode(tmp_path: Path, opener: Opener, shapes: list[tuple[int, ...]], mode: str) -> None:
    pictures = opener(fill(tmp_path / "set", {f"{index}.png": noise(shape, index) for index, shape in enumerate(shapes)}))
    assert pictures.spec.traits["mode"] == mode
    assert pictures.spec.traits.get("alpha") == ("smooth" if mode == "RGBA" else None)


def test_auto_looks_at_the_pixels_not_at_the_format(tmp_path: Path, opener: Opener) -> None:
    grey = noise((2, 16, 16))
    as_rgba = [np.dstack([picture] * 3 + [np.full_like(picture, 255)]) for picture in grey]
    pictures = opener(fill(tmp_path / "set", {f"{index}.png": picture for index, picture in enumerate(as_rgba)}))
    assert pictures.spec.traits == {"mode": "L"}
    np.testing.assert_array_equal(pixels(pictures)[..., 0], grey)
    assert list((opener.cache / pictures.fingerprint).glob("stage*")) == []


def test_modes_and_sizes_can_be_forced(tmp_path: Path, opener: Opener) -> None:
    folder = fill(tmp_path / "set", {"a.png": sprite(1), "b.png": sprite(2)})
    assert opener(folder, channels="rgb").spec.shape == (3, 32, 32)
    assert "2 transparent pictures laid on black" in opener.notes[0]
    assert opener(folder, channels="grey", size="48x16", fit="crop").spec.shape == (1, 16, 48)
    opaque = fill(tmp_path / "opaque", {"a.png": noise((8, 16, 3), 1), "b.png": noise((8, 16, 3), 2)})
    forced = opener(opaque, channels="rgba", size="16x16")
    assert forced.spec.traits == {"mode": "RGBA", "alpha": "binary"}
    assert pixels(forced)[:, 0].max() == 0
    for size in ("4x4", "32x2000", "big"):
        with pytest.raises(UsageError):
            opener(folder, size=size)


@pytest.mark.parametrize(("size", "expected"), [((28, 28), (28, 28)), ((32, 48), (32, 48)), ((40, 200), (64, 64)), ((4, 4), (32, 32))])
def test_auto_size(tmp_path: Path, opener: Opener, size: tuple[int, int], expected: tuple[int, int]) -> None:
    folder = fill(tmp_path / "set", {f"{seed}.png": noise(size, seed) for seed in range(2)})
    assert opener(folder).spec.shape[1:] == expected


def test_a_second_start_decodes_nothing_and_says_the_same(tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "set", {f"{seed}.png": sprite(seed) for seed in range(12)} | {"bad.png": b"", "note.txt": b""})
    first = opener(folder)
    notes = opener.notes
    assert [note for note in notes if "bad.png is empty" in note]
    no_decoding(monkeypatch)
    monkeypatch.setattr("paragone_image.dataset.open_source", lambda *_: pytest.fail("nothing may be read"))
    second = opener(folder)
    assert opener.notes == notes
    assert second.fingerprint == first.fingerprint
    np.testing.assert_array_equal(pixels(second), pixels(first))
    with pytest.raises(DataError, match="1 of 13"):
        opener(folder, max_bad=0.0)


def test_touched_and_moved_sets_are_read_but_not_decoded_and_changes_are_seen(
    tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "set", {f"{label}/{seed}.png": sprite(seed) for seed in range(3) for label in ("a", "b")})
    first = opener(folder).fingerprint
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as file:
        for picture in folder.rglob("*.png"):
            file.write(picture, f"wrapped/{picture.relative_to(folder)}")
    with monkeypatch.context() as patch:
        no_decoding(patch)
        os.utime(folder / "a" / "1.png", ns=(5, 5))
        assert opener(folder).fingerprint == first
        assert opener(tmp_path / "set.zip").fingerprint == first
        folder.rename(tmp_path / "moved")
        assert opener(tmp_path / "moved").fingerprint == first
    status = (tmp_path / "moved" / "a" / "1.png").stat()
    fill(tmp_path / "moved", {"a/1.png": sprite(99)})
    os.utime(tmp_path / "moved" / "a" / "1.png", ns=(status.st_atime_ns, status.st_mtime_ns))  # as some tools do
    changed = opener(tmp_path / "moved")
    assert changed.fingerprint != first
    np.testing.assert_array_equal(pixels(changed)[1], sprite(99))


def test_a_damaged_cache_is_rebuilt(tmp_path: Path, opener: Opener) -> None:
    folder = fill(tmp_path / "set", {f"{seed}.png": sprite(seed) for seed in range(3)})
    first = opener(folder)
    file = opener.cache / first.fingerprint / "samples.npy"
    file.write_bytes(file.read_bytes()[:-100])
    np.testing.assert_array_equal(pixels(opener(folder)), [sprite(seed) for seed in range(3)])


def test_a_cache_that_cannot_be_written_falls_back_and_tidies_up(tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "set", {f"{seed}.png": sprite(seed) for seed in range(3)})
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    (tmp_path / "file").write_bytes(b"")
    pictures = opener(folder, cache=tmp_path / "file" / "cache")
    assert "cannot be written" in opener.notes[0]
    assert "PARAGONE_CACHE" in opener.notes[0]
    np.testing.assert_array_equal(pixels(pictures), [sprite(seed) for seed in range(3)])
    assert len(list(spare.iterdir())) == 1
    del pictures
    assert list(spare.iterdir()) == []


def test_a_full_disk_is_an_output_error_that_leaves_nothing(tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "set", {f"{seed}.png": sprite(seed) for seed in range(9)})
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))  # the kernel refuses longer files, as a full disk would
    try:
        with pytest.raises(OutputError, match="PARAGONE_CACHE") as caught:
            opener(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(opener.cache) in str(caught.value)
    assert list(spare.iterdir()) == []
    assert [entry for entry in opener.cache.iterdir() if entry.is_dir()] == []
    assert len(opener(folder)) == 9


def test_no_space_is_told_with_its_reason(tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "set", {f"{seed}.png": sprite(seed) for seed in range(3)})
    calls: list[int] = []

    def full_once(self: RowWriter, rows: np.ndarray) -> None:
        calls.append(len(rows))
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, rows)

    append = RowWriter.append
    monkeypatch.setattr(RowWriter, "append", full_once)
    assert len(opener(folder)) == 3
    assert "No space left" in opener.notes[0]


def test_a_few_bad_pictures_are_skipped_and_listed(tmp_path: Path, opener: Opener, capfd: pytest.CaptureFixture[str]) -> None:
    good: dict[str, np.ndarray | bytes] = {f"{seed:02}.png": sprite(seed) for seed in range(40)}
    cut, dot = encoded(noise((32, 32, 3)))[:500], encoded(noise((1, 1)))
    bad = {"a.png": b"", "b.png": cut, "c.jpg": b"text", "d.png": bomb(40000, 40000), "e.gif": dot}
    folder = fill(tmp_path / "set", good | bad)
    (folder / "f.png").symlink_to("nowhere")
    pictures = opener(folder, max_bad=0.2)
    assert len(pictures) == 40
    assert len(opener.notes) == 1
    expected = "6 pictures skipped: f.png cannot be opened (No such file or directory); a.png is empty (0 bytes); b.png is damaged"
    assert opener.notes[0].startswith(expected)
    with pytest.raises(DataError, match=r"6 of 46 pictures cannot be used: .*a\.png is empty.*\n.*data\.max_bad"):
        opener(folder, max_bad=0.1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "files",
    [
        {}, {"a.txt": b"x"}, {"a.png": encoded(noise((8, 8)))}, {"a.png": b"", "b.png": b""},
        {"a.png": encoded(noise((1, 1))), "b.png": encoded(noise((1, 1)))},
    ],
)  # fmt: skip
def test_nothing_to_learn_from_is_an_error(tmp_path: Path, opener: Opener, files: dict[str, bytes]) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(DataError) as caught:
        opener(fill(tmp_path / "set", dict(files)), max_bad=1.0)
    assert str(tmp_path / "set") in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


def test_arrays_of_one_pixel_or_of_nothing_are_errors(tmp_path: Path, opener: Opener) -> None:
    for shape in ((5, 1, 1), (0, 8, 8), (1, 8, 8)):
        np.savez(tmp_path / "a.npz", images=np.zeros(shape, np.uint8))
        with pytest.raises(DataError):
            opener(tmp_path / "a.npz")


def test_a_label_without_a_usable_picture_disappears(tmp_path: Path, opener: Opener) -> None:
    good = {f"{label}/{seed}.png": sprite(seed) for label in ("cat", "dog") for seed in range(9)}
    pictures = opener(fill(tmp_path / "set", good | {"ape/a.png": b""}))
    assert pictures.labels == ("cat", "dog")
    only = opener(fill(tmp_path / "only", {"cat/1.png": sprite(1), "cat/2.png": sprite(2), "ape/a.png": b""}), max_bad=0.5)
    assert only.labels == ()
    assert only.batch(torch.tensor([1]), CPU)[1] is None
    assert any("Only one label (cat)" in note for note in opener.notes)


def test_the_order_does_not_depend_on_threads(tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "set", {f"{seed}.png": noise((20, 20, 4), seed) for seed in range(100, 180)})
    many = opener(folder, size="16x16")
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    single = opener(folder, cache=tmp_path / "other", size="16x16")
    assert many.fingerprint == single.fingerprint
    np.testing.assert_array_equal(pixels(many), pixels(single))


def test_a_batch_is_fast(tmp_path: Path, opener: Opener) -> None:
    np.savez(tmp_path / "a.npz", images=noise((500, 32, 32, 4)))
    pictures = opener(tmp_path / "a.npz")
    indices = torch.randint(500, (64,))
    times = []
    for _ in range(30):
        start = time.perf_counter()
        pictures.batch(indices, CPU)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.005  # far below 1 ms on an idle core; shared machines stutter


def test_other_pictures_become_what_a_run_makes(tmp_path: Path) -> None:
    """Where ``auto`` would decide something else for them alone; what it says of a run's own stays as it is."""
    own = fill(tmp_path / "own", {"a.png": sprite(1), "b.png": sprite(2)})
    other = fill(tmp_path / "other", {f"{seed}.png": noise((48, 48, 3), seed) for seed in range(2)})
    notes: list[str] = []
    first = open_dataset(own, PictureData(), tmp_path / "cache", notes.append)
    assert open_dataset(own, PictureData(), tmp_path / "cache", notes.append, first.spec).fingerprint == first.fingerprint
    assert open_dataset(other, PictureData(), tmp_path / "cache", notes.append).spec.shape == (3, 48, 48)
    assert open_dataset(other, PictureData(), tmp_path / "cache", notes.append, first.spec).spec.fits(first.spec)
    asked = open_dataset(other, PictureData(size="16x16"), tmp_path / "cache", notes.append, first.spec)
    assert asked.spec.shape == (4, 16, 16)


def test_a_few_pictures_of_another_size_do_not_blur_all_others(tmp_path: Path, opener: Opener) -> None:
    pictures = {f"{seed}.png": noise((24, 24, 3), seed) for seed in range(20)}
    found = opener(fill(tmp_path / "set", {**pictures, "odd.png": noise((25, 24, 3), 99)}))
    assert found.spec.shape == (3, 24, 24)
    assert opener.notes == ["1 of 21 pictures had another size and was brought to 24x24 (data.size and data.fit decide that)."]
    assert {picture.tobytes() for picture in pictures.values()} < {picture.tobytes() for picture in pixels(found)}


def test_what_becomes_of_all_is_said_too(tmp_path: Path, opener: Opener) -> None:
    pictures = {f"{seed}.png": noise((200, 300, 3), seed) for seed in range(3)}
    opener(fill(tmp_path / "large", pictures))
    assert opener.notes == ["3 of 3 pictures had another size and were brought to 64x64 (data.size and data.fit decide that)."]
    opener(fill(tmp_path / "some", {**{f"{seed}.png": noise((8, 8, 3), seed) for seed in range(3)}, "cut.png": noise((8, 8, 4), 7)}))
    assert opener.notes == ["1 of 4 pictures is transparent, so all are learned as such."]


def test_what_a_training_made_is_not_learned_by_the_next(tmp_path: Path, opener: Opener) -> None:
    files = {f"{seed}.png": noise((16, 16, 3), seed) for seed in range(4)}
    run = {"runs/a/samples/1.png": noise((64, 64, 3), 9), "runs/a/config.json": b"{}", "runs/a/state.safetensors": b"?"}
    assert len(opener(fill(tmp_path / "set", {**files, **run}))) == 4
    assert opener.notes == ["1 file of another kind ignored: runs/a/config.json"]


def test_of_an_animation_the_first_frame_is_used_and_that_is_said(tmp_path: Path, opener: Opener) -> None:
    frames = [Image.fromarray(noise((16, 16), seed)) for seed in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert len(opener(fill(tmp_path / "set", {"a.gif": buffer.getvalue(), "b.png": noise((16, 16), 7)}))) == 2
    assert "1 animation: its first frame is used; save the others as pictures of their own." in opener.notes


def test_a_folder_that_changes_while_it_is_read_is_refused(tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, sample = fill(tmp_path / "set", {f"{seed}.png": noise((16, 16), seed) for seed in range(3)}), prepare._sample

    def meddling(*arguments: Any) -> Any:
        (folder / "0.png").write_bytes(encoded(noise((16, 16), 50)))
        return sample(*arguments)

    monkeypatch.setattr(prepare, "_sample", meddling)
    with pytest.raises(DataError, match="was changed while it was read"):
        opener(folder)
    monkeypatch.undo()
    assert len(opener(folder)) == 3
