"""From files to sounds of one length and rate, in two passes that hold a few seconds at a time.

The first pass decodes everything once for its outline: peaks, onsets, where it fades. That
decides rate and length. The second pass decodes again and writes.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from paragone.errors import DataError
from paragone.listing import printable
from paragone.store import RowWriter

from .config import AudioData
from .decode import Unreadable
from .onsets import Outline, outline
from .shaping import SILENT
from .sound import MULTIPLE, ONSET_SECONDS
from .sources import UNDERSTOOD, Part, Source
from .takes import FITS, Take, loops, one_shots

VERSION, LOOPS = 5, 6
"""Of what is prepared, one-shots and loops; one rises when the same files would be prepared in another way."""

ARRAYS = {"waves": "<i2", "numbers": "<i8", "hashes": "<i8"}
"""The sounds one after another, the label number and the hash of each."""

_MOST_RATE = 48_000
_SECONDS = (0.3, 4.0)
_LISTED = 3


@dataclass(frozen=True)
class Form:
    """What every sound becomes.

    Attributes:
        rate: samples a second.
        length: samples, a multiple of :data:`.sound.MULTIPLE`.
        loop: whether its end runs into its beginning.
    """

    rate: int
    length: int
    loop: bool

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.length / self.rate


@dataclass
class _Tally:
    """What became of the files."""

    counts: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[str, str]] = field(default_factory=list)


def prepare(source: Source, folder: Path, config: AudioData, like: Form | None) -> dict[str, Any]:
    """Write :data:`ARRAYS` into ``folder``.

    Args:
        source: the files.
        folder: an empty one.
        config: how they are read.
        like: rate, length and kind to use; ``None`` to choose them.

    Returns:
        ``rate``, ``length``, ``loop``, ``labels`` (sorted names, none for fewer than two) and
        ``notes`` for the user, as plain JSON values.

    Raises:
        DataError: if there is nothing to learn from, or too many files cannot be read.
        OSError: if ``folder`` cannot be written.
    """
    tally = _Tally()
    found = list(_survey(source, tally))
    _tolerate(tally.bad, len(source.parts), config.max_bad)
    heard = [(part, seen) for part, seen in found if seen.peak >= SILENT]
    tally.counts["silent skipped"] += len(found) - len(heard)
    if not heard:
        raise DataError("holds no sound that can be heard", fix="Two are needed at least, and dozens to learn from.")
    form = like or choose([seen for _, seen in heard], config)
    if len(heard) == 1 and config.longer == "auto":  # one recording is to become several sounds
        config = replace(config, longer="windows")
    names: list[str] = []
    hashes: list[int] = []
    parts: Counter[str] = Counter()
    with RowWriter(folder / "waves.npy", ARRAYS["waves"]) as waves:
        for part, seen in heard:
            for take in _of_one(part, seen, form, config, tally):
                waves.append(take.wave)
                hashes.append(_hash(take))
                names.append(part.label)
                parts[part.name] += 1
    _tolerate(tally.bad, len(source.parts), config.max_bad)
    different = len(set(hashes))
    if different < 2:
        raise _too_few(len(hashes), different, tally, cut=len(heard) == 1 and config.longer == "cut")
    labels, numbers, notes = _labels(names)
    if labels and (lost := sorted({part.label for part in source.parts} - set(labels))):
        notes.append(f"{len(lost)} label{'s have' if len(lost) > 1 else ' has'} no sound that can be used: {_few(lost)}")
    for name, values in (("numbers", numbers), ("hashes", hashes)):
        with RowWriter(folder / f"{name}.npy", ARRAYS[name]) as writer:
            writer.append(np.array(values, np.int64))
    notes = [*_remarks(len(hashes), len(heard), form, tally), *_outweighed(parts), *notes]
    if len(hashes) > different:
        equal = len(hashes) - different
        notes.append(f"{_sounds(equal)} {'are equal to others' if equal > 1 else 'is equal to another'}; they are kept.")
    return {"rate": form.rate, "length": form.length, "loop": form.loop, "labels": labels, "notes": notes}


def choose(found: Sequence[Outline], config: AudioData) -> Form:
    """Rate and length, where the settings leave them open.

    The rate is that of most files, at most 48,000 Hz. One-shots are as long as nine in ten need to fade
    by 40 dB, loops as long as most of the files or a few times that, both from 0.3 to 4 s. A single recording is to become several
    sounds: they are 1 s long, or a quarter of it.
    """
    rate = config.rate or min(_MOST_RATE, Counter(seen.rate for seen in found).most_common(1)[0][0])
    seconds = config.seconds
    if not seconds and len(found) == 1:
        seconds = min(1.0, found[0].lasts() / 4)
    elif not seconds and config.loop:
        seconds = _repeated(_usual([seen.frames / seen.rate for seen in found]), rate)
    elif not seconds:
        seconds = float(np.quantile([seen.lasts() for seen in found], 0.9)) + ONSET_SECONDS
    if not config.seconds:
        seconds = min(max(seconds, _SECONDS[0]), _SECONDS[1])
    # a one-shot must not lose its end, a loop must not change its tempo
    multiples = (round if config.loop else math.ceil)(seconds * rate / MULTIPLE)
    return Form(rate, MULTIPLE * max(1, multiples), config.loop)


def _usual(lengths: Sequence[float]) -> float:
    """The length that many have; where none is common, one in the middle."""
    length, times = Counter(round(length, 3) for length in lengths).most_common(1)[0]
    common = times > 1 and times >= len(lengths) / 3
    return max(0.001, length if common else sorted(lengths)[len(lengths) // 2])


def _repeated(seconds: float, rate: int) -> float:
    """A few times a loop's length: the fewest that come near enough to a multiple of :data:`.sound.MULTIPLE`, else the nearest."""
    fewest, most = max(1, math.ceil(_SECONDS[0] / seconds)), max(1, int(_SECONDS[1] / seconds))
    off = {}
    for times in range(fewest, most + 1):
        samples = times * seconds * rate
        off[times] = abs(MULTIPLE * max(1, round(samples / MULTIPLE)) / samples - 1)
        if off[times] <= FITS / 2:  # the other half is for the files, which differ
            return times * seconds
    return min(off, key=off.__getitem__, default=fewest) * seconds


def _survey(source: Source, tally: _Tally) -> Iterator[tuple[Part, Outline]]:
    for part in source.parts:
        try:
            with part.sound() as sound:
                seen, only = outline(sound), sound.cancelled()
            if only is not None:
                with part.sound() as sound:
                    sound.only = only
                    seen = outline(sound)
            if not seen.frames:
                raise Unreadable("holds no samples")
            yield part, seen
        except Unreadable as reason:
            tally.bad.append((part.name, str(reason)))


def _of_one(part: Part, seen: Outline, form: Form, config: AudioData, tally: _Tally) -> Iterator[Take]:
    """What is learned of one file, and what was done to it."""
    counts, facts, some = tally.counts, dict[str, None](), False
    try:
        with part.sound() as sound:
            sound.only = seen.only
            make = loops if form.loop else one_shots
            for take in make(sound, seen, form.rate, form.length, config):
                facts.update(dict.fromkeys(take.facts))
                some = True
                yield take
    except Unreadable as reason:
        tally.bad.append((part.name, str(reason)))
        return
    counts["mixed down to mono"] += seen.channels > 1 and seen.only is None
    counts["heard by one channel, for all together cancel each other"] += seen.only is not None
    counts[f"resampled to {form.rate:,} Hz"] += seen.rate != form.rate
    counts["freed of a DC offset"] += seen.has_offset
    counts["shorter than their header says"] += seen.short
    counts["MP3 longer than their decoder believes (their end is missing: convert them to WAV)"] += seen.unfinished
    counts.update(list(facts))
    counts["silent skipped"] += not some


def _outweighed(parts: Counter[str]) -> list[str]:
    """What to say where most sounds are of one file, and the others hardly count."""
    (name, most), *others = parts.most_common()
    if not others or 2 * most <= sum(parts.values()):
        return []
    return [f"{most:,} of {sum(parts.values()):,} sounds are of one file, {printable(name)}."]


def _hash(take: Take) -> int:
    """64 bits of a hash of the samples: equal sounds have equal ones, on every machine."""
    return int.from_bytes(hashlib.blake2b(take.wave.tobytes(), digest_size=8).digest(), "little", signed=True)


def _labels(names: Sequence[str]) -> tuple[list[str], list[int], list[str]]:
    """Names of the labels, the number of each sound, and what to say about them."""
    counts = Counter(names)
    labels = sorted(counts)
    if len(labels) < 2:
        alone = [f"Only one label ({labels[0]}) has usable sounds, so labels are left out."] if labels[0] else []
        return [], [0] * len(names), alone
    single = [label for label in labels if counts[label] == 1]
    notes = [f"{len(single)} label{'s have' if len(single) > 1 else ' has'} only one sound: {_few(single)}"] if single else []
    place = {label: number for number, label in enumerate(labels)}
    return labels, [place[name] for name in names], notes


def _few(labels: Sequence[str]) -> str:
    return ", ".join(labels[:_LISTED]) + (", …" if len(labels) > _LISTED else "")


def _remarks(count: int, files: int, form: Form, tally: _Tally) -> list[str]:
    done = [f"{times:,} {fact}" for fact, times in tally.counts.items() if times]
    many = f"{_sounds(count)}" if count == files else f"{_sounds(count)} from {files:,} file{'s' * (files != 1)}"
    remarks = [f"{many}, each of {form.seconds:.2f} s" + (f": {', '.join(done)}." if done else ".")]
    if tally.bad:
        remarks.append(f"{len(tally.bad)} file{'s' * (len(tally.bad) > 1)} skipped: {_listed(tally.bad)}")
    return remarks


def _tolerate(bad: Sequence[tuple[str, str]], total: int, share: float) -> None:
    """Raise :class:`DataError` if more of ``total`` files than ``share`` are ``bad``."""
    if len(bad) > share * total or 0 < len(bad) == total:
        fix = "Repair or remove them" + (f", or raise data.max_bad (now {share:g})." if len(bad) < total else f". {UNDERSTOOD}")
        raise DataError(f"{len(bad)} of {total} file{'s' * (total != 1)} cannot be used: {_listed(bad)}", fix=fix)


def _listed(bad: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"{printable(name)} {reason}" for name, reason in bad[:_LISTED]) + ("; …" if len(bad) > _LISTED else "")


def _too_few(count: int, different: int, tally: _Tally, cut: bool) -> DataError:
    what = f"only {_sounds(count)} can be used" if count == different else f"holds only one sound, {count:,} times"
    silent = tally.counts["silent skipped"]
    why = "; ".join(filter(None, [f"{silent} silent skipped" if silent else "", _listed(tally.bad)]))
    fix = "Two different ones are needed at least, and dozens to learn from." + (" Split it with --longer windows." if cut else "")
    return DataError(what + (f" ({why})" if why else ""), fix=fix)


def _sounds(count: int) -> str:
    return f"{count:,} sound{'s' * (count != 1)}"
