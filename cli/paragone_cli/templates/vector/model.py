"""Data and networks of my-medium. A sample is a point: (2,) float32 in [-1, 1]; files are JSON, which is the default."""

import csv
from pathlib import Path

import torch
from torch import nn

from paragone.errors import DataError
from paragone.in_memory import InMemory
from paragone.players import Players
from paragone.spec import Axis, SampleSpec

SPEC = SampleSpec((Axis("coordinate", 2, "features"),))


def make_starter(folder: Path) -> None:
    """Two rings, a label each."""
    rows = ["x,y,label"]
    for angle in torch.linspace(0, 2 * torch.pi, 400):
        for label, radius in (("inner", 0.4), ("outer", 0.8)):
            rows.append(f"{radius * angle.cos()},{radius * angle.sin()},{label}")
    (folder / "rings.csv").write_text("\n".join(rows))


def open_data(path, config, cache, note):
    """A CSV file with the columns x, y and, if wanted, label; or a folder of such files."""
    points, labels = [], []
    for file in sorted(path.rglob("*.csv")) if path.is_dir() else [path]:
        try:
            for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
                points.append([float(row["x"]), float(row["y"])])
                labels.append(row.get("label") or "")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"holds no points ({error!r})", where=file, fix="Give CSV files with the columns x and y.") from error
    return InMemory(SPEC, torch.tensor(points), labels if all(labels) else ())


def or_zeros(label, rows):
    """Label numbers; data without labels has one kind, number 0."""
    return torch.zeros(len(rows), dtype=torch.long, device=rows.device) if label is None else label


class Generator(nn.Module):
    """(B, latent), (B,) labels or None -> (B, 2)."""

    def __init__(self, labels, config):
        super().__init__()
        self.latent_size = config.latent
        self.label = nn.Embedding(max(labels, 1), config.latent)
        first, second, last = nn.Linear(config.latent, config.width), nn.Linear(config.width, config.width), nn.Linear(config.width, 2)
        self.body = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last, nn.Tanh())

    def forward(self, latent, label):
        return self.body(latent + self.label(or_zeros(label, latent)))


class Discriminator(nn.Module):
    """(B, 2), (B,) labels or None -> (B,) logits: how real is each?"""

    def __init__(self, labels, config):
        super().__init__()
        self.label = nn.Embedding(max(labels, 1), config.width)
        first, second, self.out = nn.Linear(2, config.width), nn.Linear(config.width, config.width), nn.Linear(config.width, 1)
        self.body = nn.Sequential(first, nn.LeakyReLU(0.2), second, nn.LeakyReLU(0.2))

    def forward(self, sample, label):
        hidden = self.body(4 * sample)
        return self.out(hidden)[:, 0] + (hidden * self.label(or_zeros(label, sample))).mean(1)


def build(spec, labels, config):
    return Players(Generator(labels, config), Discriminator(labels, config))
