"""What holds for every pretrained network: batches, precision, and the check of its weights."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn

from paragone.errors import ParagoneError
from paragone.execution import Execution
from paragone.spec import Axis, SampleSpec
from paragone_image.extractors.frozen import FrozenNetwork, check_weights

from .common import CPU, batch_of, spec_of


class Probe(nn.Module):
    """Colour means by a convolution; notes what it is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1, bias=False)
        nn.init.dirac_(self.conv.weight)
        self.sizes, self.kinds = list[int](), set[torch.dtype]()

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        x = self.conv(picture)
        self.sizes.append(len(picture))
        self.kinds.add(x.dtype)
        return x.mean((2, 3))


def probe(spec: SampleSpec, execution: Execution = CPU) -> tuple[FrozenNetwork, Probe]:
    network = Probe()
    return FrozenNetwork("probe", 3, 16, network, spec=spec, execution=execution), network


def test_many_pictures_pass_in_small_batches() -> None:
    spec = spec_of(3, 16, 16)
    extractor, network = probe(spec)
    samples = batch_of(spec, 19)
    torch.testing.assert_close(extractor(samples), samples.mean((2, 3)) / 2 + 0.5, atol=1e-5, rtol=0)
    assert network.sizes == [8, 8, 3]


def test_it_computes_in_float32_even_where_training_does_not() -> None:
    spec = spec_of(3, 16, 16)
    extractor, network = probe(spec, Execution(torch.device("cpu"), bf16=True))
    with torch.autocast("cpu", torch.bfloat16):
        extractor(batch_of(spec, 2))
    assert network.kinds == {torch.float32}
    assert not network.conv.weight.requires_grad


def test_binary_alpha_is_that_of_the_files() -> None:
    faint = torch.full((1, 4, 16, 16), -0.2)  # alpha 0.4
    assert (probe(spec_of(4, 16, 16, alpha="binary"))[0](faint) == 0.5).all()
    assert not (probe(spec_of(4, 16, 16))[0](faint) == 0.5).any()


def test_what_is_no_picture_is_refused() -> None:
    for channels in (2, 5):
        with pytest.raises(ValueError, match="spec of a picture"):
            probe(spec_of(channels, 8, 8))
    with pytest.raises(ValueError, match="spec of a picture"):
        probe(SampleSpec((Axis("time", 8, "samples"),)))
    with pytest.raises(ValueError, match="spec of a picture"):
        probe(SampleSpec(spec_of(3, 8, 8).axes, low=0.0))
    with pytest.raises(ValueError, match="shape"):
        probe(spec_of(3, 8, 8))[0](torch.zeros(1, 3, 8, 9))


def test_not_a_number_is_refused() -> None:
    samples = torch.zeros(2, 3, 8, 8)
    samples[1, 0, 0, 0] = torch.nan
    with pytest.raises(ValueError, match="not a number"):
        probe(spec_of(3, 8, 8))[0](samples)


def test_only_the_very_weights_pass(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    check_weights(path, digest, "Mend it.")
    path.write_bytes(b"weightz")
    with pytest.raises(ParagoneError, match=r"(?s)weights\.pth.*damaged.*Mend it\."):
        check_weights(path, digest, "Mend it.")
    with pytest.raises(ParagoneError, match=r"(?s)absent\.pth.*cannot be read.*Mend it\."):
        check_weights(tmp_path / "absent.pth", digest, "Mend it.")
