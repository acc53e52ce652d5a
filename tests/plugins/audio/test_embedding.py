from __future__ import annotations

import torch

from paragone import api
from paragone_audio.embedding import embed


def test_what_is_alike_is_mostly_of_one_label() -> None:
    dataset = api.plan("audio").dataset
    assert dataset.numbers is not None
    every = torch.arange(0, len(dataset), 2)
    rows = embed(dataset.batch(every, torch.device("cpu"))[0], dataset.spec)
    distances = torch.cdist(rows, rows).fill_diagonal_(torch.inf)
    same = dataset.numbers[every][distances.argmin(1)] == dataset.numbers[every]
    assert same.double().mean() > 0.6  # of six labels, so by chance a sixth
