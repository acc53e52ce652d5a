"""What is learned of one file: one-shots or loops, cut out of the stream that its decoder makes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .config import AudioData
from .decode import Sound, Wave
from .onsets import FADED, RISE, UNHEARD, Outline, exact_onset
from .shaping import SILENT, cropped, crossfade_of, faded, level, periodic, quantised, seamless
from .sound import ONSET_SECONDS
from .spectra import ratio_of, resample_blocks
from .windows import dies_away, one_after_another, unheard, whole

FITS = 0.03
"""A loop whose length differs by at most this share is stretched to fit: half a semitone."""

_STEP = 4
"""Of the root mean square of all steps from sample to sample: one from the end to the beginning that is larger is heard."""

_LEFT_OUT = "with parts left out"

_LOWERED = ("brought below full scale",)


@dataclass(frozen=True)
class Take:
    """One sound as it is learned.

    Attributes:
        wave: ``(L,)`` int16, -32767 to 32767.
        facts: what was done to it, in words that finish "3 files …".
    """

    wave: NDArray[np.int16]
    facts: tuple[str, ...]


def one_shots(sound: Sound, seen: Outline, rate: int, length: int, config: AudioData) -> Iterator[Take]:
    """The sound from its onset on, or windows of it; silent ones are left out.

    Args:
        sound: freshly opened.
        seen: its outline.
        rate, length: of what is made.
        config: what becomes of a longer one, and the level.
    """
    split = seen.lasts() > length / rate * {"windows": 1, "auto": 2, "cut": math.inf}[config.longer]
    split = split and not (config.longer == "auto" and dies_away(seen))
    windows = one_after_another(seen, length / rate) if split else whole(seen)
    left_out = [_LEFT_OUT] if split and unheard(seen, windows, length / rate) else []
    hop = float(seen.hop * ratio_of(seen.rate, rate))  # in samples of what is made
    lead, margin = round(ONSET_SECONDS * rate), round(2 * hop)
    starts = [int(window.start * hop) - margin for window in windows]
    room = length + 3 * margin  # the onset is looked for in here; at another rate a faint lead-in may have ended later
    pieces = _pieces(sound, rate, [(start, start + (1 if split else 2) * room) for start in starts])
    for window, start, piece in zip(windows, starts, pieces, strict=False):
        wave, near = piece - np.float32(seen.offset), margin + min(0, start)  # a piece does not begin before the sound
        begin = near
        if window.onset:  # of several it is where the outline says; what comes later in the window may be far louder
            if near and seen.has_offset:  # what was digital silence before it is silence again
                wave[:near] -= np.median(wave[:near])
            begin = (exact_onset(wave[: near + margin], near) if split else exact_onset(wave[: room + min(0, start)], 0)) - lead
        content = min(length, len(wave) - begin)
        end = int((max(0, start) + begin + length) / hop)
        after = seen.levels[end:] <= 2 * UNHEARD
        facts = ["split into windows"] if len(windows) > 1 else ["cut"] if after.any() else ["padded"] if content < length else []
        shot = faded(cropped(wave, begin, length), content, rate, cut=bool(after[:3].any()))
        if float(np.abs(shot).max(initial=0.0)) < SILENT:
            continue
        shot, lowered = level(shot, config.level == "peak")
        yield Take(quantised(shot), (*facts, *left_out, *_LOWERED[:lowered]))


def loops(sound: Sound, seen: Outline, rate: int, length: int, config: AudioData) -> Iterator[Take]:
    """Stretches whose end runs into their beginning; silent ones are left out.

    A sound of about the right length is a loop already, and so are a few repetitions of a shorter one
    if they come to it. Others are repeated or split, and the end of each is faded into its beginning.

    Args:
        sound, seen, rate, length, config: as for :func:`one_shots`.
    """
    cross, total = crossfade_of(length, rate), float(seen.frames * ratio_of(seen.rate, rate))
    offset = np.float32(seen.offset)  # taken away before a crossfade, whose weights do not sum to 1
    wanted = (length, config.seconds * rate)  # the latter before it was rounded to what networks can make
    times = round(length / total)
    fits = times > 0 and any(abs(times * total - size) <= FITS * size for size in wanted)
    if total > length and not fits:
        count = 1 if config.longer == "cut" else max(1, int((total - cross) // length))
        facts = ["split into windows"] if count > 1 else ["cut"]
        if count > 1 and total - cross - count * length > FITS * length:
            facts.append("cut at the end")
        heard = seen.louder(FADED) * float(seen.hop * ratio_of(seen.rate, rate))  # where something sounds, in samples of what is made
        starts = [number * length for number in range(count)]
        loud = [start for start in starts if count == 1 or ((heard >= start) & (heard < start + length)).any()]
        facts += [_LEFT_OUT] if len(loud) < count else []
        pieces = _pieces(sound, rate, [(start, start + length + cross) for start in loud])
        made: Iterator[Wave] = (seamless(piece - offset, length) for piece in pieces)
    else:
        wave = np.concatenate(list(sound.blocks())) - offset
        facts = ["repeated"] if times > 1 else []
        clicks = _clicks(wave, seen)
        if fits:
            facts += ["stretched to fit"] if abs(times * total - length) >= 1 else []
            facts += ["with a click where they repeat"] if clicks else []
            made = iter([periodic(np.tile(wave, times), length)])
        else:
            unit, facts = periodic(wave, max(1, round(total))), ["repeated", "given a crossfade"]
            if clicks:  # at each repetition, not at the last alone
                unit = seamless(unit, len(unit) - crossfade_of(len(unit), rate))
            made = iter([seamless(np.resize(unit, length + cross), length)])
    for wave in made:
        if float(np.abs(wave).max()) >= SILENT:
            wave, lowered = level(wave, config.level == "peak")
            yield Take(quantised(wave), (*facts, *_LOWERED[:lowered]))


def _clicks(wave: Wave, seen: Outline) -> bool:
    """Whether the end of what should be a loop does not run into its beginning, and that is no attack either."""
    step, steps = abs(float(wave[0] - wave[-1])), np.diff(wave)
    attack = int(seen.levels[-3:].max()) - int(seen.levels[0]) >= 2 * RISE
    return not attack and step > _STEP * float(np.sqrt(np.square(steps).mean())) if len(steps) else False


def _pieces(sound: Sound, rate: int, spans: Sequence[tuple[int, int]]) -> Iterator[Wave]:
    """The stretches of a sound at ``rate``, in order; a little is held at a time.

    Args:
        spans: first sample and the one after the last; what lies before or after the sound is left out.
    """
    blocks = resample_blocks((torch.from_numpy(block) for block in sound.blocks()), sound.rate, rate)
    held, first = np.zeros(0, np.float32), 0
    more = True
    for start, end in spans:
        while more and first + len(held) < end:
            block = next(blocks, None)
            more = block is not None
            if block is not None:
                past = min(len(held), max(0, start - first))
                held, first = np.concatenate([held[past:], block.numpy()]), first + past
        yield held[max(0, start - first) : end - first]
