"""``ngrams``: no network at all, for tests, and for scripts that the language model has never read."""

from __future__ import annotations

import zlib

import torch
from torch.nn.functional import normalize

from paragone.execution import Execution
from paragone.spec import SampleSpec

from ..tokenizer import of
from .labels import framed_grams
from .texts import decoded


class HashedGrams:
    """Which n-grams of one to three characters a text holds, its beginning and its end marked, by a hash.

    Each n-gram is counted in one of 512 entries, up or down as one more bit of its hash
    says: then those that share an entry cancel out on average, and a product of two
    vectors is, on average, that of the counts themselves (Weinberger et al. 2009,
    lemma 2). The vector of a text has length 1.

    Args:
        spec: of a text.

    Raises:
        ValueError: if samples of ``spec`` are no texts.
    """

    identity = "ngrams/1"
    size = 512

    def __init__(self, spec: SampleSpec) -> None:
        of(spec)
        self._spec = spec

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, L)`` tokens → ``(B, 512)`` float32."""
        features = torch.zeros(len(samples), self.size)
        for row, text in zip(features, decoded(samples, self._spec), strict=True):
            hashes = torch.tensor([zlib.crc32(gram.encode("utf-8", "replace")) for gram in framed_grams(text)])
            row.index_add_(0, hashes % self.size, 1.0 - 2.0 * (hashes // self.size % 2))
        return normalize(features)


def build(spec: SampleSpec, execution: Execution) -> HashedGrams:
    """See :class:`HashedGrams`; ``execution`` is not needed."""
    return HashedGrams(spec)
