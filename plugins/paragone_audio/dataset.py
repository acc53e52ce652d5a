"""The data set of sounds: ``open_dataset`` is what the plugin declares."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from paragone.preparing import Preparation
from paragone.spec import SampleSpec
from paragone.store import Entry

from .config import AudioData
from .prepare import ARRAYS, LOOPS, VERSION, Form, prepare
from .sound import Level, is_loop, rate_of, spec_of
from .sources import open_source, signature


class SoundSet:
    """Sounds of one length and rate, memory-mapped.

    Attributes:
        spec: ``(1, L)`` float32 in [-1, 1]; see :func:`.sound.spec_of`.
        labels: names of the labels, sorted; ``()`` when there are none.
        numbers: ``(N,)`` int64, the label of each sound; ``None`` when there are none.
        fingerprint: BLAKE2 of content and settings.
        hashes: ``(N,)`` int64, 64 bits of a hash of each sound as it is learned.

    Args:
        entry: what :func:`.prepare.prepare` wrote.
        fingerprint: as above.
        level: what the sounds were brought to.
    """

    def __init__(self, entry: Entry, fingerprint: str, level: Level = "peak") -> None:
        facts = entry.facts
        self.spec = spec_of(int(facts["length"]), int(facts["rate"]), bool(facts["loop"]), level)
        self.labels = tuple(facts["labels"])
        self.fingerprint = fingerprint
        self.hashes = torch.from_numpy(np.array(entry.arrays["hashes"]))
        self.numbers = torch.from_numpy(np.array(entry.arrays["numbers"])) if self.labels else None
        self._waves = entry.arrays["waves"].reshape(len(self.hashes), int(facts["length"]))

    def __len__(self) -> int:
        return len(self._waves)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See :meth:`paragone.data.Dataset.batch`."""
        waves = torch.from_numpy(self._waves[indices.numpy()]).to(device)[:, None]  # (B, 1, L) int16
        return waves.float() / 32767, None if self.numbers is None else self.numbers[indices].to(device)


def open_dataset(path: Path, config: AudioData, cache: Path, note: Callable[[str], None], like: SampleSpec | None = None) -> SoundSet:
    """Open sounds; see :class:`paragone.data.OpenDataset`.

    Args:
        path: a folder or zip of sound files, or one such file.
        config: rate, length and what else becomes of them.
        cache: where the decoded sounds are kept.
        note: told what was done to how many of them.
        like: description of samples that there are already: these are to have its rate and
            length, and be loops if those are. ``None``: settings and files decide.

    Raises:
        DataError: if there is nothing to learn from, or too many files cannot be read.
        PluginError: if torchaudio or soundfile does not work here.
        OutputError: if the sounds can be kept neither in ``cache`` nor in a temporary folder.
    """
    form = None if like is None else Form(rate_of(like), like.shape[-1], is_loop(like))
    preparation = Preparation("sounds", ARRAYS, signature, open_source, partial(prepare, config=config, like=form))
    found = preparation.prepared(path, (LOOPS if config.loop else VERSION, config), cache, note, like)
    for line in (*found.notes, *found.entry.facts["notes"]):
        note(line)
    sounds = SoundSet(found.entry, found.fingerprint, config.level)
    if found.temporary is not None:
        weakref.finalize(sounds, shutil.rmtree, found.temporary, ignore_errors=True)
    return sounds
