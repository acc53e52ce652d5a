"""The data set of texts: ``open_dataset`` is what the plugin declares."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from paragone.errors import DataError, OutputError
from paragone.spec import Axis, SampleSpec

from . import tokenizer
from .config import TextData
from .prepare import ARRAYS, VERSION, prepare
from .sources import Source, open_source, signature
from .store import Entry, Fill, Store

LARGE = 2**25
"""From so many bytes on the user is told that preparing them takes a while."""


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
    path, store = Path(path), Store(Path(cache), ARRAYS)
    question = _hash((VERSION, config))
    place = _hash((question, str(path.resolve())))[:32]
    wanted = None if like is None else (tokenizer.of(like), like.shape[0])
    stamp = signature(path)
    temporary = None
    try:
        content = store.recall(place, stamp)
        entry = None if content is None else store.load(_key(content, like))
        if content is None or entry is None:
            with open_source(path) as source:
                content = _hash((question, source.digest()))
                entry = store.load(_key(content, like))
                if entry is None:
                    fill: Fill = partial(prepare, source, config, wanted)
                    entry, temporary = _build(store, source, _key(content, like), fill, note)
            store.remember(place, stamp, content)
    except DataError as error:
        if error.where is not None:
            raise
        raise DataError(error.what, where=path, fix=error.fix) from error
    for line in entry.facts["notes"]:
        note(line)
    texts = TextSet(entry, content)
    if temporary is not None:
        weakref.finalize(texts, shutil.rmtree, temporary, ignore_errors=True)
    return texts


def _hash(facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode("utf-8", "surrogateescape"), digest_size=32).hexdigest()


def _key(content: str, like: SampleSpec | None) -> str:
    """Where the tokens are kept: two tokenizers make two sets of one content."""
    return content if like is None else _hash((content, like.to_json()))


def _build(store: Store, source: Source, key: str, fill: Fill, note: Callable[[str], None]) -> tuple[Entry, Path | None]:
    """Prepare in the cache or, if that cannot be written, in a temporary folder, which is returned."""
    if source.size >= LARGE:
        note(f"Preparing {source.size / 1e6:,.0f} MB of text. This is done once; the next start is immediate.")

    def waiting() -> None:
        note("Another process is preparing the same texts; waiting for it.")

    try:
        return store.build(key, fill, waiting), None
    except OSError as error:
        why = f"The cache {store.folder} cannot be written ({error.strerror or error})"
        note(f"{why}; using a temporary folder. Set PARAGONE_CACHE to another place.")
    temporary: Path | None = None
    try:
        temporary = Path(tempfile.mkdtemp(prefix="paragone-texts-"))
        return Store(temporary, ARRAYS).build(key, fill, waiting), temporary
    except OSError as error:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        raise OutputError(
            f"the prepared texts can be written neither here nor to a temporary folder ({error.strerror or error})",
            where=store.folder,
            fix="Free some space, or set PARAGONE_CACHE to a folder on a larger disk.",
        ) from error
