"""The presets: which networks, and the settings that suit them. No torch here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from paragone.errors import UsageError
from paragone.modality import Preset
from paragone.options import setting


@dataclass(frozen=True)
class SoundNetwork:
    """``[network]`` of ``small`` and ``studio``.

    Raises:
        UsageError: if a list holds no numbers, or others than it can.
    """

    head: Literal["istft_short", "istft_middle", "istft_frame", "conv"] = setting(
        "istft_middle", "What makes a waveform of the last maps: windows of 64 samples, of 256, of 1024, or more convolutions."
    )
    latent: int = setting(48, "Length of the latent vector, and of the label's.", minimum=1)
    style: int = setting(128, "Length of the style vector.", minimum=1)
    tuned: bool = setting(False, "Let the style shift the tones of each band of a window, so that partials may have any frequency.")
    width: int = setting(64, "Channels of the generator's last maps; doubled at each quarter of the length.", minimum=4)
    widest: int = setting(256, "Never more channels than this.", minimum=4)
    windows: str = setting("512,128", "Windows of the discriminator's spectra, in samples: powers of 2; the encoder uses the first.")
    filters: int = setting(32, "Channels of a spectrum's first map; doubled at each half.", minimum=4)
    most_filters: int = setting(128, "Never more than this.", minimum=4)
    periods: str = setting("2,5", "Periods that the discriminator folds a waveform at, in samples.")
    period_filters: int = setting(16, "Channels of a folded waveform's first map; doubled at each layer.", minimum=1)
    features: int = setting(64, "Features of each part of the discriminator.", minimum=1)
    group: int = setting(4, "Samples that the discriminator compares; as train.group.", minimum=1)

    def __post_init__(self) -> None:
        if not _all(self.windows, lambda window: window >= 16 and not window & (window - 1)):
            raise UsageError(f"{self.windows!r} are no powers of 2 from 16 on", where="network.windows", fix="Write them as 512,128.")
        if not _all(self.periods, lambda period: period >= 1):
            raise UsageError(f"{self.periods!r} are no whole numbers from 1 on", where="network.periods", fix="Write them as 2,5.")


@dataclass(frozen=True)
class WaveganNetwork:
    """``[network]`` of ``wavegan``."""

    latent: int = setting(100, "Length of the latent vector.", minimum=1)
    width: int = setting(64, "Channels of the longest maps; doubled at each quarter of the length.", minimum=1)
    shuffle: int = setting(2, "Phase shuffle: most samples that the discriminator's maps are moved by.", minimum=0)


def numbers(text: str) -> list[int]:
    """``"512,128"`` as whole numbers.

    Raises:
        ValueError: if it is none.
    """
    return [int(part) for part in text.split(",")]


def _all(text: str, right: Callable[[int], bool]) -> bool:
    """Whether ``text`` is a list of numbers that are all ``right``."""
    try:
        return all(map(right, numbers(text)))
    except ValueError:
        return False


RECIPE = {
    "network.tuned": True,
    "train.clusters": 256,
    "train.neighbours": 6,
    "train.objective": "non-saturating",
    "train.batch": 16,
    "train.group": 4,
    "penalty.fd_r1": 0.001,
    "penalty.fd_r2": 0.001,
    "penalty.sigma": 0.01,
    "penalty.every": 8,
    "generator.learning_rate": 5e-4,
    "generator.learning_rate_end": 5e-5,
    "generator.beta1": 0.5,
    "generator.beta2": 0.99,
    "generator.clip": 10.0,
    "discriminator.learning_rate": 2.5e-4,  # as fast as the generator it gets too sure within half an hour of two cores
    "discriminator.learning_rate_end": 2.5e-5,
    "discriminator.beta1": 0.5,
    "discriminator.beta2": 0.99,
    "discriminator.clip": 10.0,
    "ema.half_life": 8_000.0,
    "ema.half_life_start": 500.0,
    "augment.mode": "adaptive",
    "augment.target": 0.3,
    "augment.ramp": 20_000,
    "reconstruction.features": 4.0,
}
"""What ``small`` and ``studio`` have in common."""

SMALL = Preset(
    name="small",
    summary="The default: at 16 kHz, for two CPU cores and few sounds.",
    build="paragone_audio.networks.sound:build",
    config=SoundNetwork,
    settings={**RECIPE, "data.rate": 16_000},
)

STUDIO = Preset(
    name="studio",
    summary="The same with wider networks, at the sample rate of the files: for a GPU.",
    build="paragone_audio.networks.sound:build",
    config=SoundNetwork,
    settings={
        **RECIPE,
        "network.latent": 96,
        "network.style": 256,
        "network.width": 128,
        "network.widest": 512,
        "network.windows": "2048,512,128",
        "network.filters": 64,
        "network.most_filters": 256,
        "network.periods": "2,3,5,7,11",
        "network.period_filters": 32,
    },
)

WAVEGAN = Preset(
    name="wavegan",
    summary="Donahue et al. 2019 as published, without labels and loops. A reference.",
    build="paragone_audio.networks.wavegan:build",
    config=WaveganNetwork,
    settings={
        "data.rate": 16_000,
        "train.conditional": False,
        "train.objective": "wasserstein",
        "train.batch": 64,
        "train.discriminator_turns": 5,
        "train.precision": "fp32",
        "penalty.wgan_gp": 10.0,
        "generator.learning_rate": 1e-4,
        "generator.beta1": 0.5,
        "generator.beta2": 0.9,
        "discriminator.learning_rate": 1e-4,
        "discriminator.beta1": 0.5,
        "discriminator.beta2": 0.9,
        "ema.half_life": 0.0,
        "augment.mode": "none",
    },
)
