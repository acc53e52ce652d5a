"""Every number of every sound, in one look at the waveforms: a generated sound may have to be made anew for each look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from paragone.evaluation.evidence import Evidence

from ..sound import rate_of
from .descriptors import Decay, attack, centroid, crest, flatness, is_clipped, loudness, offset, step
from .lines import LINES, excess
from .waves import described, streamed

DESCRIPTORS: Mapping[str, Callable[[torch.Tensor, int], torch.Tensor]] = MappingProxyType(
    {
        "centroid": centroid,
        "flatness": flatness,
        "crest": crest,
        "attack": attack,
        "decay": Decay(20),
        "tail": Decay(40),
        "loudness": loudness,
        "offset": offset,
        "clipped": is_clipped,
        "step": step,
    }
)
"""What is measured, by its name."""


@dataclass(frozen=True)
class Survey:
    """What was measured of N sounds.

    Attributes:
        numbers: name in :data:`DESCRIPTORS` → ``(N,)`` float64, NaN where it has no meaning.
        lines: ``(N, 127)`` as :func:`.lines.excess` gives them.
    """

    numbers: Mapping[str, torch.Tensor]
    lines: torch.Tensor

    def present(self, name: str) -> torch.Tensor:
        """``(N,)`` or fewer: the numbers of that name that have a meaning."""
        found = self.numbers[name]
        return found[found.isfinite()]


def survey(evidence: Evidence) -> Survey:
    """Measure all of its sounds; to be asked for through :meth:`Evidence.once`.

    Raises:
        ValueError: if these are no sounds.
    """
    rate = rate_of(described(evidence))
    found: dict[str, list[torch.Tensor]] = {name: [torch.zeros(0)] for name in DESCRIPTORS}
    lines = [torch.zeros(0, LINES)]
    for waves in streamed(evidence):
        for name, describe in DESCRIPTORS.items():
            found[name].append(describe(waves, rate))
        lines.append(excess(waves))
    return Survey({name: torch.cat(parts).double() for name, parts in found.items()}, torch.cat(lines))
