"""Pictures that come as one array: MNIST-style IDX files and NumPy's npz."""

from __future__ import annotations

import gzip
import hashlib
import math
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paragone.errors import DataError
from paragone.listing import check_member

from .decode import Header, Pixels, Unreadable, check_size, clean
from .labelling import Labels, label_name, numbered

_IDX_IMAGES = re.compile(r"(?P<stem>.*)-images(?P<sep>[-.])idx[234]-ubyte(\.gz)?")
_NPZ_IMAGES, _NPZ_LABELS = ("images", "x", "arr_0", "x_train"), ("labels", "y", "y_train")
_NPZ_WANTED = {*_NPZ_IMAGES, *_NPZ_LABELS, "label_names"}
_NPZ_FAULTS = (
    OSError, ValueError, EOFError, KeyError, TypeError, SyntaxError, MemoryError, NotImplementedError, RuntimeError,
    zlib.error, zipfile.BadZipFile,
)  # fmt: skip

_MOST = 2**32
"""Bytes that a packed file may unpack to in memory: a kilobyte of it may be a gigabyte of zeros."""


@dataclass
class Stacked:
    """Pictures of one size in one array; satisfies :class:`.sources.Source`.

    Attributes:
        images: ``(N, H, W)`` or ``(N, H, W, C)`` with C of 1, 3 or 4; uint8, or
            floats in [0, 1].
    """

    images: NDArray[Any]
    labels: tuple[str, ...]
    of: Labels
    unusable: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.images)

    def name(self, index: int) -> str:
        """See :class:`.sources.Source`."""
        return f"picture {index}"

    def header(self, index: int) -> Header:
        """See :class:`.sources.Source`."""
        picture = self.pixels(index, 0)
        height, width = picture.shape[:2]
        check_size(width, height)
        channels = 1 if picture.ndim == 2 else picture.shape[2]
        return Header(hashlib.sha256(picture.tobytes()).digest(), width, height, channels == 1, channels < 4)

    def pixels(self, index: int, enough: int) -> Pixels:
        """See :class:`.sources.Source`."""
        picture = self.images[index]
        if picture.dtype != np.uint8:
            if not bool(((picture >= 0) & (picture <= 1)).all()):  # also catches NaN
                raise Unreadable("has values that are not in [0, 1]")
            picture = np.rint(picture * 255).astype(np.uint8)
        if picture.ndim == 3 and picture.shape[2] == 1:
            picture = picture[..., 0]
        return clean(picture.copy()) if picture.ndim == 3 and picture.shape[2] == 4 else picture

    def __enter__(self) -> Stacked:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def is_idx_name(name: str) -> bool:
    """Whether a file is named like an IDX file of images."""
    return _IDX_IMAGES.fullmatch(name) is not None


def holds_idx(folder: Path) -> bool:
    """Whether ``folder`` has an IDX file of images at its top."""
    try:
        return any(entry.is_file() and is_idx_name(entry.name) for entry in folder.iterdir())
    except OSError:
        return False  # listing it as a folder of pictures will say what is wrong


def idx_images(path: Path) -> Path:
    """The images file that ``path`` means: itself, or the training images in a folder.

    Raises:
        DataError: if several could be meant.
    """
    if not path.is_dir():
        return path
    found = sorted(entry for entry in path.iterdir() if entry.is_file() and is_idx_name(entry.name))
    by_stem = {file.name.removesuffix(".gz"): file for file in reversed(found)}  # plain before gzipped
    training = [file for file in by_stem.values() if "train" in file.name.lower()] or list(by_stem.values())
    if len(training) > 1:
        names = ", ".join(sorted(file.name for file in training)[:5])
        raise DataError(f"holds several sets of images ({names})", where=path, fix="Name one of these files as DATA.")
    return training[0]


def idx_labels(images: Path) -> Path | None:
    """The labels file beside an images file, by the naming convention, or ``None``."""
    match = _IDX_IMAGES.fullmatch(images.name)
    if match is None:
        return None
    plain = f"{match['stem']}-labels{match['sep']}idx1-ubyte"
    beside = (images.with_name(plain + ending) for ending in (match[3] or "", "", ".gz"))
    return next((file for file in beside if file.is_file()), None)


def open_idx(images: Path) -> Stacked:
    """Read an IDX file of images and the labels beside it.

    Raises:
        DataError: if one of them is damaged or they do not fit together.
    """
    array = _as_pictures(_read_idx(images), images)
    labels = idx_labels(images)
    if labels is None:
        note = "There is no labels file beside the images, so they get no labels."
        return Stacked(array, (), np.zeros(len(array), np.int64), notes=(note,))
    values = _read_idx(labels)
    if values.ndim != 1:
        raise DataError(f"has {values.ndim} axes; labels have 1", where=labels, fix="Get the labels file that belongs to the images.")
    _check_count(len(values), len(array), labels)
    return Stacked(array, *numbered(values))


def _as_pictures(array: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    """(N, H, W) or (N, H, W, C) from the shapes that IDX files come in."""
    if array.ndim == 2 and math.isqrt(array.shape[1]) ** 2 == array.shape[1]:
        side = math.isqrt(array.shape[1])  # one square picture a row
        return array.reshape(len(array), side, side)
    if array.ndim == 4 and array.shape[3] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
        return array.transpose(0, 2, 3, 1)
    if array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (1, 3, 4)):
        return array
    raise DataError(f"has the shape {array.shape}, which is not that of pictures", where=path, fix="Expected (N, H, W) or (N, H, W, C).")


def _read_idx(path: Path) -> NDArray[np.uint8]:
    fix = "Download or copy it again."
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            data = file.read(_MOST + 1 if packed else -1)
        if packed and len(data) > _MOST:
            raise DataError(f"unpacks to more than {_MOST >> 30} GiB", where=path, fix="Unpack it, or name a folder of pictures.")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read ({error})", where=path, fix=fix) from error
    if len(data) < 4 or data[:2] != b"\0\0" or not 1 <= data[3] <= 4:
        raise DataError("is no IDX file (wrong magic number)", where=path, fix=fix)
    if data[2] != 8:
        what = f"holds values of IDX type 0x{data[2]:02x}; only unsigned bytes (0x08) are read"
        raise DataError(what, where=path, fix="Convert it to .npz.")
    start = 4 + 4 * data[3]
    shape = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(4, start, 4))
    if len(data) < start or len(data) - start != math.prod(shape):
        raise DataError(f"has {max(0, len(data) - start)} values where its header promises {math.prod(shape)}", where=path, fix=fix)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def open_npz(path: Path) -> Stacked:
    """Read an npz file: ``images``, optional ``labels`` and ``label_names``.

    Raises:
        DataError: if it is damaged, holds Python objects, or its arrays do not fit together.
    """
    arrays = _read_npz(path)
    name = next((name for name in _NPZ_IMAGES if name in arrays), None)
    if name is None:
        what = f"has no array of images, only {', '.join(arrays) or 'nothing'}"
        raise DataError(what, where=path, fix=f"Call it {' or '.join(_NPZ_IMAGES[:3])}.")
    images = arrays[name]
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise DataError(f"{name} is {images.dtype}", where=path, fix="Save uint8 from 0 to 255, or floats from 0 to 1.")
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3, 4)):
        raise DataError(f"{name} has the shape {images.shape}", where=path, fix="Expected (N, H, W) or (N, H, W, C) with C of 1, 3 or 4.")
    if images.dtype != np.uint8 and images.size:
        low, high = float(images.min()), float(images.max())
        if not (low >= 0 and high <= 1):  # also catches NaN
            what = "has values that are not a number" if np.isnan(low) else f"has values from {low:g} to {high:g}"
            raise DataError(f"{name} {what}", where=path, fix="Floats must lie in [0, 1]; or save uint8 from 0 to 255.")
    labels = next((label for label in _NPZ_LABELS if label in arrays), None)
    if labels is None:
        return Stacked(images, (), np.zeros(len(images), np.int64))
    return Stacked(images, *_npz_labels(arrays[labels], arrays.get("label_names"), len(images), path))


def _check_size(path: Path) -> None:
    """Raise if the arrays of an npz would not fit into memory, though the file is small."""
    with zipfile.ZipFile(path) as file:
        for member in file.infolist():
            check_member(member, path)
        total = sum(member.file_size for member in file.infolist() if member.filename.removesuffix(".npy") in _NPZ_WANTED)
    if total > max(_MOST, path.stat().st_size):
        raise DataError(f"unpacks to {total >> 30} GiB", where=path, fix="Save it without compression, or name a folder of pictures.")


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        _check_size(path)
        # opened here: given a path, np.load does not close a broken file
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("a single array")
            # arrays that nobody asks for are named, not read
            return {name: file[name] if name in _NPZ_WANTED else np.empty(0) for name in file.files}
    except _NPZ_FAULTS as error:
        objects = "Object arrays" in str(error)
        what = "holds Python objects, which are never loaded" if objects else f"is no readable npz ({error})"
        raise DataError(what, where=path, fix="Save plain arrays with numpy.savez.") from error


def _npz_labels(values: NDArray[Any], names: NDArray[Any] | None, count: int, path: Path) -> tuple[tuple[str, ...], Labels]:
    values = values.reshape(-1) if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim != 1:
        raise DataError(f"labels have the shape {values.shape}", where=path, fix="Expected one label a picture, (N,).")
    _check_count(len(values), count, path)
    if np.issubdtype(values.dtype, np.str_):
        found, of = np.unique(np.array([label_name(str(value)) for value in values]), return_inverse=True)
        return _named(tuple(map(str, found)), path), of.astype(np.int64)
    if not np.issubdtype(values.dtype, np.integer):
        raise DataError(f"labels are {values.dtype}", where=path, fix="Save whole numbers or texts.")
    try:
        labels, of = numbered(values, None if names is None else [str(name) for name in names.reshape(-1)])
    except IndexError as error:
        raise DataError(str(error), where=path, fix="label_names must name every number from 0 on.") from error
    return _named(labels, path), of


def _named(labels: tuple[str, ...], path: Path) -> tuple[str, ...]:
    """``labels``, each with a name of its own."""
    if "" in labels:
        raise DataError("has a label without a name", where=path, fix="Name each label.")
    if twice := next((name for name, count in Counter(labels).items() if count > 1), None):
        raise DataError(f"calls two labels {twice!r}", where=path, fix="Name each label differently in label_names.")
    return labels


def _check_count(labels: int, images: int, path: Path) -> None:
    if labels != images:
        what = f"there are {labels} labels for {images} pictures"
        raise DataError(what, where=path, fix="Each picture needs one label, in the same order.")
