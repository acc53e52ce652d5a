"""``log-mel``: the mel spectrogram of a sound in a few smooth patterns. Nothing is learned, nothing is downloaded.

Of the spectrogram S in decibels, 64 bands and a frame every 8 ms, three things are kept:

1. The two-dimensional cosine transform, lowest orders only, over the bands as in mel-frequency
   cepstral coefficients (Davis and Mermelstein 1980, equation 1) and over time:

       F_ij = Σ_b Σ_t c_i(b) c_j(u(t)) S(b, t),   c_0 = 1,  c_k(x) = √2 cos(π k x)

   as means, not sums, so that the unit is the decibel. Time is warped, u = log(1 + t/τ) scaled to
   0 … 1 with τ = 20 ms: hits differ most in their first milliseconds. A loop has no beginning: its time is
   left as it is, and its patterns are the magnitudes of a Fourier series, the same wherever it begins.
2. Roughness over the bands, the mean |S(b−1) − 2 S(b) + S(b+1)|, in the patterns of time: hiss is
   smooth, a chord or a metallic ring is not.
3. Change from one frame to the next, the mean |S(t) − S(t−1)|, in the patterns of the bands.

These are centred, and divided by constants that were measured on 351 drum hits (FluidR3 GM and
Sonic Pi). The divisor of an order is the *root* of its deviation, times a constant that makes the
variance 1 on average: dividing by the deviation itself would give details as much say as
loudness and tone, and dividing by nothing would give them none.
"""

from __future__ import annotations

import math

import torch

from paragone.execution import Execution
from paragone.spec import SampleSpec

from ..sound import MULTIPLE, is_loop, rate_of
from ..spectra import log_mel
from .waves import rows, waves_of

BANDS = 64
ORDERS = 12, 8
"""Patterns kept over the bands and over time."""
HOP_SECONDS = 0.008
FLOOR_DB = -80.0
"""A mel band below it counts as silent; about where 16 bits and the dither of trainings end."""
WARP_SECONDS = 0.02
"""τ of the module."""

HOP_MULTIPLE = 16
"""A hop is a multiple of so many samples: then the lengths of transforms have small prime factors."""
READ = 64
"""Sounds transformed at once, fewer where they are long."""


class LogMel:
    """Satisfies :class:`paragone.evaluation.features.FeatureExtractor`; see the module.

    Args:
        spec: of a sound of any rate and length; below 8 kHz the lowest bands are narrower than a transform resolves, and stay empty.

    Raises:
        ValueError: if ``spec`` is not that of a sound.
        PluginError: if torchaudio does not work here.
    """

    size = ORDERS[0] * ORDERS[1] + ORDERS[1] + ORDERS[0]

    def __init__(self, spec: SampleSpec) -> None:
        self._spec, self._rate, self._loop = spec, rate_of(spec), is_loop(spec)
        self.identity = "log-mel of loops/1" if self._loop else "log-mel/1"
        self._bands = patterns(torch.linspace(0, 1, BANDS + 1), ORDERS[0])
        if self._loop:  # a length is a multiple of MULTIPLE, and so of this hop: frames lie evenly all the way round
            self._hop = min(MULTIPLE, 2 ** round(math.log2(max(HOP_MULTIPLE, self._rate * HOP_SECONDS))))
            self._times = turns(spec.shape[1] // self._hop, ORDERS[1])
            return
        self._hop = HOP_MULTIPLE * max(1, round(self._rate * HOP_SECONDS / HOP_MULTIPLE))
        length = spec.shape[1] / self._rate
        frames = torch.arange(spec.shape[1] // self._hop + 1)
        edges = ((torch.cat([frames, frames[-1:] + 1]) - 0.5) * self._hop / self._rate).clamp(0, length)
        self._times = patterns(torch.log1p(edges / WARP_SECONDS) / math.log1p(length / WARP_SECONDS), ORDERS[1])

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, 1, L)`` in [-1, 1] → ``(B, 116)`` float32 on the CPU.

        Raises:
            ValueError: if the shape is wrong.
        """
        waves = waves_of(samples, self._spec)
        parts = (
            [self._features(part) for part in torch.split(waves, min(READ, rows(self._spec)))]
            if len(waves)
            else [torch.zeros(0, self.size)]
        )
        return torch.cat(parts)

    def _features(self, waves: torch.Tensor) -> torch.Tensor:
        level = log_mel(waves, self._rate, 4 * self._hop, self._hop, BANDS, FLOOR_DB, self._loop)  # (B, bands, frames)
        shape = self._over_time(self._bands @ level)  # (B, 12, 8)
        rough = self._over_time(level.diff(n=2, dim=1).abs().mean(1))  # (B, 8)
        if self._loop:
            change = (level - level.roll(1, 2)).abs().mean(2) @ self._bands.T  # (B, 12)
        else:
            change = (level.diff(dim=2).abs() * self._times[0, 1:]).sum(2) @ self._bands.T
        shape[:, 0, :2] -= torch.tensor(SHAPE_MEAN)
        rough[:, :2] -= torch.tensor(ROUGH_MEAN)
        change[:, :2] -= torch.tensor(CHANGE_MEAN)
        over_bands, over_time = (torch.arange(1.0, orders + 1) for orders in ORDERS)
        parts = (
            shape / (SHAPE_SCALE * over_bands[:, None] ** -0.4 * over_time**-0.55),
            rough / (ROUGH_SCALE * over_time**-0.5),
            change / (CHANGE_SCALE * over_bands**-0.3),
        )
        return torch.cat([part.flatten(1) for part in parts], 1)

    def _over_time(self, values: torch.Tensor) -> torch.Tensor:
        """``(..., frames)`` → ``(..., 8)``: in the patterns of time; of a loop the mean, and how strong each is, wherever it lies."""
        if not self._loop:
            return values @ self._times.T
        found = values.to(torch.complex64) @ self._times.T
        return torch.cat([found[..., :1].real, found[..., 1:].abs()], -1)


SHAPE_MEAN, ROUGH_MEAN, CHANGE_MEAN = (-56.0, 13.4), (3.5, 1.0), (2.2, 0.3)
"""Decibels: means of the first orders of drum hits; all the others are near 0."""
SHAPE_SCALE, ROUGH_SCALE, CHANGE_SCALE = 2.4, 1.0, 0.4
"""√decibels: divisors of the first order, for a variance of 1 on average."""


def patterns(edges: torch.Tensor, orders: int) -> torch.Tensor:
    """Integrals of c_k (see the module) from each edge to the next: means, where these are weights of a sum.

    Args:
        edges: ``(N + 1,)`` increasing, from 0 to 1.
        orders: k goes from 0 to one less.

    Returns:
        ``(orders, N)`` float32.
    """
    order = torch.arange(1, orders, dtype=torch.float64)[:, None]
    cosines = math.sqrt(2) * (math.pi * order * edges.double()).sin().diff() / (math.pi * order)
    return torch.cat([edges.double().diff()[None], cosines]).float()


def turns(frames: int, orders: int) -> torch.Tensor:
    """Of a circle of ``frames``: ``(orders, frames)`` complex64, the k-th turns round k times; means, where these are weights of a sum."""
    order, share = torch.arange(orders, dtype=torch.float64)[:, None], torch.arange(frames, dtype=torch.float64) / frames
    size = torch.where(order > 0, math.sqrt(2), 1.0).double() / frames
    return torch.polar(size.expand(orders, frames).contiguous(), -2 * math.pi * order * share).to(torch.complex64)


def build(spec: SampleSpec, execution: Execution) -> LogMel:
    """See :class:`LogMel`; ``execution`` is not needed."""
    return LogMel(spec)
