"""A medium whose samples are lines, with its own way of choosing them: the toy's points, written as text."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from toy_plugin import plugin
from toy_plugin.model import PointFiles

from paragone.choosing import Chosen
from paragone.errors import NothingFound, ParagoneError
from paragone.generating import generate
from paragone.hooks import hookimpl
from paragone.modality import Modality
from paragone.options import setting
from paragone.request import Request
from paragone.sampler import Sampler


@dataclass(frozen=True)
class CoordinateSample(plugin.PointSample):
    above: float = setting(-1.0, "No point below it.")
    effort: int = setting(1000, "Attempts at each.", minimum=1)


class Coordinates(PointFiles):
    def line(self, sample: torch.Tensor) -> str:
        return " ".join(f"{value:.{self.digits}f}" for value in sample.tolist())


class HighEnough:
    """The first attempt that is high enough, one request after another."""

    def __init__(self, sampler: Sampler, options: CoordinateSample) -> None:
        self.sampler, self.options, self.tried = sampler, options, 0

    def choose(self, requests: Sequence[Request]) -> Chosen:
        samples, facts, error = [torch.empty(0, 2)], [], None
        for request in requests:
            try:
                sample, attempts = self.one(request)
            except ParagoneError as failed:
                error = failed
                break
            samples.append(sample[None])
            facts.append({"attempts": attempts})
        return Chosen(torch.cat(samples), facts, error)

    def one(self, request: Request) -> tuple[torch.Tensor, int]:
        sampler = self.sampler
        for attempt in range(self.options.effort):
            self.tried += 1
            latent = request.latent(2, attempt)[None]
            sample = generate(sampler.generator, sampler.spec, sampler.execution, latent, sampler.numbers([request]))[0]
            if sample[1] > self.options.above:
                return sample, attempt + 1
        raise NothingFound(f"none of {self.options.effort} points is above {self.options.above}", where=f"seed {request.seed}")

    def notes(self) -> Sequence[str]:
        return [f"{self.tried} points were tried"]


def choose(sampler: Sampler, options: CoordinateSample) -> HighEnough | None:
    return HighEnough(sampler, options) if options.above > -1 else None


@hookimpl
def paragone_modality() -> Modality:
    return dataclasses.replace(
        plugin.paragone_modality(),
        name="coordinates",
        artefacts="coordinates:Coordinates",
        sample_config=CoordinateSample,
        choosing="coordinates:choose",
        collecting=None,
        lines=True,
    )


def run_of(points: Path, out: Path) -> Path:
    """A copy of a run of points as one of this medium."""
    shutil.copytree(points, out)
    config = json.loads((out / "config.json").read_text())
    (out / "config.json").write_text(json.dumps({**config, "modality": "coordinates"}))
    return out


def sampler_of(points: Path) -> Sampler:
    """A run of points as a sampler of this medium, without asking the registry."""
    sampler = Sampler.load(points)
    sampler.modality = paragone_modality()
    return sampler
