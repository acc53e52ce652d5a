"""A pretrained network as an extractor, and the check that its weights are those that scores are made with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import nn

from paragone.errors import ParagoneError
from paragone.execution import Execution
from paragone.spec import SampleSpec

from .resize import to_rgb


class FrozenNetwork:
    """Features of pictures from a network that is not trained any more.

    Always in float32, without TF32, whatever ``execution`` trains in: a score must
    not depend on the machine that computes it.

    Args:
        identity: name and version, part of the key of cached features.
        size: features per picture, D.
        side: height and width of the pictures that ``network`` takes.
        network: ``(B, 3, side, side)`` float32 in [0, 1] → ``(B, D)`` float32.
        spec: of a picture, ``(C, H, W)`` in [-1, 1] with C of 1, 3 or 4.
        execution: its device is used, its precision is not.

    Raises:
        ValueError: if ``spec`` is not that of a picture.
    """

    def __init__(self, identity: str, size: int, side: int, network: nn.Module, *, spec: SampleSpec, execution: Execution) -> None:
        check_picture(spec)
        self.identity, self.size, self.side = identity, size, side
        self._spec, self._execution = spec, execution
        # pictures at once: a CPU is quickest while the maps of a few fit its cache
        self.batch = 8 if execution.device.type == "cpu" else 64
        self._binary = spec.traits.get("alpha") == "binary"
        self._network = execution.place(network.eval().requires_grad_(False))

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, *spec.shape)`` in [-1, 1] → ``(B, D)`` float32 on the CPU.

        Raises:
            ValueError: if the shape is wrong or a value is not a number.
        """
        check_shape(samples, self._spec)
        # made outside inference mode, so that the caller may change it in place
        features = torch.empty(len(samples), self.size)
        exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
        with torch.inference_mode(), self._execution.autocast(False), exact:
            for start in range(0, len(samples), self.batch):
                picture = to_rgb(samples[start : start + self.batch], self.side, self._binary).to(self._execution.device)
                features[start : start + self.batch] = self._network(picture.contiguous(memory_format=torch.channels_last))
        return features


def check_picture(spec: SampleSpec) -> None:
    """Raise ``ValueError`` unless ``spec`` is of a picture: ``(1, 3 or 4, H, W)`` in [-1, 1]."""
    if len(spec.shape) != 3 or spec.shape[0] not in (1, 3, 4) or (spec.low, spec.high) != (-1, 1):
        raise ValueError(f"expected the spec of a picture (1, 3 or 4 channels, height, width; -1 to 1), got {spec}")


def check_shape(samples: torch.Tensor, spec: SampleSpec) -> None:
    """Raise ``ValueError`` unless ``samples`` is ``(B, *spec.shape)``."""
    if tuple(samples.shape[1:]) != spec.shape:
        raise ValueError(f"expected samples of shape {spec.shape}, got {tuple(samples.shape[1:])}")


def check_weights(path: Path, digest: str, fix: str) -> None:
    """Raise unless the file at ``path`` is the one that scores are made with.

    Two scores can be compared only if one network made both, and a damaged file
    that still loads would give a score too.

    Args:
        path: the file of weights.
        digest: its SHA-256, in hexadecimal.
        fix: how to mend it.

    Raises:
        ParagoneError: if it cannot be read, or is another.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ParagoneError(f"the extractor's weights cannot be read ({error.strerror or error})", where=path, fix=fix) from error
    if found != digest:
        raise ParagoneError(
            f"the extractor's weights are damaged or of another version (SHA-256 {found[:12]}…, not {digest[:12]}…)", where=path, fix=fix
        )
