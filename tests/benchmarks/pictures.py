"""Contact sheets of what a benchmark made, to be looked at: a number alone is no picture."""

from __future__ import annotations

import torch

from paragone.spec import SampleSpec
from paragone_image.artefacts import Pictures

from . import knobs


def save_sheet(samples: torch.Tensor, spec: SampleSpec, name: str) -> None:
    """Write ``name.png`` with eight samples a row, if a folder for pictures is named."""
    folder = knobs.pictures()
    if folder is not None:
        (folder / f"{name}.png").write_bytes(Pictures(spec).sheet(samples, 8, (), {}))
