"""One picture's bytes to pixels, by Pillow; torch-free, and nothing global is changed.

Pixels are uint8 arrays in straight (not premultiplied) alpha, range 0 to 255:
``(H, W)`` grey, ``(H, W, 3)`` RGB or ``(H, W, 4)`` RGBA. Whatever a broken or
hostile file makes Pillow raise, the caller sees :class:`Unreadable` with a reason.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

Pixels = NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
MAX_PIXELS = 64_000_000
MAX_BYTES = 2**29
"""A file above this is not even read; 64 megapixels of uncompressed RGBA fit in half of it."""

# what Pillow's decoders let through on damaged input; found by flipping bytes in files of every format
_FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError, OverflowError,
    NotImplementedError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class Unreadable(Exception):
    """A picture that cannot be used; the text says why, as the end of a sentence."""


@dataclass(frozen=True)
class Header:
    """What is known of a picture before its pixels are decoded.

    Attributes:
        digest: SHA-256 of its bytes.
        width, height: in pixels, as a person would see it (EXIF orientation applied).
        grey, opaque: whether its format alone guarantees that it is.
    """

    digest: bytes
    width: int
    height: int
    grey: bool
    opaque: bool


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Pillow's warnings off stderr. Enter it in the main thread, around the workers."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        yield


def check_size(width: int, height: int) -> None:
    """Refuse sizes that are a bomb or a mere line.

    Raises:
        Unreadable: above 64 megapixels, or with a side of one pixel.
    """
    if width * height > MAX_PIXELS:
        raise Unreadable(f"is {width}x{height}, more than {MAX_PIXELS // 10**6} megapixels")
    if min(width, height) < 2:
        raise Unreadable(f"is only {width}x{height}")


def header(data: bytes) -> Header:
    """Read the header of an encoded picture; no pixel is decoded.

    Raises:
        Unreadable: if it is no picture, too large or too small.
    """
    with _opened(data) as image:
        width, height = image.size
        # only what stands before the pixels: getexif() would decode a whole PNG to look behind them
        if "exif" in image.info and _orientation(image) >= 5:
            width, height = height, width
        grey = image.mode in ("1", "L") or image.mode.startswith("I")
        return Header(hashlib.sha256(data).digest(), width, height, grey, not image.has_transparency_data)


def pixels(data: bytes, enough: int = 0) -> Pixels:
    """Decode an encoded picture: first frame, upright, colour 0 where it is fully transparent.

    Args:
        data: the whole file.
        enough: a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size as long as
            each side keeps so many pixels (its decoder then averages exactly,
            in a fraction of the time); 0 decodes at full size.

    Returns:
        ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)`` uint8.

    Raises:
        Unreadable: with the reason.
    """
    with _opened(data) as image:
        if enough and image.format in ("JPEG", "MPO"):
            image.draft(image.mode, (enough, enough))
        image.load()
        if _orientation(image) != 1:
            ImageOps.exif_transpose(image, in_place=True)
        return _to_pixels(image)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    if not data:
        raise Unreadable("is empty (0 bytes)")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_size(*image.size)
            yield image
    except Image.DecompressionBombError as error:
        raise Unreadable(f"has more than {MAX_PIXELS // 10**6} megapixels") from error
    except UnidentifiedImageError as error:
        raise Unreadable("is no PNG, JPEG, WebP, GIF or BMP picture") from error
    except MemoryError as error:
        raise Unreadable("does not fit into memory") from error
    except _FAULTS as error:
        raise Unreadable(f"is damaged ({error or type(error).__name__})") from error


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; a damaged EXIF block must not cost the picture."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _FAULTS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _to_pixels(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if not image.has_transparency_data:
        return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    return clean(np.array(image.convert("RGBA")))


def _from_16_bit(image: Image.Image) -> Pixels:
    """16-bit grey by rounding v / 257, so that 0 stays 0 and 65535 becomes 255."""
    values = np.clip(np.asarray(image), 0, 65535).astype(np.int32)
    grey = ((values + 128) // 257).astype(np.uint8)
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    return clean(np.dstack([grey, grey, grey, np.where(values == clear, 0, 255).astype(np.uint8)]))


def clean(picture: Pixels) -> Pixels:
    """Set the colour of fully transparent pixels to 0, in place, since nobody can see it."""
    if picture.ndim == 3 and picture.shape[2] == 4:
        picture[picture[..., 3] == 0] = 0
    return picture
