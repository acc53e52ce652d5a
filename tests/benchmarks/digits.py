"""MNIST, and a classifier that judges digits: what a digit is, and features to compare sets of them by.

The classifier is trained once and kept in :func:`knobs.cache`. A set of networks
that nobody else has makes its Fréchet distances comparable to each other only,
not to those of papers.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import cross_entropy, relu

from . import knobs

EPOCHS, BATCH, SHIFT = 5, 128, 2
ENOUGH = 0.99
"""Share of the test digits that the judge must name rightly."""


@dataclass(frozen=True)
class Digits:
    """One half of MNIST.

    Attributes:
        pictures: ``(N, 1, 28, 28)`` uint8.
        numbers: ``(N,)`` int64, 0 to 9.
    """

    pictures: torch.Tensor
    numbers: torch.Tensor

    def samples(self, indices: torch.Tensor | slice = slice(None)) -> torch.Tensor:
        """Pictures as networks see them: ``(B, 1, 28, 28)`` float32 in [-1, 1]."""
        return self.pictures[indices].float() / 127.5 - 1


def load_digits(folder: Path) -> tuple[Digits, Digits]:
    """MNIST's training and test half, from the four gzipped IDX files."""
    return tuple(  # type: ignore[return-value]  # of two
        Digits(
            _idx(folder / f"{half}-images-idx3-ubyte.gz", 16).view(-1, 1, 28, 28), _idx(folder / f"{half}-labels-idx1-ubyte.gz", 8).long()
        )
        for half in ("train", "t10k")
    )


def _idx(path: Path, header: int) -> torch.Tensor:
    """The bytes after an IDX file's header."""
    return torch.from_numpy(np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header).copy())


class DigitClassifier(nn.Module):
    """``(B, 1, 28, 28)`` in [-1, 1] → ``(B, 10)`` logits."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList([nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 4, 2, 1), nn.Conv2d(32, 64, 4, 2, 1)])
        self.hidden = nn.Linear(64 * 7 * 7, 128)
        self.last = nn.Linear(128, 10)

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(B, 1, 28, 28)`` → ``(B, 128)``, what the last layer sees."""
        x = pictures.contiguous(memory_format=torch.channels_last)
        for convolution in self.convolutions:
            x = relu(convolution(x))
        return relu(self.hidden(x.flatten(1)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.last(nn.functional.dropout(self.features(pictures), 0.3, self.training))


class DigitJudge:
    """The trained classifier, asked in batches, in fp32.

    Attributes:
        accuracy: share of MNIST's test digits that it names rightly.
    """

    def __init__(self, network: DigitClassifier, accuracy: float) -> None:
        self.network, self.accuracy = network.eval(), accuracy

    def classes(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(N, 1, 28, 28)`` in [-1, 1] → ``(N,)`` int64, the likeliest digit."""
        return self.probabilities(pictures).argmax(1)

    def probabilities(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(N, 1, 28, 28)`` in [-1, 1] → ``(N, 10)``."""
        return self._asked(lambda part: self.network(part).softmax(1), pictures)

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(N, 1, 28, 28)`` in [-1, 1] → ``(N, 128)``."""
        return self._asked(self.network.features, pictures)

    def _asked(self, what: Callable[[torch.Tensor], torch.Tensor], pictures: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return torch.cat([what(part) for part in pictures.split(500)])


def digit_judge(train: Digits, test: Digits) -> DigitJudge:
    """The classifier, from the cache or trained now, and checked on the test digits either way."""
    network = DigitClassifier()
    # whatever changes the training changes this file: another file is another judge
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    kept = knobs.cache() / f"digit-classifier-{recipe}.safetensors"
    if kept.exists():
        network.load_state_dict(load_file(kept))
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = DigitClassifier()
            _teach(network, train)
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, kept)
    judge = DigitJudge(network, 0.0)
    judge.accuracy = (judge.classes(test.samples()) == test.numbers).float().mean().item()
    assert judge.accuracy >= ENOUGH, f"the digit classifier is right on {judge.accuracy:.2%} of the test digits, too few to judge others"
    return judge


def _teach(network: DigitClassifier, train: Digits) -> None:
    """Adam with a learning rate that rises and falls once (Smith and Topin 2018); digits shifted by up to two pixels."""
    network.train().to(memory_format=torch.channels_last)
    steps = EPOCHS * len(train.numbers) // BATCH
    adam = torch.optim.Adam(network.parameters(), fused=True)
    rates = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=3e-3, total_steps=steps)
    order = torch.cat([torch.randperm(len(train.numbers)) for _ in range(EPOCHS)])
    for indices in order[: steps * BATCH].view(steps, BATCH):
        shift = torch.randint(-SHIFT, SHIFT + 1, (2,)).tolist()
        pictures = train.samples(indices).roll(shift, (2, 3))  # the border is empty: nothing comes in at the other side
        with torch.autocast("cpu", torch.bfloat16):
            loss = cross_entropy(network(pictures).float(), train.numbers[indices])
        loss.backward()
        adam.step()
        adam.zero_grad()
        rates.step()
