"""The feature extractor of a medium that has none of its own: the numbers of a sample."""

from __future__ import annotations

import torch

from ..execution import Execution
from ..spec import SampleSpec


class Bare:
    """Satisfies :class:`paragone.evaluation.features.FeatureExtractor`.

    Enough for samples of a few numbers. Of a picture or a sound it says little: two that
    look or sound alike can be far apart number by number.

    Args:
        spec: of a sample; its entries are the features, one by one.
    """

    identity = "bare/1"

    def __init__(self, spec: SampleSpec) -> None:
        self.size = spec.size

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, *spec.shape)`` → ``(B, spec.size)`` float32."""
        return samples.flatten(1).float()


def build(spec: SampleSpec, execution: Execution) -> Bare:
    """See :class:`paragone.modality.Extractor`."""
    return Bare(spec)
