"""Makes the starter sounds of the package: mono, 16 kHz, 16-bit FLAC, in the label folders of the original.

    python tests/benchmarks/starter_sounds.py ORIGINAL.zip plugins/paragone_audio/starter/drums.zip

The original is what LICENSE.md beside the result describes. The same original gives the same bytes.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import soundfile
import torch

from paragone_audio.sources import Part, open_source
from paragone_audio.spectra import resample

RATE = 16_000


def reduced(part: Part) -> bytes:
    """The sound as FLAC: the mean of its channels, resampled, brought below full scale where that overshoots."""
    with part.sound() as sound:
        wave = resample(torch.from_numpy(np.concatenate(list(sound.blocks()))), sound.rate, RATE).numpy()
    wave = wave / max(1.0, float(np.abs(wave).max()))
    file = io.BytesIO()
    soundfile.write(file, np.rint(wave * 32767).astype(np.int16), RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def main(original: str, made: str) -> None:
    """Write the zip."""
    with open_source(Path(original)) as source, zipfile.ZipFile(made, "w") as archive:
        for part in source.parts:
            archive.writestr(zipfile.ZipInfo(part.name), reduced(part))  # stored: FLAC is packed already; and without a date of its own


if __name__ == "__main__":
    main(*sys.argv[1:])
