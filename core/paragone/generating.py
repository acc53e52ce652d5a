"""Networks asked for many rows, always in calls of one size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from .errors import DivergenceError, PluginError
from .execution import Execution
from .modality import TELL_THE_AUTHOR, running
from .parallel import at_once, in_parallel
from .spec import SampleSpec

Told = Sequence[int] | torch.Tensor | None
"""What a network is told of B samples: a number of each, or shares ``(B, classes)`` float32 for one that has ``blends``."""

CHUNK = 16
"""Samples in one call of a network. It is always this many, short calls are
filled up: matrix kernels round differently for other batch sizes."""

SMALL_SAMPLE, SMALL_GENERATOR = 2**16, 2**22
"""Values of a sample, such as 128·128·4, and parameters of a generator: up to here a chunk has one core."""

ROUNDS = 4
"""Chunks that each core makes before all wait for the slowest."""


def in_chunks(
    network: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor],
    rows: torch.Tensor,
    labels: Told,
    device: torch.device,
    parallel: bool = False,
) -> torch.Tensor:
    """``network(rows, labels)``, :data:`CHUNK` rows at a time: row *i* of the result depends on row *i* and its label alone.

    Args:
        network: ``(CHUNK, *any)`` rows and ``(CHUNK,)`` int64 labels or ``None``, on ``device`` → ``(CHUNK, *any)``.
        rows: ``(B, *any)``, B at least 1.
        labels: B numbers, or ``(B, classes)`` shares for a network that takes them; ``None`` without labels.
        device: where the network is.
        parallel: call the network on several threads at once, see :func:`paragone.parallel.in_parallel`.

    Returns:
        ``(B, *any)`` on the CPU.
    """
    label = labels if labels is None or isinstance(labels, torch.Tensor) else torch.tensor(labels, dtype=torch.int64)

    def chunk(start: int) -> torch.Tensor:
        places = torch.arange(start, start + CHUNK).clamp_max(len(rows) - 1)
        asked = None if label is None else label[places].to(device)
        # each thread has modes of its own; and the caller's autocast shall not change a sample
        with torch.inference_mode(), torch.autocast(device.type, enabled=False):
            return network(rows[places].to(device), asked).cpu()[: len(rows) - start]

    starts = range(0, len(rows), CHUNK)
    return torch.cat(in_parallel(chunk, starts) if parallel else [chunk(start) for start in starts])


def made_in_parallel(generator: nn.Module, spec: SampleSpec, execution: Execution) -> bool:
    """Whether :func:`generate` gives each chunk a core of its own, and makes several at once.

    On a CPU, and where both the sample and the generator are small: a chunk of larger ones keeps
    a core so long that all should help. Not tokens, which may be drawn from torch's one generator.
    """
    if execution.device.type != "cpu" or spec.tokens is not None or spec.size > SMALL_SAMPLE:
        return False
    return sum(parameter.numel() for parameter in generator.parameters()) <= SMALL_GENERATOR


def best_count(generator: nn.Module, spec: SampleSpec, execution: Execution) -> int:
    """Samples that :func:`generate` had best be asked for at a time: chunks for all cores that it uses."""
    return CHUNK * (ROUNDS * at_once() if made_in_parallel(generator, spec, execution) else 1)


def generate(generator: nn.Module, spec: SampleSpec, execution: Execution, latent: torch.Tensor, labels: Told) -> torch.Tensor:
    """Samples on the CPU for ``(B, latent_size)`` latents and what is told of B samples, in chunks of one size, in fp32.

    Returns:
        ``(B, *spec.shape)`` of ``spec.dtype`` in ``[spec.low, spec.high]``.

    Raises:
        DivergenceError: if a value is not finite.
        PluginError: if the generator fails, or what it makes has another shape or is none of the vocabulary.
    """
    code = f"{type(generator).__module__}:{type(generator).__qualname__}"
    with running(code):
        samples = in_chunks(generator, latent, labels, execution.device, made_in_parallel(generator, spec, execution))
    if samples.shape != (wanted := (len(latent), *spec.shape)):
        what = f"the generator's samples have the shape {tuple(samples.shape)} where {wanted} was wanted"
        raise PluginError(what, where=code, fix=TELL_THE_AUTHOR)
    if spec.tokens is not None:
        try:
            spec.check(samples)
        except ValueError as error:
            what = f"the generator makes samples that do not fit their description: {error}"
            raise PluginError(what, where=code, fix=TELL_THE_AUTHOR) from error
        return samples
    samples = samples.float().clamp(spec.low, spec.high)  # a generator need not be squashed
    if not bool(torch.isfinite(samples).all()):
        raise DivergenceError("the generator makes values that are not finite", fix="Train again with lower learning rates.")
    return samples
