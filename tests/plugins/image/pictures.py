"""Small helpers that the tests of pictures share."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random uint8 pixels."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def sprite(seed: int, height: int = 32, width: int = 32, levels: tuple[int, ...] = (0, 255)) -> np.ndarray:
    """Random RGBA with alpha from ``levels`` and colour 0 where it is 0."""
    picture = noise((height, width, 4), seed)
    picture[..., 3] = np.random.default_rng(seed + 1).choice(levels, (height, width))
    picture[picture[..., 3] == 0] = 0
    return picture


def encoded(picture: np.ndarray | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """``picture`` as a file of that kind."""
    target = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(target, kind, **options)
    return target.getvalue()


def fill(folder: Path, pictures: dict[str, np.ndarray | bytes]) -> Path:
    """Write each picture under its name."""
    for name, picture in pictures.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(picture if isinstance(picture, bytes) else encoded(picture))
    return folder
