"""Settings: small frozen dataclasses, one a section, and how they are put together.

Order, later wins: dataclass defaults < the preset's < ``--config file.toml`` <
``--set section.key=value`` < flags. Every section is flat, so that a TOML file,
a dotted name and a command-line flag all say the same thing. No torch here.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tomli_w

from .errors import UsageError
from .modality import Modality, Preset
from .options import Option, nearest_error, options_of, setting
from .parts import part_size

BUDGET_KEYS = ("minutes", "samples")
"""Two ways to say how long; at most one of them has a value."""


ObjectiveName = Literal["minimax", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"]

DEFAULT_MINUTES = 10.0
"""The budget of a training when nobody names one."""


@dataclass(frozen=True)
class TrainSettings:
    """``[train]``: how long, how big, where."""

    preset: str = setting("", "Networks and the settings that suit them; empty: the first one of the medium.")
    minutes: float | None = setting(None, "Budget: stop after so many minutes.", minimum=0.001)
    samples: int | None = setting(None, "Budget: stop after the discriminator has seen so many real samples.", minimum=1)
    seed: int = setting(0, "Seed of everything random.", minimum=0, maximum=2**63 - 1)
    batch: int = setting(64, "Samples in one step, over all processes.", minimum=1, maximum=65_536)
    accumulate: int = setting(1, "Split each step's batch, or a process's share of it, into so many parts, to fit in memory.", minimum=1)
    group: int = setting(1, "So many consecutive samples of a batch share one label, or cluster.", minimum=1)
    objective: ObjectiveName = setting("relativistic", "The game that the two players play.")
    conditional: bool = setting(True, "Learn the labels, where the data has some.")
    clusters: int = setting(
        0,
        "Split the labels into so many clusters of like samples at most, one a label at least, and learn these; 0: none.",
        minimum=0,
        maximum=10_000,
    )
    cluster_size: int = setting(12, "Samples that a cluster has on average, at least; none has less than a third of it.", minimum=3)
    neighbours: int = setting(
        0,
        "Tell the players of one of so many nearest samples in the cluster, not of the cluster as a whole; 0: of the cluster.",
        minimum=0,
        maximum=64,
    )
    hold_out: float = setting(
        0.0, "Share of the samples, chosen by content, kept out of the training to judge it by.", minimum=0.0, maximum=0.5
    )
    keep_best: str = setting("", "Also keep the weights that are best by this metric, such as kid; empty: only the last.", metavar="METRIC")
    best_every: float = setting(0.1, "Share of the budget between two looks for the best.", minimum=0.001, maximum=1.0)
    best_count: int = setting(256, "Samples in each such look.", minimum=16, maximum=10_000)
    discriminator_turns: int = setting(1, "Discriminator turns in a step, each on fresh samples.", minimum=1)
    device: str = setting("auto", "Where to compute: auto, cpu, cuda, cuda:1, mps, …")
    precision: Literal["auto", "bf16", "fp32"] = setting("auto", "Arithmetic of the networks; auto: bf16 where the hardware has it.")
    compile: bool = setting(False, "Compile the generator with torch.compile.")
    threads: int = setting(
        0, "CPU threads of a process; 0: all cores that others leave free, or its share of them.", minimum=0, maximum=1024
    )
    stats_every: int = setting(2048, "Real samples between two lines of stats.jsonl.", minimum=1)
    save_seconds: float = setting(60.0, "Seconds between two saved states.", minimum=0.0)
    tensorboard: bool = setting(False, "Also write TensorBoard logs into the run folder (extra: tensorboard).")
    sheet_seconds: float = setting(60.0, "Seconds between two sample sheets; the first comes sooner.", minimum=0.0)


@dataclass(frozen=True)
class PenaltySettings:
    """``[penalty]``: regularisers of the discriminator; a weight of 0 leaves one out."""

    r1: float = setting(0.0, "Weight γ of γ/2·‖∇D(real)‖², by double backward.", minimum=0.0)
    r2: float = setting(0.0, "Weight γ of γ/2·‖∇D(fake)‖², by double backward.", minimum=0.0)
    wgan_gp: float = setting(0.0, "Weight λ of λ·(‖∇D(mix)‖ − 1)², by double backward.", minimum=0.0)
    fd_r1: float = setting(0.0, "Weight γ of R1 by finite differences (single backward).", minimum=0.0)
    fd_r2: float = setting(0.0, "Weight γ of R2 by finite differences (single backward).", minimum=0.0)
    sigma: float = setting(0.03, "Step of the finite difference, in units of the sample.", minimum=1e-6)
    every: int = setting(1, "Lazy: apply every k-th step with k times the weight.", minimum=1)
    end: float = setting(1.0, "Share of the weights left at the end of the budget (cosine ramp).", minimum=0.0)


@dataclass(frozen=True)
class AdamSettings:
    """``[generator]`` and ``[discriminator]``: one player's Adam and its cosine ramps."""

    learning_rate: float = setting(2e-4, "Learning rate at the start.", minimum=0.0)
    learning_rate_end: float | None = setting(None, "Learning rate at the end of the budget; none: as at the start.", minimum=0.0)
    beta1: float = setting(0.0, "Decay of the mean of gradients.", minimum=0.0, maximum=0.9999)
    beta2: float = setting(0.99, "Decay of the mean of squared gradients.", minimum=0.0, maximum=0.99999)
    beta2_end: float | None = setting(None, "β2 at the end of the budget; none: as at the start.", minimum=0.0, maximum=0.99999)
    epsilon: float = setting(1e-8, "Adam's ε.", minimum=0.0)
    clip: float = setting(0.0, "Clip the gradient's norm at this; 0: never.", minimum=0.0)


@dataclass(frozen=True)
class EmaSettings:
    """``[ema]``: the moving average of the generator that is kept and sampled."""

    half_life: float = setting(10_000.0, "Half-life at the end of the budget, in real samples.", minimum=0.0)
    half_life_start: float = setting(0.0, "Half-life at the start, in real samples.", minimum=0.0)


@dataclass(frozen=True)
class AugmentSettings:
    """``[augment]``: how often the discriminator sees changed samples."""

    mode: Literal["none", "fixed", "adaptive"] = setting(
        "adaptive", "none; fixed: p ramps from p_start to p; adaptive: steered by r_t (ADA)."
    )
    p: float = setting(0.0, "fixed: probability at the end of the budget; adaptive: at the start.", minimum=0.0, maximum=1.0)
    p_start: float = setting(0.0, "fixed: probability at the start.", minimum=0.0, maximum=1.0)
    p_max: float = setting(0.8, "adaptive: never above this.", minimum=0.0, maximum=1.0)
    target: float = setting(0.6, "adaptive: value of r_t that is held.", minimum=-1.0, maximum=1.0)
    ramp: int = setting(100_000, "adaptive: real samples in which p can rise from 0 to 1.", minimum=1)


@dataclass(frozen=True)
class ReconstructionSettings:
    """``[reconstruction]``: some fakes of the generator's turns are real samples, encoded and made again (VAE/GAN)."""

    features: float = setting(0.0, "Weight of the distance in the discriminator's features; needs a preset with an encoder.", minimum=0.0)
    samples: float = setting(0.0, "Weight of the distance between the samples themselves; needs a preset with an encoder.", minimum=0.0)
    divergence: float = setting(
        0.01, "Weight of a nat by which the codes differ from the latents' distribution; of tokens, of a nat a position.", minimum=0.0
    )
    free: float = setting(0.0, "Nats of that difference that cost nothing, so that the codes say at least so much.", minimum=0.0)
    share: float = setting(0.5, "Share of each batch that is made of reconstructions.", minimum=0.0, maximum=1.0)

    @property
    def wanted(self) -> bool:
        """Whether anything is reconstructed at all."""
        return self.share > 0 and (self.features > 0 or self.samples > 0)


@dataclass(frozen=True)
class TokenSettings:
    """``[tokens]``: how a generator of tokens learns; without effect where samples are real numbers."""

    likelihood: float = setting(0.0, "Weight of −log p(real sample), in nats a token, in the generator's loss.", minimum=0.0)
    alone: float = setting(
        0.0, "Share of the budget, from its start, in which the generator learns from the likelihood alone.", minimum=0.0, maximum=1.0
    )
    lead: float = setting(
        0.0,
        "Share of the game, from its start, in which the discriminator learns and the generator does not hear it yet.",
        minimum=0.0,
        maximum=0.9,
    )
    likelihood_after: float | None = setting(None, "The same weight once the game is played; none: as before.", minimum=0.0)
    learning_rate: float | None = setting(None, "Adam's learning rate while alone; none: the generator's.", minimum=0.0)
    relaxation: Literal["straight-through", "gumbel", "none"] = setting(
        "straight-through", "What stands in for the draw of a token when it is differentiated."
    )
    temperature: float = setting(1.0, "τ of the relaxation's softmax.", minimum=0.01)
    temperature_end: float | None = setting(
        None, "τ at the end of the budget, approached by equal factors from the start of the game; none: as at the start.", minimum=0.01
    )
    score_function: float = setting(
        0.0, "Weight of the score-function (REINFORCE) gradient; its baseline is the mean of a micro-batch's other samples.", minimum=0.0
    )

    def played(self, progress: float) -> float:
        """Share of the game that is over after ``progress`` of the budget: below 0 while the likelihood is alone."""
        return (progress - self.alone) / (1 - self.alone) if self.alone < 1 else -1.0


@dataclass(frozen=True)
class Settings:
    """All that decides a training. ``data`` and ``network`` belong to the plugin."""

    train: TrainSettings
    penalty: PenaltySettings
    generator: AdamSettings
    discriminator: AdamSettings
    ema: EmaSettings
    augment: AugmentSettings
    reconstruction: ReconstructionSettings
    tokens: TokenSettings
    data: Any
    network: Any

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Section name → key → plain value; what :func:`settle` takes back."""
        return {name: _plain(getattr(self, name)) for name in section_names()}

    def to_toml(self) -> str:
        """The same as a TOML file. TOML has no null: no value is written as ``"none"``, and of the budget only what is set."""
        # left out, a key would take the preset's value when the file is read back
        sections = {
            name: {key: "none" if value is None else value for key, value in section.items() if value is not None or key not in BUDGET_KEYS}
            for name, section in self.to_dict().items()
        }
        return tomli_w.dumps(sections)

    def replace(self, name: str, **changes: Any) -> Settings:
        """A copy with some keys of section ``name`` changed."""
        return dataclasses.replace(self, **{name: dataclasses.replace(getattr(self, name), **changes)})


def _plain(section: Any) -> dict[str, Any]:
    """What ``dataclasses.asdict`` gives for a flat dataclass, many times as fast: each sample's provenance holds it."""
    kind: type = type(section)
    return {name: getattr(section, name) for name in _keys(kind)}


@functools.cache
def _keys(section: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(section))


def section_names() -> tuple[str, ...]:
    """Names of the sections, in the order they are printed."""
    return tuple(field.name for field in dataclasses.fields(Settings))


ENGINE_SECTIONS: Mapping[str, type] = types.MappingProxyType(
    {
        "train": TrainSettings,
        "penalty": PenaltySettings,
        "generator": AdamSettings,
        "discriminator": AdamSettings,
        "ema": EmaSettings,
        "augment": AugmentSettings,
        "reconstruction": ReconstructionSettings,
        "tokens": TokenSettings,
    }
)


def settle(modality: Modality, layers: Sequence[tuple[str, Mapping[str, Any]]] = (), complete: bool = False) -> Settings:
    """Defaults and ``layers``, laid over each other and checked.

    Args:
        modality: gives the ``data`` section, the presets and their ``network`` section.
        layers: (where it came from, dotted name → value) pairs, later ones win.
        complete: whether ``layers`` were complete when they were written, as a run's record is. What they lack is newer than
            they are: so its option's default holds, which changes nothing, and not what the preset says by now.

    Returns:
        Complete settings; ``train.preset`` is filled in.

    Raises:
        UsageError: for an unknown section, key or preset (naming the nearest), a
            value of the wrong type or out of range, or a budget given twice.
    """
    wanted = [(origin, values["train.preset"]) for origin, values in layers if values.get("train.preset")]
    preset = _preset(modality, *wanted[-1]) if wanted else modality.preset()
    kinds = {**ENGINE_SECTIONS, "data": modality.data_config, "network": preset.config}
    values: dict[str, dict[str, Any]] = {name: {} for name in kinds}
    for origin, layer in [*([] if complete else [(f"preset {preset.name}", preset.settings)]), *layers]:
        said = []
        for dotted, value in layer.items():
            section, key, option = _find(kinds, dotted, origin)
            said.append((section, key, option.read(value, where=f"{origin}: {dotted}")))
        # minutes and samples are two ways to say one thing: a later layer's replaces an earlier one's
        budgets = [key for section, key, value in said if section == "train" and key in BUDGET_KEYS and value is not None]
        if len(budgets) == 2:
            raise UsageError("both a time and a number of samples are given", where=origin, fix="Give minutes or samples, not both.")
        if budgets:
            values["train"].pop("minutes", None), values["train"].pop("samples", None)
        for section, key, value in said:
            values[section][key] = value
    values["train"]["preset"] = preset.name
    settled = Settings(**{name: kind(**values[name]) for name, kind in kinds.items()})
    part_size(settled.train.batch, settled.train.accumulate, settled.train.group)  # raises if it cannot be cut
    return settled


def _preset(modality: Modality, origin: str, name: object) -> Preset:
    try:
        return modality.preset(str(name))
    except UsageError as error:
        raise UsageError(error.what, where=f"{origin}: train.preset", fix=error.fix) from error


def _find(kinds: Mapping[str, type], dotted: str, origin: str) -> tuple[str, str, Option]:
    section, dot, key = dotted.partition(".")
    if section not in kinds:
        raise nearest_error("section", section, list(kinds), where=origin)
    options = options_of(kinds[section])
    if not dot or key not in options:
        raise nearest_error("key", dotted, [f"{section}.{name}" for name in options], where=origin)
    return section, key, options[key]


def read_toml(path: Path) -> dict[str, Any]:
    """A settings file as dotted name → value, for :func:`settle`.

    Raises:
        UsageError: if it is absent or not TOML.
    """
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=path, fix="Check the path given to --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"is not valid TOML: {error}", where=path, fix="`--print-config` prints a valid one to start from.") from error
    return flatten(sections, where=path)


def flatten(sections: Mapping[str, Any], where: object) -> dict[str, Any]:
    """``{"train": {"batch": 1}}`` → ``{"train.batch": 1}``.

    Raises:
        UsageError: if a top-level value is not a section.
    """
    flat: dict[str, Any] = {}
    for section, values in sections.items():
        if not isinstance(values, Mapping):
            raise UsageError(
                f"{section!r} stands outside a section", where=where, fix=f"Put it under one of [{'], ['.join(section_names())}]."
            )
        flat |= {f"{section}.{key}": value for key, value in values.items()}
    return flat


def read_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """``["train.batch=32"]`` → ``{"train.batch": "32"}``, for :func:`settle`.

    Raises:
        UsageError: if one has no ``=``.
    """
    flat: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"{assignment!r} has no '='", where="--set", fix="Write --set section.key=value.")
        flat[name.strip()] = value.strip()
    return flat


def layers(
    config: Path | None, assignments: Sequence[str], flags: Mapping[str, Any], said: str = "command line"
) -> list[tuple[str, Mapping[str, Any]]]:
    """What a user said, in rising order of weight, for :func:`settle`.

    Args:
        config: the file given to ``--config``.
        assignments: what was given to ``--set``.
        flags: dotted name → value of flags that were really given.
        said: where those were given, for messages.
    """
    from_file = [(str(config), read_toml(config))] if config else []
    return [*from_file, ("--set", read_assignments(assignments)), (said, flags)]
