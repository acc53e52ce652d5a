"""``aisfx``: features of a network that was trained to tell sound effects apart; for whoever has its package.

Ma and Lerch 2022, "Representation Learning for the Automatic Indexing of Sound Effects Libraries"
(ISMIR), the model "X-Sequential-CE": four blocks of convolutions on a mel spectrogram of 2.3 s,
the mean over frequency, the maximum over time. The package aisfx brings the weights (CC BY 4.0,
A. B. Ma and A. Lerch), and asks for versions of NumPy and librosa that nothing else can live with. So it is
installed without what it asks for, none of its code is run, and the network and what comes before it are here.

Its scores are not those of ``log-mel``: compare them only with each other.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import max_pool2d, pad

from paragone.errors import ParagoneError, UsageError
from paragone.execution import Execution
from paragone.spec import SampleSpec

from ..sound import rate_of
from ..spectra import mel_bank, resample
from .waves import waves_of

RATE, WINDOW, HOP, BANDS = 44_100, 2048, 1024, 96
FRAMES = 100
"""Of a block, which is what the network sees at once. Blocks overlap by half."""
LARGEST = 9.457798957824707
"""What spectrograms were divided by in its training."""
FEATURES = 512
MEAN, SCALE = 0.9, 0.57
"""Of a feature on average, and its deviation, measured on 351 drum hits at 44.1 kHz; subtracted, and divided by."""
DIGEST = "499ea75909c932a2f94c35fa722fa4fabc5bcb7e84917209cc5f7402627b7eb5"
INSTALL = "pip install --no-deps aisfx==0.1.2"

READ = 16
"""Blocks in the network at once."""


class Block(nn.Module):
    """``(B, C, T, F)`` → ``(B, C', T / pool, F / pool)``: twice a 3×3 convolution, batch normalisation and ReLU; then the maximum."""

    def __init__(self, before: int, after: int, pool: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.pool = pool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return max_pool2d(x, self.pool) if self.pool > 1 else x


class Network(nn.Module):
    """``(B, 100, 96)`` spectrograms, 0 to about 1 → ``(B, 512)`` float32, 0 or more."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_block1 = Block(1, 64, 2)
        self.conv_block2 = Block(64, 128, 2)
        self.conv_block3 = Block(128, 256, 2)
        self.conv_block4 = Block(256, FEATURES, 1)

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = spectrogram[:, None]
        for block in self.children():
            x = block(x)
        return x.mean(3).amax(2)


class SoundEffects:
    """Satisfies :class:`paragone.evaluation.features.FeatureExtractor`; see the module.

    Always in float32, without TF32, whatever ``execution`` trains in: a score must
    not depend on the machine that computes it.

    Args:
        network: with its weights.
        spec: of a sound.
        execution: its device is used, its precision is not.

    Raises:
        ValueError: if ``spec`` is not that of a sound.
        PluginError: if torchaudio does not work here.
    """

    identity = "aisfx/0.1.2"
    size = FEATURES

    def __init__(self, network: Network, spec: SampleSpec, execution: Execution) -> None:
        self._spec, self._rate, self._execution = spec, rate_of(spec), execution
        self._network = execution.place(network.eval().requires_grad_(False))

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, 1, L)`` in [-1, 1] → ``(B, 512)`` float32 on the CPU: the mean over the blocks of a sound.

        Raises:
            ValueError: if the shape is wrong.
        """
        waves = waves_of(samples, self._spec)
        features = [self._features(part) for part in torch.split(waves, READ)] if len(waves) else [torch.zeros(0, FEATURES)]
        return torch.cat(features)

    def _features(self, waves: torch.Tensor) -> torch.Tensor:
        spectrograms = spectrogram(resample(waves, self._rate, RATE))
        beyond = spectrograms.shape[1] - FRAMES
        missing = -beyond if beyond < 0 else -beyond % (FRAMES // 2)
        blocks = pad(spectrograms, (0, 0, 0, missing)).unfold(1, FRAMES, FRAMES // 2).transpose(2, 3)  # (B, blocks, 100, 96)
        exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
        with torch.inference_mode(), self._execution.autocast(False), exact:
            found = [self._network(part.to(self._execution.device)).cpu() for part in torch.split(blocks.flatten(0, 1), READ)]
        return (torch.cat(found).view(len(waves), -1, FEATURES).mean(1) - MEAN) / SCALE


def spectrogram(waves: torch.Tensor) -> torch.Tensor:
    """What the network looks at: log₁₀(1 + 10⁴ · power) in bands, over the largest value of its training.

    Args:
        waves: ``(B, N)`` at 44.1 kHz, in [-1, 1].

    Returns:
        ``(B, N // 1024 + 1, 96)`` float32, 0 or more; 0 for silence.
    """
    window = torch.hann_window(WINDOW)
    power = torch.stft(waves, WINDOW, HOP, window=window, pad_mode="constant", return_complex=True).abs().square()
    bank = mel_bank(RATE, WINDOW, BANDS, low=0.0)
    return (power.transpose(1, 2) @ (bank / bank.sum(0)) * 1e4).log1p() / (LARGEST * math.log(10))


def build(spec: SampleSpec, execution: Execution) -> SoundEffects:
    """See :class:`SoundEffects`.

    Raises:
        UsageError: if the package with the weights is not installed.
        ParagoneError: if its file is damaged.
        ValueError: if ``spec`` is not that of a sound.
    """
    package = importlib.util.find_spec("aisfx")
    if package is None or not package.submodule_search_locations:
        raise UsageError("needs the package aisfx", where="extractor aisfx", fix=f"Run: {INSTALL}")
    network = Network()
    network.load_state_dict(read(Path(package.submodule_search_locations[0]) / "models" / "checkpoint.pth"))
    return SoundEffects(network, spec, execution)


def read(path: Path) -> Mapping[str, torch.Tensor]:
    """The weights of :class:`Network`, from the package's file.

    Raises:
        ParagoneError: if it cannot be read, or is not the one that scores are made with.
    """
    fix = f"Run: {INSTALL} --force-reinstall"
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ParagoneError(f"the extractor's weights cannot be read ({error.strerror or error})", where=path, fix=fix) from error
    if found != DIGEST:
        raise ParagoneError(f"the extractor's weights are damaged (SHA-256 {found[:12]}…, not {DIGEST[:12]}…)", where=path, fix=fix)
    # beside the weights there is a table of numbers that NumPy wrote, before its modules were renamed
    numbers: list[Any] = [(np.int64(0).__reduce__()[0], "numpy.core.multiarray.scalar"), np.dtype, type(np.dtype("int64"))]
    with torch.serialization.safe_globals(numbers):
        state, _ = torch.load(path, map_location="cpu", weights_only=True)
    own = "embedding_net."
    return {name.removeprefix(own): value for name, value in state.items() if name.startswith(own)}
