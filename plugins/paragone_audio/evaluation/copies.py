"""Waveforms learned by heart: generated sounds that are a training sound, up to level, polarity and a shift in time.

Of two waves x and y the normalised cross-correlation

    ρ = max_τ |Σ_t x(t) y(t + τ)| / (‖x‖ ‖y‖)

is 1 for such a pair. By the triangle inequality it is at most Σ_f |X(f)| |Y(f)| / (‖X‖ ‖Y‖), with
the spectra of both, padded with as many zeros as they are long. For two noises of one spectrum
that bound is about π/4, so a product of matrices rules out nearly all pairs, without missing any,
and the few that are left are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from paragone.data import Dataset
from paragone.evaluation.evidence import Evidence, Score, share_of, too_few

from ..sound import is_loop
from .waves import described, rows, streamed, waves_of

ALIKE = 0.95
"""ρ from which on a waveform is a copy."""
FLOOR = 0.8
"""ρ up to which nothing is looked for: the bound of two noises of one spectrum lies just below."""
MOST = 20_000
"""Training sounds that are looked through."""
TRUSTED = 20
"""Sounds under which a share says little."""

_NOT_AT_HAND = "the training sounds are not at hand"

_KEPT = 2**24
"""Numbers in the spectra of candidates in memory at once."""


def correlation(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """ρ of pairs of spectra.

    Args:
        x, y: ``(B, F)`` complex as :func:`spectra` gives them.

    Returns:
        ``(B,)`` 0 to 1.
    """
    length = 2 * (x.shape[1] - 1)
    return torch.fft.irfft(x * y.conj() / _weights(x), n=length, norm="forward").abs().amax(1)


def spectra(waves: torch.Tensor, loop: bool) -> torch.Tensor:
    """Spectra of waves brought to ‖x‖ = 1, each bin times the root of how often it stands for in the whole spectrum.

    Args:
        waves: ``(B, L)`` with L even; silence stays silence.
        loop: whether a shift runs round; else zeros are put behind.

    Returns:
        ``(B, F)`` complex64 with Σ_f |X(f)|² = 1.
    """
    length = waves.shape[1] * (1 if loop else 2)
    spectrum = torch.fft.rfft(waves, n=length)
    spectrum *= _weights(spectrum).sqrt()
    return spectrum / spectrum.abs().square().sum(1, keepdim=True).sqrt().clamp_min(1e-12)


def _weights(spectrum: torch.Tensor) -> torch.Tensor:
    """``(F,)``: 2 for each bin but the first and the last, which have no mirror image."""
    weights = torch.full((spectrum.shape[1],), 2.0)
    weights[0] = weights[-1] = 1
    return weights


def copied(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of candidates with ρ > 0.95 with some training sound; of training sounds, with another one."""
    if candidate.training is None or not len(candidate):
        return Score(None, doubt=_NOT_AT_HAND)
    doubt = _partly(candidate.training) or too_few(candidate, candidate, TRUSTED, "a share")
    return share_of(candidate.once(_found)[0], len(candidate), doubt)


def correlated(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """The largest ρ of any candidate with a training sound, of training sounds with another one; 0.8 where none is larger."""
    if candidate.training is None or not len(candidate):
        return Score(None, doubt=_NOT_AT_HAND)
    return Score(candidate.once(_found)[1], doubt=_partly(candidate.training))


def _found(candidate: Evidence) -> tuple[int, float]:
    """How many candidates are copies, and the largest ρ above :data:`FLOOR`."""
    training = candidate.training
    if training is None:
        raise ValueError(_NOT_AT_HAND)
    loop, needed = is_loop(described(candidate)), 1 + candidate.trained_on  # those that were trained on find themselves
    count, largest = 0, FLOOR
    for block in _blocks(streamed(candidate), max(1, _KEPT // training.spec.size)):
        made = spectra(block, loop)
        magnitude = made.abs()
        best = torch.zeros(len(block), needed)
        for wanted in torch.split(_looked_through(training), rows(training.spec)):
            real = spectra(waves_of(training.batch(wanted, torch.device("cpu"))[0], training.spec), loop)
            bounds = magnitude @ real.abs().T
            for index in (bounds.amax(1) > min(ALIKE, largest)).nonzero()[:, 0].tolist():
                # a copy is counted once, and then only what comes nearer than any other is of interest
                near = (bounds[index] > (largest if best[index, -1] > ALIKE else min(ALIKE, largest))).nonzero()[:, 0]
                if not len(near):
                    continue
                alike = correlation(made[index].expand(len(near), -1), real[near])
                best[index] = torch.cat([best[index], alike]).topk(needed).values
                largest = max(largest, float(best[index, -1]))
        count += int((best[:, -1] > ALIKE).sum())
    return count, largest


def _looked_through(training: Dataset) -> torch.Tensor:
    """Indices of those that are: as good as at random, and the same ones every time.

    Of a larger set some real sounds are then not among them, and do not find themselves: their score is too low, and doubted.
    """
    return training.hashes.argsort(stable=True)[:MOST]


def _partly(training: Dataset) -> str:
    """What is in doubt where not all of ``training`` are looked through."""
    return f"only {MOST:,} of {len(training):,} training sounds were looked through" if len(training) > MOST else ""


def _blocks(waves: Iterator[torch.Tensor], most: int) -> Iterator[torch.Tensor]:
    """The same waves, more at a time: ``most``, or fewer than one batch beyond it."""
    held: list[torch.Tensor] = []
    for batch in waves:
        held.append(batch)
        if sum(map(len, held)) >= most:
            yield torch.cat(held)
            held = []
    if held:
        yield torch.cat(held)
