"""From short-time spectra to a waveform, by one fixed linear map.

No complex numbers and no FFT: so it runs in any precision, differentiates twice, and
exports (Kaneko et al. 2022, iSTFTNet, put an inverse STFT at the end of a generator).
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import pad

from paragone.execution import in_full_precision

OVERLAP = 4
"""Windows over each sample."""


class Synthesis(nn.Module):
    """``(B, T, 2·(window/2 + 1))`` → ``(B, 1, T·window/4)`` float32: overlap-add of windowed cosines and sines.

    A row holds the real parts of all bands, then the imaginary ones:

    y[n] = ½ Σ_t w[n − t·h] Σ_k (re_k[t]·cos φ − im_k[t]·sin φ), φ = 2πk·n/N, with the
    Hann window w of N samples and the hop h = N/4; Σ_t w = 2, so that 1 is a sinusoid at
    full scale. (Within 3N/8 of the ends of what is no loop fewer windows overlap, and it falls
    to half of that.) The phase counts from the beginning of the sound, not of the
    window: a steady tone in the middle of a band is a constant, and one beside it turns slowly.

    It is a transposed convolution of stride h. Written as a product for each frame and
    four shifted sums a CPU runs it twice as fast.

    Args:
        window: N in samples, a multiple of 4.
        loop: whether what hangs over the end is added to the beginning.
    """

    basis: torch.Tensor

    def __init__(self, window: int, loop: bool = False) -> None:
        super().__init__()
        self.window, self.hop, self.bands, self.loop = window, window // OVERLAP, window // 2 + 1, loop
        frames, places = torch.arange(OVERLAP, dtype=torch.float64), torch.arange(window, dtype=torch.float64)
        times = frames[:, None, None] * self.hop + places  # (4, 1, N): the phase of every fourth frame is the same
        angles = 2 * math.pi / window * torch.arange(self.bands, dtype=torch.float64)[:, None] * times
        hann = torch.hann_window(window, dtype=torch.float64)
        basis = torch.cat([angles.cos(), -angles.sin()], 1) * hann / 2  # (4, 2F, N)
        self.register_buffer("basis", basis.float(), persistent=False)

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        """See the class; T is a multiple of 4."""
        batch, frames, _ = spectrum.shape
        with in_full_precision(spectrum):
            rows = spectrum.float().view(batch, frames // OVERLAP, OVERLAP, -1).permute(2, 0, 1, 3).flatten(1, 2)
            windows = torch.bmm(rows, self.basis).view(OVERLAP, batch, frames // OVERLAP, OVERLAP, self.hop)
            quarters = windows.permute(1, 2, 0, 3, 4).flatten(1, 2)  # (B, T, 4, h)
            if self.loop:
                wave = torch.stack([quarters[:, :, part].roll(part, 1) for part in range(OVERLAP)]).sum(0).flatten(1)  # (B, T·h)
                return wave.roll(-self._early, 1).unsqueeze(1)
            parts = [pad(quarters[:, :, part], (0, 0, part, OVERLAP - 1 - part)) for part in range(OVERLAP)]
            wave = torch.stack(parts).sum(0).flatten(1)  # (B, (T + 3)·h)
            return wave[:, self._early : self._early + frames * self.hop].unsqueeze(1)

    @property
    def _early(self) -> int:
        """How much of what the first windows reach lies before the sound."""
        return (self.window - self.hop) // 2
