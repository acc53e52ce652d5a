from __future__ import annotations

import pytest
import torch

from paragone.api import plan
from paragone.data import Order, Unlabelled


def test_every_epoch_shows_every_sample_once_in_another_order() -> None:
    order = Order(0, 10)
    first, second = order(0, 10), order(10, 10)
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize("group", [1, 4])
def test_position_alone_decides(group: int) -> None:
    numbers = torch.arange(10) % 3
    whole = Order(3, 10, numbers, group)(0, 147)
    parts = torch.cat([Order(3, 10, numbers, group)(start, min(6, 147 - start)) for start in range(0, 147, 6)])
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, Order(4, 10, numbers, group)(0, 147))


def test_a_batch_may_be_longer_than_the_data() -> None:
    indices = Order(0, 2)(0, 7)
    assert indices.shape == (7,)
    assert set(indices.tolist()) == {0, 1}


def test_groups_share_a_label_and_no_sample_is_left_out() -> None:
    numbers = torch.tensor([0] * 9 + [1] * 30 + [2])  # one label has a single sample
    order = Order(0, 40, numbers, group=4)
    epoch = order(0, 12 + 32 + 4)
    assert set(epoch.tolist()) == set(range(40))
    labels = numbers[epoch].view(-1, 4)
    assert (labels == labels[:, :1]).all()
    assert len({tuple(row) for row in labels[:6].tolist()}) > 1  # and labels come mixed
    assert torch.equal(Order(0, 40, None, 4)(0, 40), Order(0, 40)(0, 40))


def test_unlabelled() -> None:
    labelled = plan("points", layers=[("", {"train.samples": 1})]).dataset
    plain = plan("points", layers=[("", {"train.samples": 1, "train.conditional": False})]).dataset
    assert isinstance(plain, Unlabelled)
    assert labelled.labels == ("left", "right")
    assert plain.labels == ()
    assert plain.fingerprint == labelled.fingerprint
    rows = torch.arange(4)
    assert plain.batch(rows, torch.device("cpu"))[1] is None
    assert torch.equal(plain.batch(rows, torch.device("cpu"))[0], labelled.batch(rows, torch.device("cpu"))[0])
