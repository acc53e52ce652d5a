"""What makes two sounds alike: what clusters are found by."""

from __future__ import annotations

import torch

from paragone.spec import SampleSpec

from .evaluation.log_mel import LogMel


def embed(samples: torch.Tensor, spec: SampleSpec) -> torch.Tensor:
    """Alike sounds have near rows: those of :class:`.evaluation.log_mel.LogMel`, ``(B, 1, L)`` → ``(B, 116)`` float32."""
    return LogMel(spec)(samples)
