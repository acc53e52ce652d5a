"""Samples, and all that is known of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch

from . import __version__
from .artefacts import Lines, writer_of
from .collecting import collector_of
from .errors import UsageError
from .modality import running
from .options import checked
from .request import Request
from .writing import distinct_names, write, write_together

if TYPE_CHECKING:
    from .sampler import Sampler


@dataclass
class Batch:
    """Samples and what they were made from.

    Attributes:
        sampler: that made them.
        samples: ``(B, *spec.shape)`` on the CPU.
        requests: B seeds, labels and truncations.
        options: an instance of the modality's ``sample_config``, which they were made with.
        facts: what the medium's own way of choosing says of each, B mappings of JSON values; empty without one.
    """

    sampler: Sampler
    samples: torch.Tensor
    requests: list[Request]
    options: Any
    facts: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def joined(cls, parts: Iterable[Batch]) -> Batch:
        """All samples of ``parts``, which one sampler made with the same options.

        Raises:
            UsageError: if there are no parts.
        """
        batches = list(parts)
        if not batches:
            raise UsageError("there is nothing to join", where="Batch.joined", fix="Data without labels has none to go through.")
        requests = [request for batch in batches for request in batch.requests]
        facts = [each for batch in batches for each in batch.facts]
        return cls(batches[0].sampler, torch.cat([batch.samples for batch in batches]), requests, batches[0].options, facts)

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

    def lines(self) -> list[str]:
        """Each as a line of text.

        Raises:
            UsageError: if the medium's samples are none.
        """
        modality = self.sampler.modality
        if not modality.lines:
            raise UsageError(f"samples of {modality.name} are no lines of text", where="lines", fix="Write files: batch.save(folder).")
        artefacts = cast(Lines, writer_of(modality, self.sampler.spec, self.options))
        return [artefacts.line(sample) for sample in self.samples]

    def scores(self) -> list[float] | None:
        """What the discriminator thinks of each: its logit, larger for more like the data.

        ``None`` if the run has no discriminator, or one that compares samples with each other.
        """
        return self.sampler.judge(self.samples, self.requests).tolist() if self.sampler.can_judge else None

    def asked(self, index: int) -> dict[str, Any]:
        """The seed and label of sample ``index``, its place if it lies on a walk, and which seed it is like, as JSON values."""
        request = self.requests[index]
        walk = {} if request.walk is None else {"walk": dict(vars(request.walk))}
        like = {} if request.like is None else {"like": request.like}
        return {"seed": request.seed, "label": request.label, **walk, **like}

    def provenance(self, index: int) -> dict[str, Any]:
        """All it takes to make sample ``index`` again, as JSON values."""
        sampler, config = self.sampler, self.sampler.run.config
        options = {each.name: getattr(self.options, each.name) for each in dataclasses.fields(self.options)}
        chosen = {"options": options} if sampler.modality.choosing else {}
        return {
            "paragone": __version__,
            "plugin": config["plugin"],
            "modality": sampler.modality.name,
            "run": sampler.hash,
            **self.asked(index),
            "truncation": self.requests[index].truncation,
            **chosen,
            **({"chosen": dict(self.facts[index])} if self.facts else {}),
            "data": config["data"].get("fingerprint"),
            "settings": sampler.settings.to_dict(),
        }

    def save(self, out: str | Path, options: object = None, overwrite: bool = False) -> list[Path]:
        """Write ``<seed>.<extension>`` for each, and a contact sheet if they are more than one.

        Where several labels have the same seed: ``<label>-<seed>.<extension>``.

        Args:
            out: folder, made if absent.
            options: an instance of the modality's ``sample_config``; those they were made with, if not given.
            overwrite: replace other files of these names.

        Returns:
            The paths written, the sheet last.

        Raises:
            UsageError: if two have the same seed and label, or ``options`` are out of range.
            OutputError: if another file of that name is there, or it cannot be written.
        """
        options = self.options if options is None else options
        return write(self.sampler, iter([self]), Path(out), options, overwrite, name=distinct_names(self.requests))

    def collect(self, options: object = None, overwrite: bool = False) -> list[Path]:
        """Write what the medium makes of all of them together, such as a drum kit.

        Args:
            options: an instance of the modality's ``sample_config`` that asks for it and says
                where; those they were made with, if not given.
            overwrite: replace other files of these names.

        Returns:
            The paths written.

        Raises:
            UsageError: if the options ask for nothing of that kind, or are out of range.
            OutputError: if another file of that name is there, or one cannot be written.
        """
        modality = self.sampler.modality
        options = checked(self.options if options is None else options, modality.sample_config, "options")
        collector = collector_of(modality, options)
        if collector is None:
            raise UsageError(f"nothing that {modality.name} makes of many samples is asked for", where="collect", fix="Name it in options.")
        with running(str(modality.collecting)):
            content = collector.files(dataclasses.replace(self, options=options))
        return write_together(content, overwrite)
