"""The network of sound effects and what comes before it, each written out; with the package itself where it is installed."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import batch_norm, conv2d, max_pool2d, relu

from paragone.errors import ParagoneError, UsageError
from paragone.execution import Execution
from paragone_audio.evaluation import sound_effects
from paragone_audio.evaluation.sound_effects import FRAMES, MEAN, SCALE, Network, SoundEffects, build, spectrogram
from paragone_audio.sound import spec_of

from .conftest import LENGTH, RATE, hits, sine

CPU = Execution(torch.device("cpu"))


@pytest.fixture(scope="module")
def network() -> Network:
    """Random weights, so that every statistic of a batch normalisation counts."""
    torch.manual_seed(0)
    found = Network()
    for name, value in found.state_dict().items():
        if "bn" in name and value.is_floating_point():
            value.uniform_(0.5, 1.5)
    return found.eval().requires_grad_(False)


def test_the_network_is_the_one_of_the_paper_layer_by_layer(network: Network) -> None:
    x = torch.rand(2, FRAMES, 96)
    expected, state = x[:, None], network.state_dict()
    for block in range(1, 5):
        for layer in (1, 2):
            names = (f"conv_block{block}.bn{layer}.{name}" for name in ("running_mean", "running_var", "weight", "bias"))
            expected = conv2d(expected, state[f"conv_block{block}.conv{layer}.weight"], padding=1)
            expected = relu(batch_norm(expected, *(state[name] for name in names)))
        expected = max_pool2d(expected, 2) if block < 4 else expected
    torch.testing.assert_close(network(x), expected.mean(3).max(2).values)


def test_the_spectrogram_is_that_of_the_package_written_out() -> None:
    """Mel bands as in HTK, each summing up to 1, of the power under a Hann window; then log₁₀(10⁴ x + 1)."""
    wave = 0.5 * sine(3000.0, 8192, 44_100) + 0.01 * sine(200.0, 8192, 44_100)
    frame = wave.double().numpy()[3 * 1024 - 1024 : 3 * 1024 + 1024]
    power = np.abs(np.fft.rfft(frame * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)))) ** 2
    hertz = np.arange(1025) * 44_100 / 2048
    edges = 700 * (10 ** (np.linspace(0, 2595 * math.log10(1 + 22_050 / 700), 98) / 2595) - 1)
    bands = []
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        weights = np.clip(np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)), 0, None)
        bands.append(np.log10(1e4 * (power @ weights) / weights.sum() + 1) / 9.457798957824707)
    found = spectrogram(wave[None])
    assert found.shape == (1, 9, 96)
    np.testing.assert_allclose(found[0, 3].numpy(), bands, atol=2e-3)
    assert float(spectrogram(torch.zeros(1, 8192)).abs().max()) == 0


def test_a_short_sound_is_one_block_and_a_long_one_the_mean_of_several(network: Network) -> None:
    short = SoundEffects(network, spec_of(LENGTH, RATE), CPU)
    samples = hits(3)[0][:, None]
    features = short(samples)
    assert features.shape == (3, short.size)
    torch.testing.assert_close(torch.cat([short(sample[None]) for sample in samples]), features, atol=1e-4, rtol=1e-4)
    assert short(samples[:0]).shape == (0, short.size)

    length = 120 * 1024  # 121 frames: two blocks, the second padded by 29
    wave = 0.1 * torch.randn(1, 1, length, generator=torch.Generator().manual_seed(0))
    whole = torch.nn.functional.pad(spectrogram(wave[0]), (0, 0, 0, 29))
    blocks = torch.stack([network(whole[:, :100])[0], network(whole[:, 50:])[0]])
    expected = (blocks.mean(0) - MEAN) / SCALE
    torch.testing.assert_close(SoundEffects(network, spec_of(length, 44_100), CPU)(wave)[0], expected, atol=1e-4, rtol=1e-4)


def package_in(folder: Path, network: Network) -> Path:
    file = folder / "aisfx" / "models" / "checkpoint.pth"
    file.parent.mkdir(parents=True)
    (folder / "aisfx" / "__init__.py").write_text("raise ImportError('it wants librosa')\n")
    state = {f"embedding_net.{name}": value for name, value in network.state_dict().items()}
    torch.save(({**state, "fc.0.0.weight": torch.zeros(1)}, {"a table": (0, 78)}), file)
    return file


def test_the_weights_of_the_package_are_read_and_none_of_its_code_is_run(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = package_in(tmp_path, network)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ParagoneError, match=r"(?s)damaged.*pip install --no-deps aisfx==0.1.2 --force-reinstall"):
        build(spec_of(LENGTH, RATE), CPU)
    monkeypatch.setattr(sound_effects, "DIGEST", sound_effects.hashlib.sha256(file.read_bytes()).hexdigest())
    samples = hits(2)[0][:, None]
    found = build(spec_of(LENGTH, RATE), CPU)
    torch.testing.assert_close(found(samples), SoundEffects(network, spec_of(LENGTH, RATE), CPU)(samples))
    file.unlink()
    with pytest.raises(ParagoneError, match="cannot be read"):
        build(spec_of(LENGTH, RATE), CPU)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"(?s)needs the package aisfx.*pip install --no-deps aisfx"):
        build(spec_of(LENGTH, RATE), CPU)


@pytest.mark.skipif(importlib.util.find_spec("aisfx") is None, reason="the package aisfx is not installed")
def test_with_the_package_itself_kinds_of_hits_lie_apart() -> None:
    waves, labels = hits(12)
    features = build(spec_of(LENGTH, RATE), CPU)(waves[:, None])
    distances = torch.cdist(features, features)
    same = labels[:, None] == labels
    assert float(distances[~same].min()) > float(distances[same].median())
