"""The presets: networks, their settings, and the training that suits them. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from paragone.modality import Preset
from paragone.options import setting


@dataclass(frozen=True)
class ArticleNetwork:
    """``[network]`` of ``article``."""

    latent: int = setting(100, "Length of the latent vector.", minimum=1)
    width: int = setting(128, "Units in each hidden layer.", minimum=1)


@dataclass(frozen=True)
class DcganNetwork:
    """``[network]`` of ``dcgan``."""

    latent: int = setting(100, "Length of the latent vector.", minimum=1)
    width: int = setting(64, "Channels at the largest size; doubled at each smaller one.", minimum=1)


@dataclass(frozen=True)
class R3ganNetwork:
    """``[network]`` of ``r3gan``."""

    latent: int = setting(64, "Length of the latent vector.", minimum=1)
    width: int = setting(768, "Channels up to 32 pixels; halved at each size above.", minimum=16)
    blocks: int = setting(2, "Residual blocks at each size.", minimum=1)
    group: int = setting(16, "Channels in a group of the 3×3 convolutions.", minimum=1)
    embedding: int = setting(768, "Length of the discriminator's label embedding.", minimum=1)
    mirror: bool = setting(True, "Let the augmentation mirror pictures left to right.")


@dataclass(frozen=True)
class SmallNetwork:
    """``[network]`` of ``small``."""

    latent: int = setting(32, "Length of the latent vector, and of the label's.", minimum=1)
    width: int = setting(32, "Channels at the picture's size; doubled at each smaller one.", minimum=4)
    widest: int = setting(256, "Never more channels than this.", minimum=4)
    style: int = setting(128, "Length of the style vector.", minimum=1)
    features: int = setting(128, "Features of the discriminator's last layer.", minimum=1)
    materials: int = setting(6, "Materials of its own that each picture is painted with; 0 paints each pixel freely.", minimum=0)
    sharpness: float = setting(6.0, "How decidedly a pixel is of one material; 1 mixes them softly.", minimum=0.1)
    group: int = setting(4, "Samples that the discriminator compares; as train.group.", minimum=1)
    chroma_seen: float = setting(2.0, "Weight of colour differences in what the discriminator sees.", minimum=0.0)
    mirror: bool = setting(True, "Let the augmentation mirror pictures left to right.")


SMALL = Preset(
    name="small",
    summary="The default: for two CPU cores, 32 to 64 pixels, few pictures.",
    build="paragone_image.networks.small:build",
    config=SmallNetwork,
    settings={
        "train.objective": "non-saturating",
        "train.batch": 64,
        "train.group": 4,
        "train.clusters": 256,
        "train.neighbours": 6,
        "penalty.fd_r1": 0.1,
        "penalty.fd_r2": 0.1,
        "penalty.sigma": 0.03,
        "penalty.every": 4,
        "generator.learning_rate": 1e-3,
        "generator.learning_rate_end": 5e-5,
        "generator.beta1": 0.5,
        "generator.beta2": 0.99,
        "discriminator.learning_rate": 1e-3,
        "discriminator.learning_rate_end": 5e-5,
        "discriminator.beta1": 0.5,
        "discriminator.beta2": 0.99,
        "ema.half_life": 8_000.0,
        "ema.half_life_start": 500.0,
        "augment.mode": "adaptive",
        "augment.target": 0.2,
        "augment.ramp": 80_000,
        "reconstruction.features": 2.0,
        "reconstruction.samples": 4.0,
    },
)

ARTICLE = Preset(
    name="article",
    summary="The article's pair: two small perceptrons, 28x28 grey. A reference.",
    build="paragone_image.networks.article:build",
    config=ArticleNetwork,
    settings={
        "data.size": "28x28",
        "data.channels": "grey",
        "train.conditional": False,
        "train.objective": "non-saturating",
        "train.precision": "fp32",
        "generator.beta1": 0.9,
        "generator.beta2": 0.999,
        "discriminator.beta1": 0.9,
        "discriminator.beta2": 0.999,
        "ema.half_life": 0.0,
        "augment.mode": "none",
    },
)

DCGAN = Preset(
    name="dcgan",
    summary="Radford et al. 2016, as published. A reference.",
    build="paragone_image.networks.dcgan:build",
    config=DcganNetwork,
    settings={
        "train.conditional": False,
        "train.objective": "non-saturating",
        "train.batch": 128,
        "generator.beta1": 0.5,
        "generator.beta2": 0.999,
        "discriminator.beta1": 0.5,
        "discriminator.beta2": 0.999,
        "ema.half_life": 0.0,
        "augment.mode": "none",
    },
)

R3GAN = Preset(
    name="r3gan",
    summary="Huang et al. 2024, the modern baseline, for a GPU.",
    build="paragone_image.networks.r3gan:build",
    config=R3ganNetwork,
    settings={
        "train.objective": "relativistic",
        "train.batch": 256,
        "penalty.r1": 1.0,
        "penalty.r2": 1.0,
        "penalty.end": 0.1,
        "generator.learning_rate": 2e-4,
        "generator.learning_rate_end": 5e-5,
        "generator.beta2": 0.9,
        "generator.beta2_end": 0.99,
        "discriminator.learning_rate": 2e-4,
        "discriminator.learning_rate_end": 5e-5,
        "discriminator.beta2": 0.9,
        "discriminator.beta2_end": 0.99,
        "ema.half_life": 500_000.0,
        "augment.mode": "fixed",
        "augment.p": 0.3,
    },
)
