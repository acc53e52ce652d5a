"""The bundled sprites in two parts: 85 % to learn from, 15 % that no runner sees."""

from __future__ import annotations

import torch

from paragone.data import Dataset, hold_out
from paragone.opening import open_data
from paragone.registry import registry

from .runner import Sprites

HELD_OUT = 0.15


def split_sprites() -> tuple[Sprites, Sprites]:
    """(to learn from, held out): the split that ``train.hold_out`` makes, by content."""
    medium = registry().modality("image")
    training, held = hold_out(open_data(medium, medium.data_config(), None, print), HELD_OUT)
    assert held is not None
    return _sprites(training), _sprites(held)


def _sprites(part: Dataset) -> Sprites:
    pictures, numbers = part.batch(torch.arange(len(part)), torch.device("cpu"))
    assert numbers is not None
    return Sprites(pictures.contiguous(), numbers, part.labels, part)
