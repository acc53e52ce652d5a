"""InceptionV3 with weights made up here: nothing is downloaded."""

from __future__ import annotations

import hashlib
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from paragone.errors import ParagoneError, UsageError
from paragone_image.extractors import inception
from paragone_image.extractors.inception import build
from paragone_image.tensors import to_pixels

from .common import CPU, batch_of, check_extractor, spec_of

NAME = URL_INCEPTION_V3.rpartition("/")[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where torch keeps weights, with random ones of the right name; the digest expected is theirs."""
    folder = tmp_path_factory.mktemp("torch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        network = FeatureExtractorInceptionV3("random", ["2048"])
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    path = folder / "hub" / "checkpoints" / NAME
    path.parent.mkdir(parents=True)
    torch.save(network.state_dict(), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(folder))
        patch.setattr(inception, "DIGEST", hashlib.sha256(path.read_bytes()).hexdigest())
        yield path.parent


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where torch would keep weights, without any."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def refuse(error: Exception) -> Any:
    def download(*_: Any, **__: Any) -> None:
        raise error

    return download


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("shape", [(1, 28, 28), (4, 50, 33)])
def test_it_keeps_its_promises(shape: tuple[int, int, int]) -> None:
    check_extractor(build, shape, count=2)


def test_features_are_those_of_torch_fidelity(home: Path) -> None:
    spec = spec_of(3, 299, 299)
    samples = batch_of(spec, 2)
    network = FeatureExtractorInceptionV3("own", ["2048"], feature_extractor_weights_path=str(home / NAME))
    with torch.inference_mode():
        (expected,) = network(to_pixels(samples, binary=False).permute(0, 3, 1, 2))
    features = build(spec, CPU)(samples)
    assert features.shape == (2, 2048)
    torch.testing.assert_close(features / expected.max(), expected / expected.max(), atol=1e-5, rtol=0)


def test_its_own_resizing_has_nothing_left_to_do() -> None:
    picture = torch.rand(1, 3, 299, 299, generator=torch.Generator().manual_seed(0)) * 255
    assert torch.equal(interpolate_bilinear_2d_like_tensorflow1x(picture, size=(299, 299), align_corners=False), picture)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(UsageError, match=r'(?s)torch-fidelity.*pip install "paragone\[inception\]"'):
        build(spec_of(3, 32, 32), CPU)


@pytest.mark.parametrize("error", [urllib.error.URLError("no route"), TimeoutError("timed out"), RuntimeError("invalid hash value")])
def test_offline_it_says_where_the_file_belongs(error: Exception, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse(error))
    with pytest.raises(ParagoneError) as caught:
        build(spec_of(3, 32, 32), CPU)
    first, second = str(caught.value).splitlines()
    assert "could not be downloaded from github.com" in first
    assert NAME in second
    assert str(empty) in second
    assert "--extractor efficientnet-lite0" in second
    assert not (empty / NAME).exists()


def test_a_download_is_checked_and_kept(empty: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[str]()

    def download(url: str, target: str, hash_prefix: str, progress: bool) -> None:
        calls.append(url)
        assert hash_prefix == inception.DIGEST
        Path(target).write_bytes((home / NAME).read_bytes())

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    build(spec_of(3, 32, 32), CPU)
    build(spec_of(3, 32, 32), CPU)
    assert calls == [URL_INCEPTION_V3]
    assert (empty / NAME).exists()


@pytest.mark.parametrize("content", [b"", b"not found", b"PK\3\4" + bytes(999)])
def test_another_file_of_that_name_is_refused(content: bytes, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse(AssertionError("it is there")))
    empty.mkdir(parents=True)
    (empty / NAME).write_bytes(content)
    with pytest.raises(ParagoneError, match=r"(?s)damaged.*Delete the file"):
        build(spec_of(3, 32, 32), CPU)


def test_the_digest_is_the_one_in_the_name() -> None:
    assert Path(inception.__file__).read_text(encoding="utf-8").count(f'DIGEST = "{Path(NAME).stem.rpartition("-")[2]}') == 1
