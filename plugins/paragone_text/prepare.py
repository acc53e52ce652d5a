"""From a source to prepared arrays, in two passes that hold a few thousand texts at a time.

The first pass counts (:mod:`.survey`), then tokens are chosen (:mod:`.planning`), the
second pass writes them:

- ``tokens`` (T,) uint16: all texts one after another, without what fills them up;
- ``ends`` (N,) int64: where in ``tokens`` each text ends;
- ``numbers`` (N,) int64: the label of each, 0 where there are none;
- ``hashes`` (N,) int64: of each text, as it is learned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paragone.errors import DataError, one_line
from paragone.store import RowWriter

from . import planning
from .config import TextData
from .lines import Faults
from .planning import Plan
from .sources import Source
from .survey import Batch, Survey, batches, lots, survey
from .tokenizer import Tokenizer

VERSION = 2
"""Rises when what was prepared before would no longer be right."""

ARRAYS = {"tokens": "<u2", "ends": "<i8", "numbers": "<i8", "hashes": "<i8"}
"""What is written."""

_WIDE = 16
"""Characters for each token that a sample may have: what is beyond them is not even encoded, it could not fit."""


@dataclass
class _Tally:
    """What became of the texts of the second pass."""

    unlabelled: int = 0
    longer: int = 0
    unknown: int = 0
    labels: list[NDArray[np.int64]] = field(default_factory=list)
    hashes: list[NDArray[np.int64]] = field(default_factory=list)


def prepare(source: Source, folder: Path, config: TextData, like: tuple[Tokenizer, int] | None) -> dict[str, Any]:
    """Write :data:`ARRAYS` into ``folder``.

    Args:
        source: the texts.
        folder: an empty one.
        config: decides what :mod:`.planning` is not to.
        like: tokenizer and length to use; ``None`` to choose them.

    Returns:
        ``tokenizer`` (its JSON), ``length``, ``labels`` (sorted names, none for fewer than two) and
        ``notes`` for the user, as plain JSON values.

    Raises:
        DataError: if there is nothing to learn from, or too many lines cannot be read.
        OSError: if ``folder`` cannot be written.
    """
    found = survey(source, config.most)
    found.faults.tolerate(config.max_bad)
    if not found.count:
        raise DataError("holds no text", fix="Put some into it, one a line; hundreds are needed to learn from.")
    plan = planning.plan(found, config) if like is None else planning.as_before(*like, found, config)
    names = sorted(set(found.labels) - {""})
    alone = [f"Only one label ({one_line(names[0])}) has texts, so labels are left out."] if len(names) == 1 else []
    names = [] if alone else names
    tally = _Tally()
    with RowWriter(folder / "tokens.npy", "<u2") as tokens, RowWriter(folder / "ends.npy", "<i8") as ends:
        end = 0
        for some, lengths in _samples(source, found, plan, names, tally):
            tokens.append(some)
            ends.append(end + np.cumsum(lengths))
            end += len(some)
    numbers, labels, about = _labels(found, names, tally)
    hashes = np.concatenate([np.empty(0, np.int64), *tally.hashes])
    notes = [*plan.notes, *_remarks(found, plan, tally), *alone, *about]
    different = len(np.unique(hashes))
    if different < 2:
        raise _too_few(len(hashes), different, tally, [*found.faults.reasons, *_remarks(found, plan, tally)])
    if len(hashes) > different:
        equal = len(hashes) - different
        notes.append(f"{_texts(equal)} {'are equal to others' if equal > 1 else 'is equal to another'}; they are kept.")
    for name, array in (("numbers", numbers), ("hashes", hashes)):
        with RowWriter(folder / f"{name}.npy", "<i8") as writer:
            writer.append(array)
    return {"tokenizer": plan.tokenizer.to_json(), "length": plan.length, "labels": labels, "notes": notes}


def _samples(
    source: Source, found: Survey, plan: Plan, names: Sequence[str], tally: _Tally
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Tokens one after another, and how many each text has; labels and hashes go to ``tally``."""
    number = {name: place for place, name in enumerate(names)}
    for batch in batches(source, Faults()):
        batch = _wanted(batch, found, bool(names), tally)
        wide = _WIDE * plan.length
        tokens, lengths = plan.tokenizer.encode_many([text[:wide] for text in batch.texts])
        room = np.maximum(lengths, 0)
        starts = np.cumsum(room) - room
        long = (lengths > plan.length) | ((lengths > 0) & (np.fromiter(map(len, batch.texts), np.int64, len(lengths)) > wide))
        tally.unknown += int((lengths < 0).sum())
        tally.longer += int(long.sum())
        kept = lengths > 0 if plan.cut else (lengths > 0) & ~long
        for place in np.flatnonzero(kept & long).tolist():
            batch.texts[place], short = _cut(plan.tokenizer, batch.texts[place], tokens[starts[place] :][: room[place]], plan.length)
            tokens[starts[place] :][: len(short)] = short
            lengths[place] = len(short)
        kept &= lengths > 0  # where not even the first character fits, nothing is left to learn
        inside = np.arange(len(tokens)) - np.repeat(starts, room) < np.repeat(np.where(kept, lengths, 0), room)
        places = np.flatnonzero(kept).tolist()
        tally.labels.append(np.array([number.get(batch.labels[place], 0) for place in places], np.int64))
        tally.hashes.append(_hashes([batch.texts[place] for place in places]))
        yield tokens[inside], lengths[kept]


def _wanted(batch: Batch, found: Survey, labelled: bool, tally: _Tally) -> Batch:
    """The texts that are chosen, and have a label if any has."""
    chosen = found.chosen.take(lots(batch.texts)) if found.count > found.chosen.most else np.ones(len(batch.texts), np.bool_)
    bare = np.array([labelled and not label for label in batch.labels], np.bool_)
    tally.unlabelled += int((chosen & bare).sum())
    places = np.flatnonzero(chosen & ~bare).tolist()
    return Batch([batch.texts[place] for place in places], [batch.labels[place] for place in places])


def _cut(tokenizer: Tokenizer, text: str, tokens: NDArray[np.int64], length: int) -> tuple[str, NDArray[np.int64]]:
    """The longest beginning of ``text`` that is written with ``length`` tokens, and nothing but that: equal tokens, equal text."""
    start = tokenizer.decode(tokens[:length].tolist())
    while not text.startswith(start):  # the cut went through a character of several bytes
        start = start[:-1]
    while len(again := tokenizer.encode(start)) > length:  # alone it may be written in another way
        start = start[:-1]
    return start, np.array(again, np.int64)


def _hashes(texts: Sequence[str]) -> NDArray[np.int64]:
    """64-bit hash of each text: equal texts have equal ones, on every machine and with every tokenizer."""
    return np.frombuffer(b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts), "<i8")


def _labels(found: Survey, names: Sequence[str], tally: _Tally) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Gapless numbers, the names of those labels that still have texts, and what to say about them."""
    numbers = np.concatenate([np.empty(0, np.int64), *tally.labels])
    if not names:
        return numbers, [], []
    places, numbers, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    labels = [names[place] for place in places.tolist()]
    if len(labels) < 2:
        return np.zeros_like(numbers), [], [f"Only one label ({one_line(labels[0])}) has texts, so labels are left out."] if labels else []
    alone = [label for label, count in zip(labels, counts.tolist(), strict=True) if count == 1]
    listed = one_line(", ".join(alone[:3])) + (", …" if len(alone) > 3 else "")
    notes = [f"{len(alone)} label{'s have' if len(alone) > 1 else ' has'} only one text: {listed}"] if alone else []
    return numbers.astype(np.int64), labels, notes


def _remarks(found: Survey, plan: Plan, tally: _Tally) -> list[str]:
    """What became of those texts that are not learned as they are."""
    remarks = []
    if found.faults.bad:
        remarks.append(f"{found.faults.bad} line{'s' * (found.faults.bad > 1)} skipped: {found.faults.listed()}")
    if found.controls:
        remarks.append(f"Tabs or other control characters in {_texts(found.controls)} became spaces.")
    if 2 * found.numbered > found.count:
        remarks.append(
            f"{found.numbered:,} of {_texts(found.count)} begin with a number, which is learned too; take it away if it is only a count."
        )
    if found.count > found.chosen.most:
        remarks.append(f"{found.chosen.most:,} of {found.count:,} texts were chosen; data.most decides how many.")
    if tally.unlabelled:
        remarks.append(f"{_texts(tally.unlabelled)} without a label skipped.")
    if tally.unknown:
        remarks.append(f"{_texts(tally.unknown)} with a character that has no token skipped.")
    if tally.longer:
        became = "cut" if plan.cut else "skipped"
        remarks.append(f"{_texts(tally.longer)} of more than {plan.length} tokens {became}; data.length and data.longer decide.")
    return remarks


def _texts(count: int) -> str:
    return f"{count:,} text{'s' * (count != 1)}"


def _too_few(count: int, different: int, tally: _Tally, remarks: Sequence[str]) -> DataError:
    why = f" ({' '.join(remarks)})" if remarks else ""
    if not count:
        fix = "Use texts in the letters that the tokenizer knows." if tally.unknown else "Hundreds are needed; a line is a text."
        return DataError(f"holds no text that can be used{why}", fix=fix)
    what = f"only {_texts(count)} can be used" if count == different else f"holds only one text, {count:,} times"
    return DataError(f"{what}{why}", fix="Two different ones are needed at least, and hundreds to learn from; a line is a text.")
