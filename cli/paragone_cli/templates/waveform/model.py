"""Data, networks and files of my-medium. A sample is a sound: (1, 2048) float32 in [-1, 1] at 8 kHz."""

import io
import json
import wave

import torch
from torch import nn

from paragone.errors import DataError
from paragone.in_memory import InMemory
from paragone.json_files import JsonFiles
from paragone.players import Players
from paragone.spec import Axis, SampleSpec

RATE, LENGTH, RECIPE = 8000, 2048, b"paragone recipe:"
SPEC = SampleSpec((Axis("channels", 1, "channels"), Axis("time", LENGTH, "samples", rate_hz=RATE)))


def make_starter(folder):
    """Plucked notes of many pitches."""
    time, numbers = torch.arange(LENGTH) / RATE, torch.Generator().manual_seed(0)
    for index, (pitch, decay) in enumerate(torch.rand(300, 2, generator=numbers).tolist()):
        note = (2 * torch.pi * 110 * 8**pitch * time).sin() * (-time * (8 + 24 * decay)).exp()
        (folder / f"{index}.wav").write_bytes(Sounds(SPEC, None).encode(0.9 * note, {}))


def open_data(path, config, cache, note):
    """A WAV file, or a folder of them, each cut or filled with silence to a quarter of a second."""
    return InMemory(SPEC, [from_wav(str(file)) for file in (sorted(path.rglob("*.wav")) if path.is_dir() else [path])])


def from_wav(file):
    try:
        with wave.open(file) as opened:
            if opened.getparams()[:3] != (1, 2, RATE):
                raise ValueError("it is not mono, 16 bits, 8000 Hz")
            sound = torch.frombuffer(bytearray(opened.readframes(LENGTH)), dtype=torch.int16).float() / 32767
    except (EOFError, OSError, RuntimeError, ValueError, wave.Error) as error:
        raise DataError(f"is no sound ({error!r})", where=str(file), fix="Give WAV files: mono, 16 bits, 8000 Hz.") from error
    return nn.functional.pad(sound, (0, LENGTH - len(sound))).clamp(-1, 1)[None]


class Generator(nn.Module):
    """(B, latent) -> (B, 1, 2048)."""

    def __init__(self, config):
        super().__init__()
        self.latent_size, wide = config.latent, config.width
        self.start, sizes = nn.Linear(config.latent, 8 * wide * 8), [(8 * wide, 4 * wide), (4 * wide, 2 * wide), (2 * wide, wide)]
        grow = [layer for a, b in sizes for layer in (nn.ReLU(), nn.Upsample(scale_factor=4), nn.Conv1d(a, b, 25, 1, 12))]
        self.body = nn.Sequential(*grow, nn.ReLU(), nn.Upsample(scale_factor=4), nn.Conv1d(wide, 1, 25, 1, 12), nn.Tanh())

    def forward(self, latent, label):
        return self.body(self.start(latent).view(len(latent), -1, 8))


class Discriminator(nn.Module):
    """(B, 1, 2048) -> (B,) logits: how real is each?"""

    def __init__(self, config):
        super().__init__()
        wide = config.width
        sizes = [(1, wide), (wide, 2 * wide), (2 * wide, 4 * wide), (4 * wide, 8 * wide)]
        layers = [layer for a, b in sizes for layer in (nn.Conv1d(a, b, 25, 4, 12), nn.LeakyReLU(0.2))]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * wide * 8, 1))

    def forward(self, sample, label):
        return self.body(sample)[:, 0]


def build(spec, labels, config):
    return Players(Generator(config), Discriminator(config))


class Sounds(JsonFiles):
    """WAV files of 16 bits; a sheet plays one after the other. The recipe stands behind the sound, where players do not look."""

    extension = sheet_extension = ".wav"

    def encode(self, sample, provenance):
        file = io.BytesIO()
        with wave.open(file, "wb") as output:
            output.setparams((1, 2, RATE, 0, "NONE", ""))
            output.writeframes((sample.flatten() * 32767).round().to(torch.int16).numpy().tobytes())
        return file.getvalue() + RECIPE + json.dumps(dict(provenance)).encode()

    def decode(self, data):
        sound, _, recipe = data.rpartition(RECIPE)
        return from_wav(io.BytesIO(sound)), json.loads(recipe)

    def sheet(self, samples, columns, captions, provenance):
        return self.encode(samples, provenance)
