"""``reference-lm``: the default. The states of a small language model that has read the bundled towns.

It predicts each byte of a text's UTF-8 from those before it: a layer of gated recurrent
units (Cho et al. 2014, equations 5 to 8, as torch computes them). The features of a text are the mean of its states
and the last one, moved and scaled by one factor so that over the towns it learned from each
entry has mean 0, and variance 1 on average. To scale each entry by its own deviation would
let those that hardly ever move decide: a kernel cubes what a rare letter does to them.

Distances between them can be compared with each other only: they are no FID, and not the
FED of d'Autume et al. 2019, whose sentence encoder is hundreds of megabytes. What this model
has learned is how names of places are spelt in fourteen countries. Of names it sees
what kind of name they are. Of other texts in Latin letters it sees the spelling, a few
letters at a time, and no grammar or meaning. In other scripts it is hardly more than a recurrent
network with random weights: equal distributions still have a distance near 0 and
a generator that repeats itself still shows, but how much a difference weighs is chance.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from paragone import weights
from paragone.execution import Execution
from paragone.spec import SampleSpec

from ..tokenizer import of
from .texts import decoded

WEIGHTS = Path(__file__).with_name("reference_lm.safetensors")
BYTES, EMBEDDING, STATE = 256, 32, 128
MARK = 0
"""The byte that stands before a text and after it: in UTF-8 it is no part of any character but NUL."""
LONGEST = 1024
"""Bytes of a text that are read."""


class ReferenceLM(nn.Module):
    """The model, with the mean of its features over what it has learned from, and the root of their mean variance."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(BYTES, EMBEDDING)
        self.recurrent = nn.GRU(EMBEDDING, STATE, batch_first=True)
        self.output = nn.Linear(STATE, BYTES)
        self.register_buffer("mean", torch.zeros(2 * STATE))
        self.register_buffer("deviation", torch.ones(()))

    def forward(self, text: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What each byte is followed by.

        Args:
            text: ``(B, T)`` int64 bytes, the first :data:`MARK`.

        Returns:
            ``(B, T, 128)`` states in (-1, 1), and ``(B, T, 256)`` logits of the next byte.
        """
        states, _ = self.recurrent(self.embedding(text))
        return states, self.output(states)

    def features(self, texts: list[str]) -> torch.Tensor:
        """``(B, 256)``: the mean of the states, then the last; before :attr:`mean` and :attr:`deviation`."""
        text, lengths = as_bytes(texts)
        states = self.recurrent(self.embedding(text))[0]
        mean = (states * _inside(text, lengths)[..., None]).sum(1) / lengths[:, None]
        return torch.cat([mean, states[torch.arange(len(text)), lengths - 1]], 1)


class States:
    """Satisfies :class:`paragone.evaluation.features.FeatureExtractor`; see the module.

    On the CPU in float32, wherever the generator runs: it is small, and a score must not
    depend on the machine.

    Args:
        spec: of a text.

    Raises:
        ValueError: if samples of ``spec`` are no texts.
        RunError: if the weights are damaged.
    """

    size = 2 * STATE

    def __init__(self, spec: SampleSpec) -> None:
        of(spec)
        self._spec, self._model = spec, ReferenceLM()
        tensors, _ = weights.read(WEIGHTS)
        weights.fill_module(self._model, tensors, WEIGHTS)
        self._model.eval().requires_grad_(False)
        # other weights, other features: what is kept in the cache must not be mistaken for theirs
        self.identity = f"reference-lm/{hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:8]}"

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, L)`` tokens → ``(B, 256)`` float32."""
        if not len(samples):
            return torch.empty(0, self.size)
        with torch.no_grad():
            features = self._model.features(decoded(samples, self._spec))
        return (features - self._model.mean) / self._model.deviation


def as_bytes(texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """One or more texts as UTF-8, each after a :data:`MARK`.

    Returns:
        ``(B, T)`` int64 with zeros behind shorter texts, and ``(B,)`` int64 how many entries
        of each count, its first mark among them.
    """
    rows = [torch.tensor([MARK, *text.encode("utf-8", "replace")[:LONGEST]]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def surprise(logits: torch.Tensor, text: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """−log₂ of each text's probability, its end included, in bits: ``(B,)``.

    Args:
        logits: ``(B, T, 256)``, those that :class:`ReferenceLM` gives for ``text``.
        text, lengths: what :func:`as_bytes` gives.
    """
    following = torch.cat([text[:, 1:], text.new_full((len(text), 1), MARK)], 1)
    each = cross_entropy(logits.flatten(0, 1), following.flatten(), reduction="none").view(text.shape)
    return (each * _inside(text, lengths)).sum(1) / math.log(2.0)


def build(spec: SampleSpec, execution: Execution) -> States:
    """See :class:`States`; ``execution`` is not needed."""
    return States(spec)


def _inside(text: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """``(B, T)`` truth values: whether an entry belongs to its text."""
    return torch.arange(text.shape[1]) < lengths[:, None]
