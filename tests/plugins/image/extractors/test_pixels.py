"""The sample's own values as features."""

from __future__ import annotations

import pytest
import torch

from paragone.spec import Axis, SampleSpec
from paragone_image.extractors.pixels import build

from .common import CPU, SHAPES, batch_of, check_extractor, spec_of


@pytest.mark.parametrize("shape", [*SHAPES, (4, 256, 96)])
def test_it_keeps_its_promises(shape: tuple[int, int, int]) -> None:
    check_extractor(build, shape)


def test_small_pictures_are_flattened_as_they_are() -> None:
    samples = batch_of(spec_of(3, 32, 20), 2)
    assert torch.equal(build(spec_of(3, 32, 20), CPU)(samples), samples.reshape(2, -1))


def test_large_pictures_are_averaged() -> None:
    samples = batch_of(spec_of(4, 64, 16), 2)
    expected = samples.reshape(2, 4, 32, 2, 16).mean(3).flatten(1)
    torch.testing.assert_close(build(spec_of(4, 64, 16), CPU)(samples), expected)
    assert build(spec_of(4, 1024, 1000), CPU).size == 4096


def test_not_a_number_stays_so() -> None:
    samples = torch.zeros(2, 1, 64, 64)
    samples[1, 0, 5, 5] = torch.nan
    assert build(spec_of(1, 64, 64), CPU)(samples).isnan().any(1).tolist() == [False, True]


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="spec of a picture"):
        build(SampleSpec((Axis("time", 8, "samples"),)), CPU)
    with pytest.raises(ValueError, match="shape"):
        build(spec_of(3, 8, 8), CPU)(torch.zeros(1, 3, 8, 9))
