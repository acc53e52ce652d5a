"""What the engine asks of a medium that has its own way of choosing samples.

Without one, the sample of a seed is what the generator makes of the seed's latent.
With one, it may be the best of several, or the first that keeps a condition: made of
``request.latent(size, attempt)`` for ``attempt`` 0, 1, 2, …, so that it still depends
on nothing but the weights, the request and the medium's settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch

from .errors import ParagoneError
from .request import Request

if TYPE_CHECKING:
    from .sampler import Sampler


@dataclass(frozen=True)
class Chosen:
    """What came of some requests.

    Attributes:
        samples: ``(N, *spec.shape)`` of ``spec.dtype`` on the CPU, for the first N requests.
        facts: N mappings of JSON values: what provenance and ``--json`` say of each.
        error: why there is none for the request after them; ``None`` if N is all.
    """

    samples: torch.Tensor
    facts: Sequence[Mapping[str, Any]]
    error: ParagoneError | None = None


class Chooser(Protocol):
    """Chooses samples, a few requests at a time."""

    def choose(self, requests: Sequence[Request]) -> Chosen:
        """A sample for each request.

        Args:
            requests: 1 to :data:`paragone.generating.CHUNK`. The sample of one must not depend on the others.
        """
        ...

    def notes(self) -> Sequence[str]:
        """What a user should know after the last sample, a line each."""
        ...


class OpenChooser(Protocol):
    """The callable that a modality's ``choosing`` import string names."""

    def __call__(self, sampler: Sampler, options: Any) -> Chooser | None:
        """Get ready to choose.

        Args:
            sampler: the trained generator, and its discriminator and training data where they are wanted.
            options: an instance of the modality's ``sample_config``.

        Returns:
            ``None`` where ``options`` ask for nothing special: then the engine's own way is taken.

        Raises:
            ParagoneError: if what ``options`` ask for cannot be had.
        """
        ...
