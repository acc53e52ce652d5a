"""Data, networks and files of my-medium. A sample is a sound: (1, 1024) float32 in [-1, 1] at 8 kHz."""

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

RATE, LENGTH, FRAME, RECIPE = 8000, 1024, 16, b"paragone recipe:"
SPEC = SampleSpec((Axis("channels", 1, "channels"), Axis("time", LENGTH, "samples", rate_hz=RATE)))


def make_starter(folder):
    """Plucked notes of many pitches."""
    time, numbers = torch.arange(LENGTH) / RATE, torch.Generator().manual_seed(0)
    for index, (pitch, decay) in enumerate(torch.rand(1000, 2, generator=numbers).tolist()):
        note = (2 * torch.pi * 110 * 8**pitch * time).sin() * (-time * (8 + 24 * decay)).exp()
        (folder / f"{index}.wav").write_bytes(Sounds(SPEC, None).encode(0.9 * note, {}))


def open_data(path, config, cache, note):
    """A WAV file, or a folder of them, each cut or filled with silence to an eighth of a second."""
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
    """(B, latent) -> (B, 1, 1024), made as frames of 16 samples: convolutions along 64 frames are quick."""

    def __init__(self, config):
        super().__init__()
        self.latent_size, wide = config.latent, config.width
        self.start, last = nn.Linear(config.latent, wide * LENGTH // FRAME), nn.Conv1d(wide, FRAME, 5, 1, 2)
        between = [layer for _ in range(2) for layer in (nn.ReLU(), nn.Conv1d(wide, wide, 5, 1, 2))]
        self.body = nn.Sequential(*between, nn.ReLU(), last, nn.Tanh())

    def forward(self, latent, label):
        frames = self.body(self.start(latent).view(len(latent), -1, LENGTH // FRAME))  # (B, 16, 64)
        return frames.transpose(1, 2).reshape(-1, 1, LENGTH)


class Discriminator(nn.Module):
    """(B, 1, 1024) -> (B,) logits: how real is each?"""

    def __init__(self, config):
        super().__init__()
        sizes = [(FRAME, config.width), (config.width, config.width), (config.width, config.width)]
        layers = [layer for a, b in sizes for layer in (nn.Conv1d(a, b, 5, 1, 2), nn.LeakyReLU(0.2))]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(config.width * LENGTH // FRAME, 1))

    def forward(self, sample, label):
        return self.body(sample.view(-1, LENGTH // FRAME, FRAME).transpose(1, 2))[:, 0]


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
