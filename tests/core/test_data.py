from __future__ import annotations

import hashlib

import pytest
import torch

from paragone.api import plan
from paragone.data import Dataset, Order, Unlabelled, hold_out
from paragone.spec import Axis, SampleSpec


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


class Hashed:
    """A dataset of numbers, with given labels, hashed by content."""

    labels: tuple[str, ...] = ("a", "b")
    fingerprint = "f"

    def __init__(self, values: list[int], numbers: list[int]) -> None:
        self.spec = SampleSpec((Axis("x", 1, "features"),))
        self.values, self.numbers = torch.tensor(values), torch.tensor(numbers)
        digests = [hashlib.blake2b(str(value).encode(), digest_size=8).digest() for value in values]
        self.hashes = torch.tensor([int.from_bytes(digest, "little", signed=True) for digest in digests])

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        return self.values[indices, None].float(), self.numbers[indices]


def values(dataset: Dataset) -> list[int]:
    return [int(value) for value in dataset.batch(torch.arange(len(dataset)), torch.device("cpu"))[0][:, 0]]


def test_hold_out_is_about_the_share_and_nothing_is_lost() -> None:
    whole = Hashed(list(range(2000)), [value % 2 for value in range(2000)])
    training, held = hold_out(whole, 0.15)
    assert held is not None
    assert abs(len(held) - 300) < 50
    assert sorted(values(training) + values(held)) == list(range(2000))
    assert [value % 2 for value in values(held)] == held.numbers.tolist()
    assert training.labels == held.labels == whole.labels


def test_hold_out_depends_on_content_alone() -> None:
    """Other files around it, another order, copies: a sample is always on the same side."""
    held = set(values(hold_out(Hashed(list(range(500)), [0] * 500), 0.2)[1]))
    shuffled = [value for value in range(900, -1, -1) for _ in range(2)]
    again = values(hold_out(Hashed(shuffled, [0] * len(shuffled)), 0.2)[1])
    assert {value for value in again if value < 500} == held
    assert all(again.count(value) == 2 for value in again)


def test_hold_out_leaves_every_label_something() -> None:
    whole = Hashed(list(range(300)), [0] * 299 + [1])
    training, _ = hold_out(whole, 0.5)
    assert set(training.numbers.tolist()) == {0, 1}
    for value in range(300, 330):  # whichever side its content would put it on
        assert 1 in hold_out(Hashed([*range(299), value], [0] * 299 + [1]), 0.5)[0].numbers.tolist()


def test_equal_samples_stay_together_across_labels() -> None:
    """The only sample of a label is needed for training; so its twin under another label cannot be held out."""
    for value in range(300, 320):
        training, held = hold_out(Hashed([*range(200), value, value], [0] * 201 + [1]), 0.5)
        assert (value in values(training)) != (value in values(held))


def test_hold_out_of_nothing() -> None:
    whole = Hashed([1, 2, 3], [0, 0, 1])
    assert hold_out(whole, 0.0) == (whole, None)
