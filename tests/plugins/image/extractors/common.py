"""What the tests of all extractors share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from paragone.execution import Execution
from paragone.spec import Axis, SampleSpec
from paragone_image.tensors import to_samples

from ..pictures import noise, sprite

CPU = Execution(torch.device("cpu"))
SHAPES = [(1, 28, 28), (3, 32, 32), (4, 32, 32), (3, 8, 40), (4, 50, 33)]


def spec_of(channels: int, height: int, width: int, **traits: str) -> SampleSpec:
    """The spec of a picture."""
    axes = Axis("channels", channels, "channels"), Axis("height", height, "pixels"), Axis("width", width, "pixels")
    return SampleSpec(axes, traits=traits)


def batch_of(spec: SampleSpec, count: int) -> torch.Tensor:
    """``(count, *spec.shape)``: random pictures in large patches, so that they differ after any resizing."""
    channels, height, width = spec.shape
    small = [noise((4, 4, channels), seed) if channels < 4 else sprite(seed, 4, 4, (0, 99, 255)) for seed in range(count)]
    rows, columns = torch.arange(height) * 4 // height, torch.arange(width) * 4 // width
    pixels = torch.stack([torch.tensor(picture)[rows][:, columns] for picture in small])
    return to_samples(pixels).contiguous()


def check_extractor(build: Callable[[SampleSpec, Execution], Any], shape: tuple[int, int, int], count: int = 3) -> None:
    """What every extractor promises."""
    spec = spec_of(*shape)
    extractor, samples = build(spec, CPU), batch_of(spec, count)
    before = samples.clone()
    features = extractor(samples)
    assert features.shape == (count, extractor.size)
    assert features.dtype == torch.float32
    assert features.device.type == "cpu"
    assert features.isfinite().all()
    assert torch.equal(samples, before)
    assert torch.equal(features, extractor(samples)), "it gives the same twice"
    scale = features.abs().max()
    alone = torch.cat([extractor(sample[None]) for sample in samples])
    torch.testing.assert_close(alone / scale, features / scale, atol=1e-4, rtol=0)
    assert (features[0] - features[1]).abs().max() > 1e-2 * scale, "different pictures, different features"
    assert extractor(samples[:0]).shape == (0, extractor.size)
    features.add_(1)  # a normal tensor that the caller owns
    assert torch.equal(samples, before)
    assert extractor.identity == build(spec_of(1, 8, 8), CPU).identity
