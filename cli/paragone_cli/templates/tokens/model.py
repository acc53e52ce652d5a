"""Data, networks and files of my-medium. A sample is a word: (12, 27) float32, a row a letter, 1 for the one it is."""

import json

import torch
from torch import nn
from torch.nn.functional import one_hot

from paragone.errors import DataError
from paragone.in_memory import InMemory
from paragone.json_files import JsonFiles
from paragone.players import Players
from paragone.spec import Axis, SampleSpec

LETTERS, LENGTH = " abcdefghijklmnopqrstuvwxyz", 12
SPEC = SampleSpec((Axis("position", LENGTH, "tokens", vocabulary=len(LETTERS)), Axis("letter", len(LETTERS), "features")), low=0.0)


def make_starter(folder):
    """Words of two to four syllables."""
    draws = torch.randint(60, (2000, 5), generator=torch.Generator().manual_seed(0)).tolist()
    syllables = [first + second for first in "bdfklmnprstv" for second in ("a", "e", "i", "o", "u")]
    (folder / "words.txt").write_text("\n".join("".join(syllables[d] for d in draw[: 2 + draw[4] % 3]) for draw in draws))


def to_sample(word):
    return one_hot(torch.tensor([LETTERS.index(letter) for letter in word.lower()[:LENGTH].ljust(LENGTH)]), len(LETTERS)).float()


def to_word(sample):
    return "".join(LETTERS[number] for number in sample.argmax(1).tolist()).rstrip()


def open_data(path, config, cache, note):
    """A text file, or a folder of text files, with a word a line. What is too long or has other letters is left out."""
    try:
        files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        words = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read as text ({error})", where=path, fix="Give text files with a word a line.") from error
    fitting = [word for word in words if 0 < len(word) <= LENGTH and set(word.lower()) <= set(LETTERS)]
    note(f"{len(fitting)} words, {len(words) - len(fitting)} left out")
    return InMemory(SPEC, [to_sample(word) for word in fitting])


class Generator(nn.Module):
    """(B, latent) -> (B, 12, 27), each row a letter; the gradient goes through the softmax as if it were not rounded."""

    def __init__(self, config):
        super().__init__()
        self.latent_size, wide = config.latent, config.width
        self.start = nn.Linear(config.latent, wide * LENGTH)
        first, second, last = nn.Conv1d(wide, wide, 5, 1, 2), nn.Conv1d(wide, wide, 5, 1, 2), nn.Conv1d(wide, len(LETTERS), 1)
        self.body = nn.Sequential(nn.ReLU(), first, nn.ReLU(), second, nn.ReLU(), last)

    def forward(self, latent, label):
        shares = self.body(self.start(latent).view(len(latent), -1, LENGTH)).transpose(1, 2).float().softmax(2)
        return one_hot(shares.argmax(2), len(LETTERS)).float() + shares - shares.detach()


class Discriminator(nn.Module):
    """(B, 12, 27) -> (B,) logits: how real is each?"""

    def __init__(self, config):
        super().__init__()
        first, second = nn.Conv1d(len(LETTERS), config.width, 5, 1, 2), nn.Conv1d(config.width, config.width, 5, 1, 2)
        last = nn.Linear(config.width * LENGTH, 1)
        self.body = nn.Sequential(first, nn.LeakyReLU(0.2), second, nn.LeakyReLU(0.2), nn.Flatten(), last)

    def forward(self, sample, label):
        return self.body(sample.transpose(1, 2))[:, 0]


def build(spec, labels, config):
    return Players(Generator(config), Discriminator(config))


class Words(JsonFiles):
    """Text files: the word, and on the next line its recipe."""

    extension = sheet_extension = ".txt"

    def encode(self, sample, provenance):
        return f"{to_word(sample)}\n{json.dumps(dict(provenance))}\n".encode()

    def decode(self, data):
        try:
            word, facts = data.decode().splitlines()
            return to_sample(word), json.loads(facts)
        except (ValueError, RuntimeError) as error:
            raise DataError(f"is no word of ours ({error})", fix="Name a file that `create my-medium` wrote.") from error

    def sheet(self, samples, columns, captions, provenance):
        return ("\n".join(map(to_word, samples)) + "\n").encode()
