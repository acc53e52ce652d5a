"""The plugin under test: its declaration, and everything the checks need of it, made once and small."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from .. import api
from ..building import build
from ..clusters import classes, described
from ..data import Dataset
from ..errors import PluginError
from ..execution import Execution
from ..modality import Modality, Preset
from ..opening import open_data
from ..players import Players, latent_size
from ..registry import PluginStatus, registry
from ..sampler import Sampler
from ..settings import Settings, settle
from ..trainer import Trainer

STEPS = 4
"""Steps of the trainings that the checks make."""

FEWEST = 8
"""Samples in a step, or one group more where the preset has larger groups."""


@dataclass(eq=False)
class Subject:
    """One preset of one plugin.

    Attributes:
        modality: name of the medium.
        preset: name of one of its presets.
        settings: dotted name → value, to make networks and data small.
        data: to learn from; ``None`` for the starter data.
    """

    modality: str
    preset: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: Path | None = None
    _run: Path | Exception | None = field(default=None, init=False, repr=False)

    @property
    def medium(self) -> Modality:
        """The declaration."""
        return registry().modality(self.modality)

    @property
    def declared(self) -> Preset:
        """The preset's declaration."""
        return self.medium.preset(self.preset)

    @property
    def row(self) -> PluginStatus:
        """How the plugin was found."""
        return next(row for row in registry().plugins if row.state == "ok" and self.modality in row.modalities)

    @property
    def places(self) -> dict[str, str]:
        """Where the plugin's code is, by what it does."""
        module = self.row.module or self.row.distribution
        return {"build": self.declared.build, "dataset": self.medium.dataset, "artefacts": self.medium.artefacts, "module": module}

    @property
    def batch(self) -> int:
        """Samples in a step: a few, in whole groups, an even number of groups so that two ranks can share them."""
        group = settle(self.medium, [("contract", {"train.preset": self.preset, **self.settings})]).train.group
        return 2 * group * max(1, -(-FEWEST // (2 * group)))

    @property
    def layer(self) -> dict[str, Any]:
        """The settings of every training here: the preset's, on one CPU thread, in fp32, for a few steps."""
        return {
            "train.preset": self.preset,
            "train.device": "cpu",
            "train.precision": "fp32",
            "train.threads": 1,
            "train.batch": self.batch,
            "train.accumulate": 1,
            "train.samples": STEPS * self.batch,
            "train.stats_every": self.batch,
            **self.settings,
        }

    @property
    def arguments(self) -> list[str]:
        """The data and :attr:`layer` as a command line has them."""
        settings = [part for key, value in self.layer.items() for part in ("--set", f"{key}={value}")]
        return [*([] if self.data is None else [str(self.data)]), *settings]

    @property
    def settled(self) -> Settings:
        """Complete settings."""
        return settle(self.medium, [("contract", self.layer)])

    @cached_property
    def folder(self) -> Path:
        """For what the checks write; it goes with this object."""
        folder = tempfile.mkdtemp(prefix="paragone-contract-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def path(self, name: str) -> Path:
        """A place in :attr:`folder` that nothing has taken yet."""
        return Path(tempfile.mkdtemp(dir=self.folder)) / name

    def open(self) -> Dataset:
        """The data, opened anew."""
        return open_data(self.medium, self.settled.data, self.data, lambda text: None)

    @cached_property
    def dataset(self) -> Dataset:
        """The data as the training sees it, with its labels if the preset learns them."""
        return self.plan("unused").dataset

    def players(self) -> Players:
        """New players on the CPU, the same each time."""
        return build(self.medium, self.settled, self.dataset.spec, classes(self.dataset), 0, described(self.dataset))

    def samples(self) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The first samples of the data and their labels, as many as :attr:`batch`, repeated where there are fewer."""
        return self.dataset.batch(torch.arange(self.batch) % len(self.dataset), torch.device("cpu"))

    def latent(self, players: Players) -> torch.Tensor:
        """``(batch, latent_size)``, the same each time."""
        return torch.randn(self.batch, latent_size(players.generator), generator=torch.Generator().manual_seed(1))

    def plan(self, name: str, **changes: Any) -> api.Plan:
        """A training into a new folder."""
        layers = [("contract", {**self.layer, **changes})]
        return api.plan(self.modality, self.data, out=self.path(name), layers=layers)

    def trainer(self, name: str = "unused", **changes: Any) -> Trainer:
        """A trainer that has not begun."""
        plan = self.plan(name, **changes)
        return Trainer(plan.players, plan.dataset, plan.settings, Execution.choose("cpu", "fp32", threads=1))

    def train(self, name: str, reporter: Any = None, **changes: Any) -> Path:
        """A whole training of a few steps; its run folder."""
        return api.train_plan(self.plan(name, **changes), reporter).path

    @property
    def run(self) -> Path:
        """A finished training, the same each time.

        Raises:
            PluginError: if it fails, every time, naming what it failed of the first time.
        """
        if self._run is None:
            try:
                self._run = self.train("run")
            except Exception as error:  # kept, and raised for every check that needs this training
                self._run = error
        if isinstance(self._run, Exception):
            what = f"no training came to its end: {type(self._run).__name__}: {self._run}".partition("\n")[0]
            raise PluginError(what, fix="the checks before this one; what they say comes first") from self._run
        return self._run

    def sampler(self) -> Sampler:
        """:attr:`run`, opened anew."""
        return Sampler.load(self.run, device="cpu", modality=self.modality)
