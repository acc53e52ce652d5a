"""Settings of sounds: how they are read, and how they are written. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paragone.options import setting


@dataclass(frozen=True)
class AudioData:
    """``[data]``: from files to waveforms."""

    rate: int = setting(0, "Samples a second; 0: what most of the files have, at most 48000.", minimum=0, maximum=192_000)
    seconds: float = setting(
        0.0,
        "Length of every sound; 0: long enough for nine in ten to fade by 40 dB, 0.3 to 4 s; 1 s of a single recording.",
        minimum=0.0,
        maximum=60.0,
    )
    loop: bool = setting(False, "Learn sounds whose end runs into their beginning, without a seam.")
    longer: Literal["auto", "cut", "windows"] = setting(
        "auto",
        "What becomes of a longer sound; cut: its beginning is kept; windows: it becomes several; auto: windows from twice the length on.",
    )
    level: Literal["peak", "keep"] = setting("peak", "peak: each sound is brought to -1 dBFS; keep: as loud as it is.")
    max_bad: float = setting(
        0.1, "Share of unreadable files that is still tolerated; they are skipped and listed.", minimum=0.0, maximum=1.0
    )


@dataclass(frozen=True)
class AudioSample:
    """How sounds are written."""

    format: Literal["wav", "flac", "ogg"] = setting("wav", "Kind of file: wav and flac have 24 bits, ogg is smaller.")
    kit: str = setting(
        "",
        "Make a drum kit instead: FILE.sfz, and beside it a Hydrogen kit and the sounds; --count of every label, 4 if not given.",
        metavar="FILE",
    )
