"""The data set of texts: ``open_dataset`` is what the plugin declares."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from paragone.preparing import Preparation
from paragone.spec import Axis, SampleSpec
from paragone.store import Entry

from . import tokenizer
from .config import TextData
from .prepare import ARRAYS, VERSION, prepare
from .sources import open_source, signature


class TextSet:
    """Texts as tokens, memory-mapped.

    Attributes:
        spec: ``(L,)`` int64 in [0, V - 1], padded with :data:`.tokenizer.END`; the trait
            ``tokenizer`` reads them (:func:`.tokenizer.of`).
        labels: names of the labels, sorted; ``()`` when there are none.
        numbers: ``(N,)`` int64, the label of each text; ``None`` when there are none.
        fingerprint: BLAKE2 of content and settings.
        hashes: ``(N,)`` int64, 64 bits of a hash of each text as it is learned.

    Args:
        entry: what :func:`.prepare.prepare` wrote.
        fingerprint: as above.
    """

    def __init__(self, entry: Entry, fingerprint: str) -> None:
        text = str(entry.facts["tokenizer"])
        self.spec = spec_of(tokenizer.from_json(text), int(entry.facts["length"]))
        self.labels = tuple(entry.facts["labels"])
        self.fingerprint = fingerprint
        self.hashes = torch.from_numpy(np.array(entry.arrays["hashes"]))
        self.numbers = torch.from_numpy(np.array(entry.arrays["numbers"])) if self.labels else None
        self._tokens, self._ends = entry.arrays["tokens"], entry.arrays["ends"]

    def __len__(self) -> int:
        return len(self._ends)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See :meth:`paragone.data.Dataset.batch`."""
        wanted = indices.numpy()
        starts = np.where(wanted > 0, self._ends[wanted - 1], 0)
        places = starts[:, None] + np.arange(self.spec.shape[0])  # (B, L)
        inside = places < self._ends[wanted][:, None]
        samples = np.zeros(places.shape, np.int64)
        samples[inside] = self._tokens[places[inside]]
        return torch.from_numpy(samples).to(device), None if self.numbers is None else self.numbers[indices].to(device)


def spec_of(tokens: tokenizer.Tokenizer, length: int) -> SampleSpec:
    """What a sample of up to ``length`` of these tokens is."""
    axis = Axis("position", length, "tokens", vocabulary=tokens.vocabulary, padding=tokenizer.END)
    return SampleSpec((axis,), "int64", 0, tokens.vocabulary - 1, {tokenizer.TRAIT: tokens.to_json()})


def open_dataset(path: Path, config: TextData, cache: Path, note: Callable[[str], None], like: SampleSpec | None = None) -> TextSet:
    """Open texts; see :class:`paragone.data.OpenDataset`.

    Args:
        path: a ``.txt``, ``.tsv``, ``.csv`` or ``.jsonl`` file, or a folder or zip of ``.txt`` files.
        config: tokenizer, vocabulary, length and how much of it.
        cache: where the tokens are kept.
        note: told what was chosen, and about lines that are skipped, texts that are cut and the like.
        like: description of samples that there are already: these are to be of that kind, with
            its tokenizer and length. ``None``: the corpus decides.

    Raises:
        DataError: if there is nothing to learn from, or too many lines cannot be read.
        UsageError: if ``config.vocabulary`` is too small for the tokenizer.
        OutputError: if the tokens can be kept neither in ``cache`` nor in a temporary folder.
    """
    wanted = None if like is None else (tokenizer.of(like), like.shape[0])
    preparation = Preparation("texts", ARRAYS, signature, open_source, partial(prepare, config=config, like=wanted))
    found = preparation.prepared(path, (VERSION, config), cache, note, like)
    for line in (*found.notes, *found.entry.facts["notes"]):
        note(line)
    texts = TextSet(found.entry, found.fingerprint)
    if found.temporary is not None:
        weakref.finalize(texts, shutil.rmtree, found.temporary, ignore_errors=True)
    return texts
