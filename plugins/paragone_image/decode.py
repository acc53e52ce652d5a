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
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

Pixels = NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
MAX_PIXELS = 64_000_000
MAX_BYTES = 2**29
"""A file above this is not even read; 64 megapixels of uncompressed RGBA fit in half of it."""

# what Pillow's decoders let through on damaged input; found by flipping bytes in files of every format
_FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError, OverflowError,
    NotImplementedError, MemoryError, AssertionError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


_PNG = b"\x89PNG\r\n\x1a\n"
_DEPTH = 24
"""Where a PNG says how many bits a value has."""

_UPRIGHT = dict(
    zip(
        range(2, 9),
        (
            Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE,
            Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90,
        ),
        strict=True,
    )
)  # fmt: skip
"""EXIF orientation → what makes it upright. Pillow's own ``exif_transpose`` writes all EXIF anew, which fails where any of it is odd."""


class Unreadable(Exception):
    """A picture that cannot be used; the text says why, as the end of a sentence."""


@dataclass(frozen=True)
class Header:
    """What is known of a picture before its pixels are decoded.

    Attributes:
        digest: SHA-256 of its bytes.
        width, height: in pixels, as a person would see it (EXIF orientation applied).
        grey, opaque: whether its format alone guarantees that it is.
        animated: whether it has more than one frame.
    """

    digest: bytes
    width: int
    height: int
    grey: bool
    opaque: bool
    animated: bool = False


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
        # of a PNG only what stands before the pixels: getexif() would decode it all to look behind them
        if ("exif" in image.info or image.format != "PNG") and _orientation(image) >= 5:
            width, height = height, width
        grey = image.mode in ("1", "L") or image.mode.startswith("I")
        animated = bool(getattr(image, "is_animated", False)) and image.format != "MPO"  # whose other frame is a preview
        return Header(hashlib.sha256(data).digest(), width, height, grey, not image.has_transparency_data, animated)


def pixels(data: bytes, enough: int = 0) -> Pixels:
    """Decode an encoded picture: first frame, upright, in sRGB, colour 0 where it is fully transparent.

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
        clear = image.info.get("transparency")
        if image.format == "PNG" and image.mode == "L" and isinstance(clear, int) and clear < (1 << data[_DEPTH]) <= 16:
            image.info["transparency"] = clear * 255 // ((1 << data[_DEPTH]) - 1)  # Pillow scales the pixels only
        upright = _UPRIGHT.get(_orientation(image))
        turned = image if upright is None else image.transpose(upright)
        turned.format = image.format  # which decides about its colour profile
        return _to_pixels(turned)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    if not data:
        raise Unreadable("is empty (0 bytes)")
    try:
        with _recognised(data) as image:
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


def _recognised(data: bytes) -> Image.Image:
    """Open it; a PNG whose profile or texts are larger than Pillow will unpack is opened without them."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except ValueError:
        if not data.startswith(_PNG):
            raise
        return Image.open(io.BytesIO(_without_words(data)), formats=FORMATS)


def _without_words(png: bytes) -> bytes:
    """A PNG without its texts and its colour profile."""
    kept, place = [_PNG], len(_PNG)
    while place + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        if kind not in (b"iCCP", b"iTXt", b"zTXt", b"tEXt"):
            kept.append(png[place : place + 12 + length])
        place += 12 + length
    return b"".join(kept)


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
    if image.has_transparency_data:
        return clean(np.array(_in_srgb(_converted(image, "RGBA"), image)))
    if image.mode in ("1", "L"):
        return np.asarray(_converted(image, "L"))
    return np.asarray(_converted(_in_srgb(image, image), "RGB"))


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """In that mode; not even copied where it has it."""
    return image if image.mode == mode else image.convert(mode)


def _in_srgb(image: Image.Image, original: Image.Image) -> Image.Image:
    """Colours as they look on a usual screen, where ``original`` has a profile that says something else; a damaged one is ignored.

    Only of what cameras and scanners write: pixel art is in PNG, and its numbers are meant as they are, whatever a program added.
    """
    data = original.info.get("icc_profile")
    if not data or original.format not in ("JPEG", "MPO", "WEBP") or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return image
        colours = image.convert("RGB") if image.mode == "RGBA" else image
        seen = ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, *_FAULTS):
        return image
    if image.mode == "RGBA" and seen is not None:
        seen.putalpha(image.getchannel("A"))
    return seen or image


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
