"""Settings of pictures: how they are read, and how they are written. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paragone.options import setting


@dataclass(frozen=True)
class PictureData:
    """``[data]``: from files to tensors."""

    size: str = setting(
        "auto",
        "Width x height in pixels, as 48x32; auto: the pictures' own if nine in ten have one and it is small, else 32x32 or 64x64.",
        metavar="WxH",
    )
    channels: Literal["auto", "grey", "rgb", "rgba"] = setting("auto", "Colour mode; auto: the least that keeps every picture as it is.")
    fit: Literal["pad", "crop", "stretch"] = setting(
        "pad", "Pictures of another size: pad (enlarged by whole factors only), crop the middle, or stretch."
    )
    max_bad: float = setting(
        0.1,
        "Share of unreadable pictures that is still tolerated; they are skipped, and the first of them named.",
        minimum=0.0,
        maximum=1.0,
    )


@dataclass(frozen=True)
class PictureSample:
    """How pictures are written."""

    scale: int = setting(1, "Enlarge each picture so many times, pixel-exact.", minimum=1, maximum=64)
