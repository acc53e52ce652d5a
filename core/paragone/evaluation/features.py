"""From samples to features, and keeping those of real data: they cost the most and never change."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import torch

from .. import weights
from ..data import Dataset
from ..errors import DivergenceError, OutputError, PluginError, RunError
from ..modality import running
from .evidence import Evidence

BATCH = 32
"""Samples read at once."""

MOST = 10_000
"""Real samples that are looked at: scores of more take long and, but for a Fréchet distance, hardly differ."""

Progress = Callable[[str, int, int], None]
"""Told (what is being done, how much is done, of how much)."""


class FeatureExtractor(Protocol):
    """Turns samples into points of a space where distance means difference.

    Attributes:
        identity: name and version: features of another identity cannot be compared.
        size: D, entries of a feature.
    """

    identity: str
    size: int

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, *spec.shape)`` in ``[spec.low, spec.high]`` on the CPU → ``(B, D)`` float32 on the CPU."""
        ...


def extract(extractor: FeatureExtractor, batches: Iterable[torch.Tensor], total: int, what: str, progress: Progress) -> torch.Tensor:
    """Features of all ``batches``: ``(total, D)`` float32.

    Args:
        extractor: that sees them.
        batches: ``(B, *spec.shape)`` each.
        total: samples in all of them.
        what: is being looked at, for ``progress``.
        progress: told how far it is.

    Raises:
        DivergenceError: if a feature is not finite.
        PluginError: if the extractor fails, or its features have another shape than it says.
    """
    parts: list[torch.Tensor] = []
    done = 0
    progress(what, 0, total)
    with torch.inference_mode():
        for batch in batches:
            with running(f"feature extractor {extractor.identity}"):
                parts.append(extractor(batch).float())
            if tuple(parts[-1].shape) != (len(batch), extractor.size):
                raise PluginError(
                    f"gives features of shape {tuple(parts[-1].shape)}, not {(len(batch), extractor.size)}",
                    where=f"feature extractor {extractor.identity}",
                    fix="Tell the author of the plugin that declares it.",
                )
            if not bool(torch.isfinite(parts[-1]).all()):
                raise DivergenceError(
                    f"gives features that are not finite, first among the {what} {done} to {done + len(batch) - 1}",
                    where=f"feature extractor {extractor.identity}",
                    fix="Choose another with --extractor; if the samples are sound, tell the author of the extractor.",
                )
            done += len(batch)
            progress(what, done, total)
    return torch.cat(parts)


def real_evidence(
    extractor: FeatureExtractor, dataset: Dataset, cache: Path, what: str, progress: Progress, most: int = MOST, seen_as: str = ""
) -> Evidence:
    """A data set with its features, from ``cache`` if they were ever computed.

    Of more than ``most`` samples, those with the smallest content hashes are
    taken: as good as at random, and the same ones every time.

    Args:
        extractor: that sees them.
        dataset: at least one sample.
        cache: folder, made if absent; one that cannot be written is done without.
        what: it is called, for ``progress``.
        progress: told how far it is.
        most: samples to look at.
        seen_as: what else the extractor was built for, if its features depend on that.
    """
    order = dataset.hashes.argsort(stable=True)[:most]
    cpu = torch.device("cpu")
    known_as = f"{extractor.identity} {_code(extractor)} {dataset.fingerprint} {seen_as} "
    key = hashlib.sha256(known_as.encode() + dataset.hashes[order].numpy().tobytes())
    file = cache / f"{key.hexdigest()[:32]}.safetensors"
    features = _recall(file, (len(order), extractor.size))
    if features is None:
        features = extract(extractor, (dataset.batch(part, cpu)[0] for part in torch.split(order, BATCH)), len(order), what, progress)
        with contextlib.suppress(OutputError):  # then the next time takes as long as this one, no more
            weights.save(file, {"features": features}, {"extractor": extractor.identity, "data": dataset.fingerprint})
    numbers = None if dataset.numbers is None else dataset.numbers[order]
    return Evidence(features.double(), numbers, lambda wanted: dataset.batch(order[wanted], cpu)[0], dataset.spec)


def _code(extractor: FeatureExtractor) -> str:
    """Of the file that it is written in: an author changes it and expects other features. Empty where there is no such file."""
    try:
        return hashlib.sha256(Path(inspect.getfile(type(extractor))).read_bytes()).hexdigest()[:16]
    except (OSError, TypeError):
        return ""


def _recall(file: Path, shape: tuple[int, int]) -> torch.Tensor | None:
    try:
        features = weights.read(file)[0].get("features")
    except RunError:  # absent or damaged: it is made anew
        return None
    sound = features is not None and tuple(features.shape) == shape and bool(torch.isfinite(features).all())
    return features if sound else None
