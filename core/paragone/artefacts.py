"""What the engine asks of a plugin's artefact writer: tensors to bytes and back.

A writer never touches the disk. The engine writes the bytes, safely, so that a
full disk or a killed process cannot leave half a file under its final name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch

from .modality import Modality, resolve, running
from .spec import SampleSpec


class Artefacts(Protocol):
    """Encodes samples as files of the medium.

    Attributes:
        extension: of one sample's file, such as ``".png"``.
        sheet_extension: of the contact sheet's file.
    """

    extension: str
    sheet_extension: str

    def encode(self, sample: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        """One sample as a file.

        Args:
            sample: ``spec.shape`` of ``spec.dtype``, on the CPU.
            provenance: JSON-serialisable facts to store inside the file.
        """
        ...

    def decode(self, data: bytes) -> tuple[torch.Tensor, dict[str, Any]]:
        """What :meth:`encode` wrote: the sample and its provenance.

        Raises:
            paragone.errors.DataError: if ``data`` is no such file.
        """
        ...

    def sheet(self, samples: torch.Tensor, columns: int, captions: Sequence[str], provenance: Mapping[str, Any]) -> bytes:
        """Many samples side by side, for a person to look at.

        Args:
            samples: ``(B, *spec.shape)``, filled row by row.
            columns: samples in a row, 1 or more.
            captions: one a row, or empty.
            provenance: stored inside the file.
        """
        ...


def writer_of(medium: Modality, spec: SampleSpec, options: Any) -> Artefacts:
    """The medium's artefact writer, for samples of ``spec``.

    Args:
        medium: that declares it.
        spec: of the samples.
        options: an instance of the medium's ``sample_config``.

    Raises:
        PluginError: if it cannot be imported or made.
    """
    with running(medium.artefacts):
        writer: Artefacts = resolve(medium.artefacts)(spec, options)
        return writer


SHOWN = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
"""What a page shows or plays, with its media type."""

PLAYED = tuple(extension for extension, kind in SHOWN.items() if kind.startswith("audio/"))


class Previewed(Artefacts, Protocol):
    """Of a medium whose files show nothing when they are put on a page, such as sounds. A writer need not have this.

    A page shows ``.png``, ``.jpg``, ``.gif``, ``.webp``, ``.svg``, ``.mp4`` and ``.webm``, plays ``.wav``, ``.flac``, ``.ogg`` and
    ``.mp3``, and prints what is text; of other files it says how large they are.

    Attributes:
        loops: whether what is played is to be played round and round; it need not be there.
    """

    loops: bool

    def preview(self, sample: torch.Tensor) -> Sequence[tuple[str, bytes]]:
        """What a page shows of one sample: files, each with its extension, such as a picture and something to play.

        Args:
            sample: ``spec.shape`` of ``spec.dtype``, on the CPU.
        """
        ...


class Audible(Artefacts, Protocol):
    """Of a medium that is heard, and whose sheets are not: while it trains, something to hear lies beside each.

    A writer need not have this.

    Attributes:
        medley_extension: of that file: ``.wav``, ``.flac``, ``.ogg`` or ``.mp3``.
    """

    medley_extension: str

    def medley(self, samples: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        """Some samples one after another, for a person to hear.

        Args:
            samples: ``(B, *spec.shape)``.
            provenance: stored inside the file.
        """
        ...


class Lines(Artefacts, Protocol):
    """Of a medium that declares ``lines``: its samples can be printed."""

    def line(self, sample: torch.Tensor) -> str:
        """The text of one sample.

        Args:
            sample: ``spec.shape`` of ``spec.dtype``, on the CPU.
        """
        ...
