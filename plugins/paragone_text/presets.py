"""The presets: which networks, and the settings that suit them. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from paragone.modality import Preset
from paragone.options import setting


@dataclass(frozen=True)
class NamesNetwork:
    """``[network]`` of ``names``."""

    code: int = setting(32, "Length of the code that says what a text is like, and of the label's.", minimum=1)
    plan: int = setting(96, "Width of the plan that is made of the code.", minimum=8)
    embedding: int = setting(96, "Length of a token's vector.", minimum=1)
    hidden: int = setting(384, "Hidden units of the LSTM.", minimum=1)
    forget: float = setting(0.2, "Share of the tokens before it that it does not see in training.", minimum=0.0, maximum=1.0)
    encoder: int = setting(96, "Channels of the encoder.", minimum=8)
    filters: int = setting(160, "Filters of each width in the discriminator.", minimum=1)
    features: int = setting(256, "Features of the last layer of both.", minimum=1)


@dataclass(frozen=True)
class LinesNetwork:
    """``[network]`` of ``lines`` and ``mle``."""

    embedding: int = setting(256, "Length of a token's vector.", minimum=1)
    hidden: int = setting(384, "Hidden units of the LSTM.", minimum=1)
    dropout: float = setting(0.3, "Share of input and output features that is dropped in training.", minimum=0.0, maximum=0.9)
    filters: int = setting(160, "Filters of each width in the discriminator.", minimum=1)
    features: int = setting(256, "Features of its last layer.", minimum=1)


@dataclass(frozen=True)
class RelganNetwork:
    """``[network]`` of ``relgan``."""

    embedding: int = setting(32, "Length of the generator's token vectors.", minimum=1)
    slots: int = setting(1, "Rows of its memory.", minimum=1)
    heads: int = setting(2, "Attention heads of its memory.", minimum=1)
    head: int = setting(256, "Length of a head.", minimum=1)
    representations: int = setting(64, "Embeddings that the discriminator judges a text by.", minimum=1)
    filters: int = setting(300, "Its filters of each width, 2 to 5 tokens.", minimum=1)
    features: int = setting(100, "Features of its last layer.", minimum=1)


GAME = {
    "train.objective": "non-saturating",
    "train.batch": 64,
    "penalty.fd_r1": 5e-4,
    "penalty.fd_r2": 5e-4,
    "penalty.sigma": 0.01,  # a place of a text is a row of V numbers, so it moves by √V times as much
    "penalty.every": 4,
    "generator.learning_rate": 4e-3,
    "generator.learning_rate_end": 2e-5,
    "generator.beta1": 0.5,
    "generator.clip": 1.0,
    "discriminator.learning_rate": 1e-3,
    "discriminator.learning_rate_end": 2e-4,
    "discriminator.beta1": 0.5,
    "ema.half_life": 10_000.0,
    "ema.half_life_start": 500.0,
    "augment.mode": "none",
    "tokens.alone": 0.7,
    "tokens.lead": 0.2,
}
"""What ``names`` and ``lines`` have in common: likelihood first, then the game."""

NAMES = Preset(
    name="names",
    summary="The default: short texts, with a latent code to walk in.",
    build="paragone_text.networks.names:build",
    config=NamesNetwork,
    settings={
        **GAME,
        "reconstruction.samples": 1.0,
        "reconstruction.divergence": 1.0,
        "reconstruction.free": 5.0,
    },
)

LINES = Preset(
    name="lines",
    summary="Longer texts: learned from likelihood, then played for.",
    build="paragone_text.networks.lines:build",
    config=LinesNetwork,
    settings={**GAME, "tokens.likelihood": 1.0},
)

MLE = Preset(
    name="mle",
    summary="The same generator from likelihood alone: the baseline. A reference.",
    build="paragone_text.networks.lines:build",
    config=LinesNetwork,
    settings={**LINES.settings, "tokens.alone": 1.0},
)

RELGAN = Preset(
    name="relgan",
    summary="Nie et al. 2019, as published, for a GPU. A reference.",
    build="paragone_text.networks.relgan:build",
    config=RelganNetwork,
    settings={
        "train.objective": "relativistic",
        "train.batch": 64,
        "train.discriminator_turns": 5,
        "generator.learning_rate": 1e-4,
        "generator.beta1": 0.9,
        "generator.beta2": 0.999,
        "generator.clip": 5.0,
        "discriminator.learning_rate": 1e-4,
        "discriminator.beta1": 0.9,
        "discriminator.beta2": 0.999,
        "discriminator.clip": 5.0,
        "ema.half_life": 0.0,
        "augment.mode": "none",
        "tokens.likelihood": 1.0,
        "tokens.likelihood_after": 0.0,
        "tokens.learning_rate": 1e-2,
        "tokens.alone": 0.70,  # 150 epochs of 10,000 texts, then 2,000 steps of the game, each with five batches of 64
        "tokens.relaxation": "gumbel",
        "tokens.temperature": 1.0,
        "tokens.temperature_end": 0.16,  # β_max = 100 over 5,000 steps, of which 2,000 are made
    },
)
