"""Samples as waveforms, some of them in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from paragone.evaluation.evidence import Evidence
from paragone.spec import SampleSpec

from ..sound import rate_of

READ = 2**22
"""Numbers read at once, of all sounds together."""


def waves_of(samples: torch.Tensor, spec: SampleSpec) -> torch.Tensor:
    """``(B, 1, L)`` → ``(B, L)`` float32 on the CPU.

    Raises:
        ValueError: if these are not samples of ``spec``.
    """
    if tuple(samples.shape[1:]) != spec.shape:
        raise ValueError(f"expected samples of shape {spec.shape}, got {tuple(samples.shape[1:])}")
    return samples.detach().to("cpu", torch.float32)[:, 0]


def described(evidence: Evidence) -> SampleSpec:
    """What its sounds are.

    Raises:
        ValueError: if it does not say so, or these are no sounds.
    """
    if evidence.spec is None:
        raise ValueError("expected samples with a description")
    rate_of(evidence.spec)
    return evidence.spec


def rows(spec: SampleSpec) -> int:
    """How many sounds are read at once, at least one."""
    return max(1, READ // spec.size)


def streamed(evidence: Evidence) -> Iterator[torch.Tensor]:
    """All its waveforms, ``(B, L)`` float32, a few at a time."""
    spec = described(evidence)
    for wanted in torch.split(torch.arange(len(evidence)), rows(spec)) if len(evidence) else ():
        yield waves_of(evidence.read(wanted), spec)
