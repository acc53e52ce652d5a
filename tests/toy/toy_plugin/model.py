"""Data, networks and files of points."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from paragone.errors import DataError
from paragone.execution import Execution
from paragone.in_memory import InMemory
from paragone.layers import LabelEmbedding
from paragone.players import Players
from paragone.randomness import generator_for
from paragone.spec import Axis, SampleSpec
from toy_plugin.plugin import PointData, PointNetwork, PointSample

SPEC = SampleSpec((Axis("coordinate", 2, "features"),))


class Points(InMemory):
    """Points scattered round the centres of a CSV file with the columns x, y and, if wanted, label."""

    def __init__(self, path: Path, config: PointData) -> None:
        try:
            rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
            centres = torch.tensor([[float(row["x"]), float(row["y"])] for row in rows])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"holds no points ({error})", where=path, fix="Give a CSV file with the columns x and y.") from error
        names = [row.get("label") or "" for row in rows]
        points = centres.repeat_interleave(config.copies, 0)
        points += config.spread * torch.randn(points.shape, generator=generator_for(0, "points"))
        repeated = [name for name in names for _ in range(config.copies)]
        super().__init__(SPEC, points.clamp(-1, 1), repeated if all(names) else ())


def open_points(path: Path, config: PointData, cache: Path, note: Callable[[str], None]) -> Points:
    points = Points(path, config)
    note(f"{len(points)} points")
    return points


def hidden_layers(config: PointNetwork, activation: nn.Module) -> list[nn.Module]:
    return [layer for _ in range(config.depth) for layer in (nn.Linear(config.width, config.width), activation)]


class PointGenerator(nn.Module):
    """(B, latent), (B,) → (B, 2) in [-1, 1]."""

    blends = True

    def __init__(self, labels: int, config: PointNetwork) -> None:
        super().__init__()
        self.latent_size = config.latent
        self.label = LabelEmbedding(labels, config.width) if labels else None
        self.first = nn.Linear(config.latent, config.width)
        norm = [nn.BatchNorm1d(config.width)] if config.batch_norm else []
        self.rest = nn.Sequential(*norm, nn.ReLU(), *hidden_layers(config, nn.ReLU()), nn.Linear(config.width, 2))

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        hidden = self.first(latent)
        if self.label is not None and label is not None:
            hidden = hidden + self.label(label)
        return torch.tanh(self.rest(hidden))


class PointDiscriminator(nn.Module):
    """(B, 2), (B,) → (B,) logits, by projection (Miyato and Koyama 2018)."""

    def __init__(self, labels: int, config: PointNetwork) -> None:
        super().__init__()
        width = config.width
        self.fail_at, self.calls = config.fail_at, 0
        # Tancik et al. 2020: sines of random frequencies let a perceptron see what is finer than its own slope
        self.register_buffer("waves", 20.0 * torch.randn(2, config.fourier))
        self.body = nn.Sequential(nn.Linear(2 + 2 * config.fourier, width), nn.LeakyReLU(0.2), *hidden_layers(config, nn.LeakyReLU(0.2)))
        self.out = nn.Linear(width, 1)
        self.label = LabelEmbedding(labels, width) if labels else None

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return self.judge(sample, label)[0]

    def judge(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, list[torch.Tensor]]:
        phase = sample @ self.waves
        # modes are 0.4 apart: a slope of one is too gentle to tell them apart
        hidden = self.body(torch.cat([sample * 5, phase.sin(), phase.cos()], 1))
        logits = self.out(hidden)[:, 0]
        if self.label is not None:
            logits = logits + (hidden * self.label(label)).sum(1)
        self.calls += 1
        return logits * torch.nan if self.fail_at and self.calls >= self.fail_at else logits, [hidden]


class PointEncoder(nn.Module):
    """(B, 2) → mean and log variance, each (B, latent). Labels are ignored."""

    def __init__(self, config: PointNetwork) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, config.width), nn.ReLU(), nn.Linear(config.width, 2 * config.latent))

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        mean, log_variance = self.body(sample).chunk(2, 1)
        return mean, log_variance


def jitter(sample: torch.Tensor, uniforms: torch.Tensor, p: float) -> torch.Tensor:
    """Mirror the points left to right with probability p."""
    mirrored = sample * torch.tensor([-1.0, 1.0], device=sample.device)
    return torch.where(uniforms < p, mirrored, sample)


class Jitter:
    """The augmentation of points."""

    uniforms_per_sample = 1

    def __call__(self, sample: torch.Tensor, uniforms: torch.Tensor, p: float) -> torch.Tensor:
        return jitter(sample, uniforms, p)


def build(spec: SampleSpec, labels: int, config: PointNetwork) -> Players:
    generator, discriminator = PointGenerator(labels, config), PointDiscriminator(labels, config)
    return Players(generator, discriminator, Jitter(), batch_statistics=config.batch_norm, encoder=PointEncoder(config))


def embed(samples: torch.Tensor, spec: SampleSpec) -> torch.Tensor:
    """Points are alike that are near."""
    return samples


class PointFiles:
    """Points as JSON files."""

    extension = sheet_extension = ".json"

    def __init__(self, spec: SampleSpec, config: PointSample) -> None:
        self.digits = config.digits

    def encode(self, sample: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        return json.dumps({"point": [round(value, self.digits) for value in sample.tolist()], "provenance": dict(provenance)}).encode()

    def decode(self, data: bytes) -> tuple[torch.Tensor, dict[str, Any]]:
        try:
            content = json.loads(data)
            return torch.tensor(content["point"]), content["provenance"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"is no point ({error})") from error

    def sheet(self, samples: torch.Tensor, columns: int, captions: Sequence[str], provenance: Mapping[str, Any]) -> bytes:
        return json.dumps({"points": samples.tolist(), "captions": list(captions), "provenance": dict(provenance)}).encode()


class Bare:
    """The coordinates themselves are the features."""

    size = 2

    def __init__(self, identity: str, factor: float) -> None:
        self.identity, self.factor = identity, factor

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        return samples.float() * self.factor


def bare(spec: SampleSpec, execution: Execution) -> Bare:
    return Bare("bare/1", 1.0)


def spoilt(spec: SampleSpec, execution: Execution) -> Bare:
    return Bare("spoilt/1", torch.nan)
