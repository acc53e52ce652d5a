"""From seeds to samples to files.

Sample *i* is a function of (weights, seed *i*, label, truncation, like) and of nothing
else: not of how many others are made, nor in which order or on how many devices.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import weights
from .batch import Batch
from .building import build, describe, together
from .choosing import Chooser
from .data import Dataset, hold_out
from .errors import DivergenceError, RunError, UsageError
from .execution import Execution
from .generating import CHUNK, best_count, generate, in_chunks, made_in_parallel
from .kinds import Kinds
from .modality import Modality, require, resolve, running
from .options import checked
from .own_data import own_data
from .players import fused, latent_size
from .request import Request, Walk
from .run import Run
from .settings import Settings
from .spec import SampleSpec


class Sampler:
    """A trained generator, ready to be asked.

    Attributes:
        run: the folder it came from.
        modality: what kind of sample it makes.
        spec: shape and range of one sample.
        labels: names it can be asked for, ``()`` for data without labels.
        clusters: what its seeds draw from, ``None`` for a run without.
        kinds: both of these, and what networks are told of them.
        settings: what it was trained with.
        hash: of its weights, for provenance.
        which: ``"last"`` or ``"best"`` weights.
    """

    def __init__(
        self, run: Run, modality: Modality, settings: Settings, generator: nn.Module, execution: Execution, hash: str, which: str = "last"
    ) -> None:
        self.run, self.modality, self.settings = run, modality, settings
        self.spec, self.kinds = SampleSpec.from_json(run.config["spec"]), Kinds.of(run, modality, settings.train)
        self.labels, self.clusters = self.kinds.labels, self.kinds.clusters
        self.generator, self.execution = generator, execution
        self.hash, self.which = hash, which
        self._discriminator: nn.Module | None = None

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
            PluginError: if the plugin it needs is absent or broken, or cannot work here.
        """
        run = Run.open(Path(path))
        medium, settings = describe(run, modality)
        require(medium)
        players = build(medium, settings, SampleSpec.from_json(run.config["spec"]), run.classes, 0, run.instances)
        tensors, hash = _weights(run, which)
        weights.fill_module(players.generator, tensors, run.weights(which), together(run))
        execution = Execution.choose(device, precision="fp32")
        generator = fused(execution.place(players.generator).eval().requires_grad_(False))
        return cls(run, medium, settings, generator, execution, hash, which)

    def sample(
        self, seeds: Iterable[int], label: str | None = None, truncation: float = 1.0, options: Any = None, like: int | None = None
    ) -> Batch:
        """One sample for each seed.

        Args:
            seeds: whole numbers, 0 or more.
            label: one of :attr:`labels`; ``None`` draws one for each seed, from that seed.
            truncation: ψ in (0, 2]: the latent is multiplied by it. Less is more
                typical and less varied, more is the reverse. Marchesi 2017; Brock et al. 2019, section 3.1.
            options: an instance of the modality's ``sample_config``; its defaults, if not given.
            like: a seed, to make only what is of the same kind as its sample: of its cluster, and of its label where
                ``label`` is not given. Give ``label`` if that sample was asked for with one.

        Raises:
            UsageError: for an unknown label (naming the nearest), a negative seed,
                no seeds, ψ out of range, or ``like`` where there are no clusters.
            ParagoneError: if what ``options`` ask for cannot be had.
        """
        return Batch.joined(self.stream(seeds, label, truncation, options, like=like))

    def stream(
        self,
        seeds: Iterable[int],
        label: str | None = None,
        truncation: float = 1.0,
        options: Any = None,
        note: Callable[[str], None] | None = None,
        like: int | None = None,
    ) -> Iterator[Batch]:
        """The same as :meth:`sample`, a few at a time: memory does not grow with their number.

        Args:
            seeds, label, truncation, options, like: as there.
            note: told what a user should know after the last one.

        Raises:
            ParagoneError: as there; all that could be made before it has come.
        """
        label, like = self._settle(label, truncation, like)
        return self._make(
            (Request(seed, label or self.kinds.label_of(seed), truncation, like=like) for seed in _checked(seeds)), options, note
        )

    def walk(
        self,
        first: int,
        second: int,
        steps: int,
        label: str | None = None,
        truncation: float = 1.0,
        options: Any = None,
        like: int | None = None,
    ) -> Batch:
        """Samples of the latents between those of two seeds; the first and the last are those of the seeds.

        Args:
            first, second: whole numbers, 0 or more.
            steps: samples in all, 2 or more.
            label: as for :meth:`sample`; where each seed draws its own, that of the nearer one holds.
            truncation, options, like: as there.

        Raises:
            UsageError: as there, and if there are fewer than 2 steps.
        """
        return Batch.joined(self.stream_walk(first, second, steps, label, truncation, options, like=like))

    def stream_walk(
        self,
        first: int,
        second: int,
        steps: int,
        label: str | None = None,
        truncation: float = 1.0,
        options: Any = None,
        note: Callable[[str], None] | None = None,
        like: int | None = None,
    ) -> Iterator[Batch]:
        """The same as :meth:`walk`, as :meth:`stream` is the same as :meth:`sample`."""
        label, like = self._settle(label, truncation, like)
        if steps < 2:
            raise UsageError(f"a walk of {steps} is none", where="steps", fix="It has 2 steps at least: where it begins and where it ends.")
        start, end = _checked([first, second])

        def place(step: int) -> Request:
            request = Request(start, label, truncation, Walk(end, step, steps), like)
            return dataclasses.replace(request, label=label or self.kinds.label_of(request.nearest_seed))

        return self._make(map(place, range(steps)), options, note)

    @property
    def has_discriminator(self) -> bool:
        """Whether the run holds a discriminator that has had a turn: one that was made small, or learned from likelihood alone, may not."""
        return self.run.discriminator.exists() or (self.run.state.exists() and weights.holds(self.run.state, "adam.discriminator."))

    def discriminator(self) -> nn.Module:
        """The discriminator as the training left it, on the device, not to be trained further.

        There is one of the last weights only; it also judges what the best ones make.

        Raises:
            RunError: if the run holds none, or it cannot be used.
        """
        if self._discriminator is None:
            alone = self.run.discriminator.exists()
            file, prefix = (self.run.discriminator, "") if alone else (self.run.state, "discriminator.")
            if not self.has_discriminator:
                fix = "Use a run that has played the game and still has its state.safetensors, or do without --critic."
                raise RunError("holds no discriminator that has learned anything", where=self.run.path, fix=fix)
            players = build(self.modality, self.settings, self.spec, self.run.classes, 0, self.run.instances)
            weights.fill_module(players.discriminator, weights.read(file, prefix)[0], file, together(self.run))
            self._discriminator = self.execution.place(players.discriminator).eval().requires_grad_(False)
        return self._discriminator

    @property
    def can_judge(self) -> bool:
        """Whether it has a discriminator that judges each sample by itself: one that compares samples says something of several."""
        return self.has_discriminator and getattr(self.discriminator(), "compares", 1) == 1

    def judge(self, samples: torch.Tensor, requests: Sequence[Request]) -> torch.Tensor:
        """The discriminator's logits, ``(B,)`` float32 on the CPU; larger means more like the data.

        Args:
            samples: ``(B, *spec.shape)``.
            requests: what each was asked for with.

        Raises:
            RunError: if the run holds no discriminator, or one that compares samples with each other.
        """
        if not self.can_judge:
            self.discriminator()  # which says so if there is none
            raise RunError("has a discriminator that compares samples: it judges none by itself", where=self.run.path)
        return in_chunks(self.discriminator(), samples, self.numbers(requests), self.execution.device).float()

    def training_data(self, note: Callable[[str], None] | None = None) -> Dataset:
        """The samples that the run was trained on, without those that were held out.

        Args:
            note: told what a user should know about them.

        Raises:
            ParagoneError: if they are not there any more, or not the same.
        """
        return hold_out(own_data(self, note or (lambda text: None)), self.settings.train.hold_out)[0]

    def numbers(self, requests: Sequence[Request]) -> list[int] | None:
        """The numbers that networks are told, of clusters or else of labels; ``None`` if they are told nothing."""
        return self.kinds.numbers(requests)

    @property
    def in_parallel(self) -> bool:
        """Whether several samples are made at once, each by one core: then it does not hurt if something else needs a core meanwhile."""
        return self.modality.choosing is None and made_in_parallel(self.generator, self.spec, self.execution)

    def _settle(self, label: str | None, truncation: float, like: int | None) -> tuple[str | None, int | None]:
        """The label that all have in common, if there is one, and ``like``, of whatever kind of whole number it was.

        Raises:
            UsageError: as :meth:`sample`.
        """
        self.kinds.check(label)
        if not 0 < truncation <= 2:
            raise UsageError(f"{truncation:g} is out of range, it must be above 0 and at most 2", where="truncation")
        if like is None:
            return label, None
        (like,) = _checked([like], "like")
        return self.kinds.label_like(like, label), like

    def _make(self, requests: Iterator[Request], options: Any, note: Callable[[str], None] | None) -> Iterator[Batch]:
        """The samples of ``requests``, a few at a time."""
        options = checked(options, self.modality.sample_config, "options")
        code, chooser = self.modality.choosing, self._chooser(options)
        size = best_count(self.generator, self.spec, self.execution) if chooser is None else CHUNK
        for asked in _groups(requests, size):
            if code is None or chooser is None:
                yield from self._plain(asked, options)
                continue
            with running(code):
                chosen = chooser.choose(asked)
            if len(chosen.samples):
                yield Batch(self, chosen.samples, asked[: len(chosen.samples)], options, chosen.facts)
            if chosen.error:
                _tell(chooser, note)
                raise chosen.error
        if chooser is not None:
            _tell(chooser, note)

    def _plain(self, asked: list[Request], options: Any) -> Iterator[Batch]:
        """What the generator makes of each latent; where some of it cannot be used, what comes before that."""
        latent = torch.stack([request.latent(latent_size(self.generator)) for request in asked])
        try:
            told = self.kinds.shares(asked) if getattr(self.generator, "blends", False) else self.kinds.numbers(asked)
            samples = generate(self.generator, self.spec, self.execution, latent, told)
        except DivergenceError:
            if len(asked) <= CHUNK:
                raise
            for start in range(0, len(asked), CHUNK):
                yield from self._plain(asked[start : start + CHUNK], options)
        else:
            yield Batch(self, samples, asked, options)

    def _chooser(self, options: Any) -> Chooser | None:
        """The medium's own way of choosing, where it has one and ``options`` ask for it."""
        code = self.modality.choosing
        if code is None:
            return None
        with running(code):
            chooser: Chooser | None = resolve(code)(self, options)
        return chooser


def _checked(seeds: Iterable[int], where: str = "seed") -> Iterator[int]:
    """``seeds``, each a whole number of NumPy or torch too, and at least one.

    Raises:
        UsageError: if one is negative, or there is none.
    """
    seed = None
    for seed in map(operator.index, seeds):
        if seed < 0:
            raise UsageError(f"{seed} is negative", where=where, fix="Seeds are whole numbers from 0.")
        yield seed
    if seed is None:
        raise UsageError("no seeds are given", where="seeds", fix="Ask for at least one sample.")


def _groups(requests: Iterator[Request], size: int) -> Iterator[list[Request]]:
    """``size`` at a time, the last may be fewer; those before a wrong one come before its error."""
    group: list[Request] = []
    try:
        for request in requests:
            group.append(request)
            if len(group) == size:
                yield group
                group = []
    except Exception:  # the person's own seeds may raise anything
        if group:
            yield group
        raise
    if group:
        yield group


def _tell(chooser: Chooser, note: Callable[[str], None] | None) -> None:
    for text in chooser.notes():
        if note:
            note(text)


def _weights(run: Run, which: str) -> tuple[dict[str, torch.Tensor], str]:
    """The weights that sampling needs and their hash; a training may replace the file between the two."""
    while True:
        hash = run.hash(which)
        tensors, _ = weights.read(run.weights(which))
        if run.hash(which) == hash:
            return tensors, hash
