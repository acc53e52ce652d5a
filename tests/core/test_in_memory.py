from __future__ import annotations

import pytest
import torch

from paragone.errors import DataError
from paragone.in_memory import InMemory
from paragone.spec import Axis, SampleSpec

SPEC = SampleSpec((Axis("coordinate", 2, "features"),))
ROWS = torch.tensor([[0.0, 1.0], [0.5, -0.5], [0.0, 1.0]])


def test_labels_are_numbered_in_order_of_name() -> None:
    points = InMemory(SPEC, ROWS, ["b", "a", "b"])
    assert points.labels == ("a", "b")
    samples, labels = points.batch(torch.tensor([2, 1]), torch.device("cpu"))
    assert torch.equal(samples, ROWS[[2, 1]])
    assert labels is not None
    assert labels.tolist() == [1, 0]
    assert labels.dtype == torch.int64


def test_equal_samples_have_equal_hashes_and_labels_count_in_the_fingerprint() -> None:
    points = InMemory(SPEC, list(ROWS))
    assert points.numbers is None
    assert points.batch(torch.arange(3), torch.device("cpu"))[1] is None
    assert points.hashes[0] == points.hashes[2] != points.hashes[1]
    assert points.fingerprint == InMemory(SPEC, ROWS).fingerprint
    assert len({InMemory(SPEC, ROWS, names).fingerprint for names in ((), "aab", "abb")}) == 3


@pytest.mark.parametrize(
    ("samples", "names", "reason"),
    [
        ([], (), "holds no samples"),
        (torch.empty(0, 2), (), "holds no samples"),
        (ROWS, ["a"], "3 samples and 1 labels"),
        (ROWS * 2, (), "do not fit their description: expected values in"),
        (ROWS[:, :1], (), "expected a batch of shape"),
        (ROWS.double(), (), "expected float32"),
        (ROWS * torch.nan, (), "expected values in"),
        ([ROWS[0], ROWS[0, :1]], (), r"several shapes, such as \(1,\) and \(2,\)"),
    ],
)
def test_what_does_not_fit_is_refused(samples: torch.Tensor, names: list[str], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        InMemory(SPEC, samples, names)
