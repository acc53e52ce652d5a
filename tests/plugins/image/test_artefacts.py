"""PNG files: exact both ways, self-describing, and robust to strangers."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from paragone.errors import DataError
from paragone.spec import Axis, SampleSpec
from paragone_image.artefacts import Pictures
from paragone_image.config import PictureSample
from paragone_image.tensors import to_samples

from .pictures import encoded, noise, sprite

FACTS = {"seed": 7, "label": "Zürich ☂", "config": {"a": [1, 2.5, None]}}


def spec(channels: int = 4, height: int = 12, width: int = 16, alpha: str = "smooth") -> SampleSpec:
    axes = (Axis("channels", channels, "channels"), Axis("height", height, "pixels"), Axis("width", width, "pixels"))
    traits = {"mode": {1: "L", 3: "RGB", 4: "RGBA"}[channels]} | ({"alpha": alpha} if channels == 4 else {})
    return SampleSpec(axes, traits=traits)


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)


@pytest.mark.parametrize("alpha", ["binary", "smooth"])
@pytest.mark.parametrize("scale", [1, 2, 5])
def test_random_sprites_come_back_exactly(alpha: str, scale: int) -> None:
    writer = Pictures(spec(alpha=alpha), PictureSample(scale))
    levels = (0, 255) if alpha == "binary" else tuple(range(256))
    for seed in range(20):
        picture = sprite(seed, 12, 16, levels)
        sample = to_samples(torch.tensor(picture)[None])[0]
        data = writer.encode(sample, FACTS)
        np.testing.assert_array_equal(opened(data), np.kron(picture, np.ones((scale, scale, 1), np.uint8)))
        back, facts = writer.decode(data)
        assert torch.equal(back, sample)
        assert facts == FACTS


@pytest.mark.parametrize("channels", [1, 3])
def test_opaque_pictures_come_back_exactly(channels: int) -> None:
    picture = noise((12, 16, channels))
    sample = to_samples(torch.tensor(picture)[None])[0]
    writer = Pictures(spec(channels))
    assert opened(writer.encode(sample, {})).shape == ((12, 16) if channels == 1 else (12, 16, 3))
    assert torch.equal(writer.decode(writer.encode(sample, {}))[0], sample)


def test_decoding_what_was_encoded_is_stable_for_any_tensor() -> None:
    writer = Pictures(spec(alpha="smooth"))
    fake = torch.randn(4, 12, 16, generator=torch.Generator().manual_seed(0))
    once, _ = writer.decode(writer.encode(fake, {}))
    assert torch.equal(writer.decode(writer.encode(once, {}))[0], once)
    seen = opened(writer.encode(fake, {}))
    assert seen[seen[..., 3] == 0].max(initial=0) == 0


def test_the_same_sample_gives_the_same_bytes() -> None:
    sample = torch.zeros(4, 12, 16)
    assert Pictures(spec()).encode(sample, {"a": 1, "b": 2}) == Pictures(spec()).encode(sample, {"b": 2, "a": 1})


def test_foreign_pictures_of_the_right_size_are_read() -> None:
    writer = Pictures(spec(4))
    sample, facts = writer.decode(encoded(noise((12, 16, 3))))
    assert facts == {}
    assert (sample[3] == 1).all()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"text", encoded(noise((12, 16, 3)), "BMP"), encoded(noise((12, 16, 3)))[:200], encoded(noise((12, 17, 3))),
        encoded(noise((24, 16, 3))), encoded(noise((6, 8, 3))),
    ],
)  # fmt: skip
def test_strangers_are_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        Pictures(spec()).decode(data)


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_damaged_provenance_is_refused(text: str) -> None:
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    chunks.add_text("paragone", text)
    with pytest.raises(DataError, match="provenance"):
        Pictures(spec()).decode(encoded(noise((12, 16, 3)), pnginfo=chunks))


@pytest.mark.parametrize("sample", [torch.zeros(3, 12, 16), torch.zeros(4, 12, 15), torch.full((4, 12, 16), torch.nan)])
def test_wrong_samples_are_refused(sample: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"shape|number"):
        Pictures(spec()).encode(sample, {})


def test_a_spec_of_another_medium_is_refused() -> None:
    with pytest.raises(ValueError, match="picture"):
        Pictures(SampleSpec((Axis("time", 9, "samples"),)))


def test_the_sheet_is_a_png_with_provenance() -> None:
    writer = Pictures(spec())
    with Image.open(io.BytesIO(writer.sheet(torch.zeros(6, 4, 12, 16), 3, ["cat", "dog"], FACTS))) as image:
        text: Any = image.info["paragone"]
        assert image.mode == "RGB"
        assert '"seed": 7' in text
