"""Pictures as PNG files and contact sheets; ``Pictures`` is what the plugin declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from paragone.errors import DataError
from paragone.spec import SampleSpec

from .config import PictureSample
from .fit import CHANNELS, Mode, to_mode
from .png import read_png, write_png
from .sheet import draw_sheet
from .tensors import to_pixels, to_samples

_MODES: dict[int, Mode] = {channels: mode for mode, channels in CHANNELS.items()}


class Pictures:
    """Encodes samples as PNG; see :class:`paragone.artefacts.Artefacts`.

    Args:
        spec: of a picture, ``(C, H, W)`` float32 in [-1, 1] with C of 1, 3 or 4.
            Its trait ``alpha`` of ``"binary"`` keeps edges hard.
        config: how pictures are written; ``None`` for the defaults.

    Raises:
        ValueError: if ``spec`` is not that of a picture.
    """

    extension = ".png"
    sheet_extension = ".png"

    def __init__(self, spec: SampleSpec, config: PictureSample | None = None) -> None:
        if len(spec.shape) != 3 or spec.shape[0] not in _MODES:
            raise ValueError(f"expected the spec of a picture (1, 3 or 4 channels, height, width), got {spec}")
        self.spec, self.config = spec, config or PictureSample()
        self._mode = _MODES[spec.shape[0]]
        self._binary = spec.traits.get("alpha") == "binary"

    def encode(self, sample: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        """One picture as a PNG file, enlarged ``config.scale`` times, with its provenance.

        Args:
            sample: ``(C, H, W)``, clamped to [-1, 1] and rounded to 8 bits.
            provenance: JSON-serialisable facts.

        Raises:
            ValueError: if the shape is wrong or a value is not a number.
        """
        self._check(sample.unsqueeze(0))
        picture = to_pixels(sample.unsqueeze(0), self._binary)[0].numpy()
        scale = self.config.scale
        return write_png(picture.repeat(scale, axis=0).repeat(scale, axis=1), provenance)

    def decode(self, data: bytes) -> tuple[torch.Tensor, dict[str, Any]]:
        """What :meth:`encode` wrote, at any scale: ``(C, H, W)`` float32 and the provenance.

        Raises:
            DataError: if it is no PNG, or no whole multiple of the spec's size.
        """
        picture, provenance = read_png(data)
        _, height, width = self.spec.shape
        scale = picture.shape[0] // height
        if scale < 1 or picture.shape[:2] != (height * scale, width * scale):
            raise DataError(
                f"the picture is {picture.shape[1]}x{picture.shape[0]}, which is no multiple of {width}x{height}",
                fix="Give a picture that this run made.",
            )
        # the middle of each enlarged pixel: nearest
        small = to_mode(picture[scale // 2 :: scale, scale // 2 :: scale], self._mode)
        return to_samples(torch.tensor(small).unsqueeze(0))[0].contiguous(), provenance

    def sheet(self, samples: torch.Tensor, columns: int, captions: Sequence[str], provenance: Mapping[str, Any]) -> bytes:
        """Many pictures on one; see :meth:`paragone.artefacts.Artefacts.sheet`.

        Raises:
            ValueError: if the shape is wrong or a value is not a number.
        """
        self._check(samples)
        if columns < 1:
            raise ValueError(f"a sheet needs at least 1 column, not {columns}")
        return write_png(draw_sheet(to_pixels(samples, self._binary).numpy(), columns, captions), provenance)

    def _check(self, samples: torch.Tensor) -> None:
        if tuple(samples.shape[1:]) != self.spec.shape:
            raise ValueError(f"expected samples of shape {self.spec.shape}, got {tuple(samples.shape[1:])}")
