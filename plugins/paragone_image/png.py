"""PNG files with provenance inside, written and read. No torch."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from paragone.errors import DataError

from .decode import MAX_PIXELS, Pixels, Unreadable, pixels, quiet

KEYWORD = "paragone"
"""Keyword of the text chunk that holds the provenance as JSON."""


def write_png(picture: Pixels, provenance: Mapping[str, Any]) -> bytes:
    """A PNG file.

    Args:
        picture: ``(H, W, C)`` uint8 with C of 1, 3 or 4.
        provenance: JSON-serialisable facts, stored as an iTXt chunk.
    """
    image = Image.fromarray(np.ascontiguousarray(picture[..., 0] if picture.shape[2] == 1 else picture))
    chunks = PngImagePlugin.PngInfo()
    # in front of the pixels; sorted, so that the same picture gives the same bytes
    chunks.add_itxt(KEYWORD, json.dumps(dict(provenance), ensure_ascii=False, sort_keys=True))
    target = io.BytesIO()
    image.save(target, "PNG", pnginfo=chunks)
    return target.getvalue()


def read_png(data: bytes) -> tuple[Pixels, dict[str, Any]]:
    """Pixels and provenance of a PNG file; ``{}`` if it has none.

    Raises:
        DataError: if it is no PNG, is damaged, or its provenance is not a JSON object.
    """
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise DataError("is no PNG picture", fix="Give a file that `create image` wrote.")
    try:
        with quiet():
            return pixels(data), _provenance(data)
    except Unreadable as reason:
        raise DataError(f"the picture {reason}", fix=f"Give an undamaged PNG of at most {MAX_PIXELS // 10**6} megapixels.") from reason
    except (ValueError, OSError, SyntaxError) as error:
        raise DataError(f"its provenance is damaged ({error})", fix="Give a file that `create image` wrote.") from error


def _provenance(data: bytes) -> dict[str, Any]:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        text = image.info.get(KEYWORD)
    if text is None:
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
