"""The bundled sprites in two parts: 85 % to learn from, 15 % that no runner sees."""

from __future__ import annotations

import hashlib
import importlib.resources
import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import paragone_image
from paragone_image.tensors import to_samples

from .runner import Sprites

HELD_OUT = 0.15


def split_sprites(scratch: Path) -> tuple[Sprites, Sprites]:
    """(to learn from, held out).

    Which part a picture belongs to follows from its own bytes alone, so that it
    stays there when others are added or renamed.

    Args:
        scratch: an empty folder; the files are written there.
    """
    archive = importlib.resources.files(paragone_image) / "starter" / "sprites.zip"
    files: dict[bool, list[tuple[str, bytes]]] = {False: [], True: []}
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as sprites:
        for name in sorted(name for name in sprites.namelist() if name.endswith(".png")):
            data = sprites.read(name)
            share = int.from_bytes(hashlib.sha256(data).digest()[:4], "big") / 2**32
            files[share < HELD_OUT].append((name, data))
    return _open(files[False], scratch / "train"), _open(files[True], scratch / "heldout")


def _open(files: list[tuple[str, bytes]], folder: Path) -> Sprites:
    names = tuple(sorted({name.split("/")[0] for name, _ in files}))
    pixels = []
    for name, data in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        pixels.append(torch.from_numpy(np.array(Image.open(io.BytesIO(data)).convert("RGBA"))))  # (32, 32, 4) uint8
    numbers = torch.tensor([names.index(name.split("/")[0]) for name, _ in files])
    return Sprites(to_samples(torch.stack(pixels)).contiguous(), numbers, names, folder)
