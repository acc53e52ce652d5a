"""Data, networks and files of my-medium. A sample is a picture: (1, 16, 16) float32 in [-1, 1]."""

import io
import json

import numpy
import torch
from PIL import Image, ImageDraw, PngImagePlugin
from torch import nn

from paragone.errors import DataError
from paragone.in_memory import InMemory
from paragone.json_files import JsonFiles
from paragone.players import Players
from paragone.spec import Axis, SampleSpec

SPEC = SampleSpec((Axis("channels", 1, "channels"), Axis("height", 16, "pixels"), Axis("width", 16, "pixels")))


def make_starter(folder):
    """Discs of many sizes in many places."""
    for index, (x, y, radius) in enumerate((torch.rand(400, 3, generator=torch.Generator().manual_seed(0)) * 5).tolist()):
        picture = Image.new("L", (16, 16))
        ImageDraw.Draw(picture).ellipse((x + 4 - radius, y + 4 - radius, x + 6 + radius, y + 6 + radius), fill=255)
        picture.save(folder / f"{index}.png")


def open_data(path, config, cache, note):
    """A picture, or a folder of pictures, each made 16 x 16 and grey."""
    samples = []
    for file in sorted(path.rglob("*.png")) if path.is_dir() else [path]:
        try:
            grey = Image.open(file).convert("L").resize((16, 16), Image.Resampling.BOX)
        except (OSError, ValueError) as error:
            raise DataError(f"is no picture ({error})", where=file, fix="Give a folder of PNG files.") from error
        samples.append(torch.tensor(numpy.asarray(grey), dtype=torch.float32)[None] / 127.5 - 1)
    return InMemory(SPEC, samples)


class Generator(nn.Module):
    """(B, latent) -> (B, 1, 16, 16)."""

    def __init__(self, config):
        super().__init__()
        self.latent_size, wide = config.latent, config.width
        self.start = nn.Linear(config.latent, 4 * wide * 16)
        grow = [nn.Upsample(scale_factor=2), nn.Conv2d(4 * wide, 2 * wide, 3, 1, 1), nn.ReLU(), nn.Upsample(scale_factor=2)]
        self.body = nn.Sequential(*grow, nn.Conv2d(2 * wide, wide, 3, 1, 1), nn.ReLU(), nn.Conv2d(wide, 1, 3, 1, 1), nn.Tanh())

    def forward(self, latent, label):
        return self.body(self.start(latent).relu().view(len(latent), -1, 4, 4))


class Discriminator(nn.Module):
    """(B, 1, 16, 16) -> (B,) logits: how real is each?"""

    def __init__(self, config):
        super().__init__()
        sizes = [(1, config.width), (config.width, 2 * config.width), (2 * config.width, 4 * config.width)]
        layers = [layer for a, b in sizes for layer in (nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2))]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * config.width * 4, 1))

    def forward(self, sample, label):
        return self.body(sample)[:, 0]


def build(spec, labels, config):
    return Players(Generator(config), Discriminator(config))


class Pictures(JsonFiles):
    """PNG files, with the recipe of the picture in a text field."""

    extension = sheet_extension = ".png"

    def encode(self, sample, provenance):
        facts, file = PngImagePlugin.PngInfo(), io.BytesIO()
        facts.add_text("paragone", json.dumps(dict(provenance)))
        Image.fromarray(((sample[0] + 1) * 127.5).round().to(torch.uint8).numpy()).save(file, "PNG", pnginfo=facts)
        return file.getvalue()

    def decode(self, data):
        try:
            picture = Image.open(io.BytesIO(data))
            return torch.tensor(numpy.asarray(picture), dtype=torch.float32)[None] / 127.5 - 1, json.loads(picture.text["paragone"])
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise DataError(f"is no picture of ours ({error})", fix="Name a file that `create my-medium` wrote.") from error

    def sheet(self, samples, columns, captions, provenance):
        blank = samples.new_full((-len(samples) % columns, 1, 16, 16), -1.0)
        rows = torch.cat([samples, blank]).view(-1, columns, 16, 16).transpose(1, 2)
        return self.encode(rows.reshape(1, -1, columns * 16), provenance)
