"""From seeds to samples to files.

Sample *i* is a function of (weights, seed *i*, label, truncation) and of nothing
else: not of how many others are made, nor in which order or on how many devices.
"""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import __version__, weights
from .errors import DivergenceError, RunError, UsageError
from .execution import Execution
from .modality import Modality, resolve, running
from .options import nearest_error
from .players import Players, latent_size
from .randomness import generator_for, latents
from .registry import registry
from .run import Run
from .settings import Settings, flatten, settle
from .spec import SampleSpec
from .writing import write

CHUNK = 16
"""Samples in one call of the generator. It is always this many, short calls are
filled up: matrix kernels round differently for other batch sizes."""

_BUILDING = threading.Lock()
"""Layers draw their weights from torch's one generator: another thread must not draw in between."""


class Sampler:
    """A trained generator, ready to be asked.

    Attributes:
        run: the folder it came from.
        modality: what kind of sample it makes.
        spec: shape and range of one sample.
        labels: names it can be asked for, ``()`` for data without labels.
        settings: what it was trained with.
        hash: of its weights, for provenance.
        which: ``"last"`` or ``"best"`` weights.
    """

    def __init__(
        self, run: Run, modality: Modality, settings: Settings, generator: nn.Module, execution: Execution, hash: str, which: str = "last"
    ) -> None:
        self.run, self.modality, self.settings = run, modality, settings
        self.spec, self.labels = SampleSpec.from_json(run.config["spec"]), tuple(map(str, run.config["labels"]))
        self.generator, self.execution = generator, execution
        self.hash, self.which = hash, which

    @classmethod
    def load(cls, path: str | Path, device: str = "auto", modality: str | None = None, which: str = "last") -> Sampler:
        """Open a run for sampling; no other argument is needed, the run describes itself.

        Args:
            path: of the run folder.
            device: as for training.
            modality: raise if the run is of another one.
            which: ``"last"`` weights, or the ``"best"`` that the training kept.

        Raises:
            UsageError: if there are no best weights.
            RunError: if the run cannot be used.
            PluginError: if the plugin it needs is absent or broken.
        """
        run = Run.open(Path(path))
        medium, settings = describe(run, modality)
        players = build(medium, settings, SampleSpec.from_json(run.config["spec"]), len(run.config["labels"]), seed=0)
        tensors, hash = _weights(run, which)
        weights.fill_module(players.generator, tensors, where=run.weights(which))
        execution = Execution.choose(device, precision="fp32")
        return cls(run, medium, settings, execution.place(players.generator).eval().requires_grad_(False), execution, hash, which)

    def sample(self, seeds: Iterable[int], label: str | None = None, truncation: float = 1.0) -> Batch:
        """One sample for each seed.

        Args:
            seeds: whole numbers, 0 or more.
            label: one of :attr:`labels`; ``None`` draws one for each seed, from that seed.
            truncation: ψ in (0, 1]: the latent is multiplied by it. Less is more
                typical and less varied. Marchesi 2017; Brock et al. 2019, section 3.1.

        Raises:
            UsageError: for an unknown label (naming the nearest), a negative seed,
                no seeds, or ψ out of range.
        """
        parts = list(self.stream(seeds, label, truncation))
        return Batch(self, torch.cat([part.samples for part in parts]), [request for part in parts for request in part.requests])

    def stream(self, seeds: Iterable[int], label: str | None = None, truncation: float = 1.0) -> Iterator[Batch]:
        """The same as :meth:`sample`, a few at a time: memory does not grow with their number."""
        if label is not None and label not in self.labels:
            raise nearest_error("label", label, self.labels)
        if not 0 < truncation <= 1:
            raise UsageError(f"{truncation:g} is out of range, it must be above 0 and at most 1", where="truncation")
        rest, first = iter(seeds), True
        while chunk := [operator.index(seed) for seed in itertools.islice(rest, CHUNK)]:  # NumPy's and torch's whole numbers too
            first = False
            if min(chunk) < 0:
                raise UsageError(f"{min(chunk)} is negative", where="seed", fix="Seeds are whole numbers from 0.")
            requests = [Request(seed, label or self._label_of(seed), truncation) for seed in chunk]
            yield Batch(self, self._generate(requests), requests)
        if first:
            raise UsageError("no seeds are given", where="seeds", fix="Ask for at least one sample.")

    def _label_of(self, seed: int) -> str | None:
        if not self.labels:
            return None
        return self.labels[int(torch.randint(len(self.labels), (), generator=generator_for(seed, "label")))]

    def _generate(self, requests: Sequence[Request]) -> torch.Tensor:
        numbers = [self.labels.index(request.label) for request in requests if request.label is not None]
        latent = latents([request.seed for request in requests], latent_size(self.generator))
        return generate(self.generator, self.spec, self.execution, latent * requests[0].truncation, numbers or None)


def _weights(run: Run, which: str) -> tuple[dict[str, torch.Tensor], str]:
    """The weights that sampling needs and their hash; a training may replace the file between the two."""
    while True:
        hash = run.hash(which)
        tensors, _ = weights.read(run.weights(which))
        if run.hash(which) == hash:
            return tensors, hash


def generate(
    generator: nn.Module, spec: SampleSpec, execution: Execution, latent: torch.Tensor, labels: Sequence[int] | None
) -> torch.Tensor:
    """Samples on the CPU for ``(B, latent_size)`` latents and B label numbers, in chunks of one size, in fp32.

    Raises:
        DivergenceError: if a value is not finite.
    """
    label = None if labels is None else torch.tensor(labels, dtype=torch.int64)
    parts = []
    with torch.inference_mode():
        for start in range(0, len(latent), CHUNK):
            rows = torch.arange(start, start + CHUNK).clamp_max(len(latent) - 1)
            asked = None if label is None else label[rows].to(execution.device)
            parts.append(generator(latent[rows].to(execution.device), asked).float().cpu()[: len(latent) - start])
    samples = torch.cat(parts).clamp(spec.low, spec.high)  # a generator need not be squashed
    if not bool(torch.isfinite(samples).all()):
        raise DivergenceError("the generator makes values that are not finite", fix="Train again with lower learning rates.")
    return samples


@dataclass(frozen=True)
class Request:
    """What one sample was asked for with."""

    seed: int
    label: str | None
    truncation: float


@dataclass
class Batch:
    """Samples and what they were made from.

    Attributes:
        sampler: that made them.
        samples: ``(B, *spec.shape)`` on the CPU.
        requests: B seeds, labels and truncations.
    """

    sampler: Sampler
    samples: torch.Tensor
    requests: list[Request]

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def seeds(self) -> list[int]:
        """The seed of each."""
        return [request.seed for request in self.requests]

    @property
    def labels(self) -> list[str | None]:
        """The label of each, ``None`` for data without labels."""
        return [request.label for request in self.requests]

    def provenance(self, index: int) -> dict[str, Any]:
        """All it takes to make sample ``index`` again, as JSON values."""
        request, config = self.requests[index], self.sampler.run.config
        return {
            "paragone": __version__,
            "plugin": config["plugin"],
            "modality": self.sampler.modality.name,
            "run": self.sampler.hash,
            "seed": request.seed,
            "label": request.label,
            "truncation": request.truncation,
            "data": config["data"].get("fingerprint"),
            "settings": self.sampler.settings.to_dict(),
        }

    def save(self, out: str | Path, options: object = None, overwrite: bool = False) -> list[Path]:
        """Write ``<seed>.<extension>`` for each, and a contact sheet if they are more than one.

        Args:
            out: folder, made if absent.
            options: an instance of the modality's ``sample_config``.
            overwrite: replace other files of these names.

        Returns:
            The paths written, the sheet last.

        Raises:
            OutputError: if another file of that name is there, or it cannot be written.
        """
        return write(self.sampler, iter([self]), Path(out), options, overwrite)


def describe(run: Run, modality: str | None = None) -> tuple[Modality, Settings]:
    """The modality and settings that a run was trained with.

    Raises:
        RunError: if the run is of another modality, or its settings are not valid.
        PluginError: if the plugin is absent or broken.
    """
    if modality is not None and run.modality != modality:
        raise RunError(f"is a run of {run.modality}, not of {modality}", where=run.path, fix=f"Use `create {run.modality}` with it.")
    medium = registry().modality(run.modality)
    file = run.path / "config.json"
    try:
        return medium, settle(medium, [(str(file), flatten(run.config["settings"], where=file))])
    except UsageError as error:
        raise RunError(error.what, where=error.where, fix=error.fix or "Restore it from a copy of the run.") from error


def build(medium: Modality, settings: Settings, spec: SampleSpec, labels: int, seed: int) -> Players:
    """The players of a preset, with weights drawn from ``seed``; torch's own generator is left as it was."""
    with _BUILDING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        code = medium.preset(settings.train.preset).build
        with running(code):
            players: Players = resolve(code)(spec, labels, settings.network)
    return players
