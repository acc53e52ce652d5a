"""Networks asked for many rows, always in calls of one size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from .errors import DivergenceError, PluginError
from .execution import Execution
from .spec import SampleSpec

CHUNK = 16
"""Samples in one call of a network. It is always this many, short calls are
filled up: matrix kernels round differently for other batch sizes."""


def in_chunks(
    network: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor],
    rows: torch.Tensor,
    labels: Sequence[int] | None,
    device: torch.device,
) -> torch.Tensor:
    """``network(rows, labels)``, :data:`CHUNK` rows at a time: row *i* of the result depends on row *i* and its label alone.

    Args:
        network: ``(CHUNK, *any)`` rows and ``(CHUNK,)`` int64 labels or ``None``, on ``device`` → ``(CHUNK, *any)``.
        rows: ``(B, *any)``, B at least 1.
        labels: B label numbers, ``None`` without labels.
        device: where the network is.

    Returns:
        ``(B, *any)`` on the CPU.
    """
    label = None if labels is None else torch.tensor(labels, dtype=torch.int64)
    parts = []
    with torch.inference_mode():
        for start in range(0, len(rows), CHUNK):
            places = torch.arange(start, start + CHUNK).clamp_max(len(rows) - 1)
            asked = None if label is None else label[places].to(device)
            parts.append(network(rows[places].to(device), asked).cpu()[: len(rows) - start])
    return torch.cat(parts)


def generate(
    generator: nn.Module, spec: SampleSpec, execution: Execution, latent: torch.Tensor, labels: Sequence[int] | None
) -> torch.Tensor:
    """Samples on the CPU for ``(B, latent_size)`` latents and B label numbers, in chunks of one size, in fp32.

    Returns:
        ``(B, *spec.shape)`` of ``spec.dtype`` in ``[spec.low, spec.high]``.

    Raises:
        DivergenceError: if a value is not finite.
        PluginError: if a token is none of the vocabulary.
    """
    samples = in_chunks(generator, latent, labels, execution.device)
    if spec.tokens is not None:
        try:
            spec.check(samples)
        except ValueError as error:
            what = f"the generator makes samples that do not fit their description: {error}"
            raise PluginError(what, fix="Tell the author of the plugin that declares it.") from error
        return samples
    samples = samples.float().clamp(spec.low, spec.high)  # a generator need not be squashed
    if not bool(torch.isfinite(samples).all()):
        raise DivergenceError("the generator makes values that are not finite", fix="Train again with lower learning rates.")
    return samples
