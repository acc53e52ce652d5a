from __future__ import annotations

import dataclasses

import pytest
import torch

from paragone.errors import RunError
from paragone.spec import Axis, SampleSpec

PICTURE = SampleSpec((Axis("channels", 4, "channels"), Axis("height", 8, "pixels"), Axis("width", 6, "pixels")), traits={"mode": "RGBA"})


def test_shape_and_size() -> None:
    assert PICTURE.shape == (4, 8, 6)
    assert PICTURE.size == 192


def test_json_round_trip() -> None:
    sound = SampleSpec((Axis("time", 16000, "samples", rate_hz=16000.0),))
    words = SampleSpec((Axis("position", 20, "tokens", vocabulary=135),), "int64", 0, 134)
    for spec in (PICTURE, sound, words):
        assert SampleSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    "broken", [None, {}, {"axes": [{"name": "x"}]}, {"axes": [], "dtype": "float32"}, {"axes": 3}, {**PICTURE.to_json(), "low": 10**400}]
)
def test_from_json_refuses_what_is_no_spec(broken: object) -> None:
    with pytest.raises(RunError, match="not valid"):
        SampleSpec.from_json(broken)


def test_frozen_and_positive() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PICTURE.low = 0.0  # type: ignore[misc]  # the point of the test
    with pytest.raises(ValueError, match="at least 1"):
        Axis("time", 0, "samples")


def test_check_accepts_what_fits() -> None:
    PICTURE.check(torch.rand(3, 4, 8, 6) * 2 - 1)
    PICTURE.check(torch.empty(0, 4, 8, 6))


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (torch.zeros(3, 4, 6, 8), "shape"),
        (torch.zeros(3, 4, 8, 6, dtype=torch.float64), "float32"),
        (torch.full((1, 4, 8, 6), 1.5), "values in"),
        (torch.full((1, 4, 8, 6), torch.nan), "values in"),
    ],
)
def test_check_says_what_is_wrong(samples: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PICTURE.check(samples)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0, 5), (1, 4)])
def test_tokens_range_over_their_vocabulary(low: float, high: float) -> None:
    axis = Axis("position", 3, "tokens", vocabulary=5)
    with pytest.raises(ValueError, match=f"tokens are 0 to 4, the whole vocabulary, and not low={low} to high={high}"):
        SampleSpec((axis,), "int64", low, high)
    assert SampleSpec((axis,), "int64", 0, 4).tokens == axis
