"""WaveGAN, against the paper's table of shapes and numbers of parameters."""

from __future__ import annotations

import pytest
import scipy.stats
import torch

from paragone.errors import UsageError
from paragone_audio.networks.wavegan import build, phase_shuffle
from paragone_audio.presets import WaveganNetwork
from paragone_audio.sound import spec_of


def test_the_papers_size_has_the_papers_parameters() -> None:
    players = build(spec_of(16_384, 16_000), 0, WaveganNetwork())
    kernels = 25 * 64 * 64  # a layer's weights over the widths that the paper counts in units of 64
    generator = 100 * 16 * 1024 + 16 * 1024 + sum(a * b * kernels for a, b in ((16, 8), (8, 4), (4, 2), (2, 1))) + 25 * 64
    generator += 64 * (8 + 4 + 2 + 1) + 1
    discriminator = 25 * 64 + sum(a * b * kernels for a, b in ((1, 2), (2, 4), (4, 8), (8, 16))) + 16 * 1024 + 64 * 31 + 1
    assert sum(p.numel() for p in players.generator.parameters()) == generator
    assert sum(p.numel() for p in players.discriminator.parameters()) == discriminator
    assert generator == pytest.approx(19.0e6, rel=0.03)
    assert discriminator == pytest.approx(17.4e6, rel=0.03)


@pytest.mark.parametrize("length", [1024, 3072, 16_384])
def test_any_length(length: int) -> None:
    players = build(spec_of(length, 16_000), 0, WaveganNetwork(width=1, latent=3))
    samples = players.generator(torch.randn(2, 3), None)
    assert samples.shape == (2, 1, length)
    assert players.discriminator(samples, None).shape == (2,)


def test_latents_are_even_between_minus_one_and_one() -> None:
    generator = build(spec_of(1024, 16_000), 0, WaveganNetwork(width=1, latent=2000)).generator
    seen: list[torch.Tensor] = []
    generator.first.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    generator(torch.randn(5, 2000, generator=torch.Generator().manual_seed(0)), None)
    distances = scipy.stats.kstest(seen[0].flatten().numpy(), scipy.stats.uniform(-1, 2).cdf)
    assert distances.pvalue > 0.01


def test_phase_shuffle_moves_each_sample_and_mirrors_what_is_missing() -> None:
    torch.manual_seed(0)
    x = torch.arange(6.0).view(1, 1, 6).repeat(64, 2, 1)
    seen = {tuple(row.tolist()) for row in phase_shuffle(x, 2)[:, 0]}
    assert seen == {
        (0, 1, 2, 3, 4, 5),
        (1, 0, 1, 2, 3, 4),
        (2, 1, 0, 1, 2, 3),
        (1, 2, 3, 4, 5, 4),
        (2, 3, 4, 5, 4, 3),
    }
    assert torch.equal(phase_shuffle(x, 0), x)
    shuffled = phase_shuffle(x, 2)
    assert torch.equal(shuffled[:, 0], shuffled[:, 1])  # all channels alike


def test_it_shuffles_while_it_learns_and_not_afterwards() -> None:
    torch.manual_seed(0)
    discriminator = build(spec_of(4096, 16_000), 0, WaveganNetwork(width=1)).discriminator
    sample = torch.randn(8, 1, 4096)
    assert not torch.equal(discriminator(sample, None), discriminator(sample, None))
    discriminator.eval()
    assert torch.equal(discriminator(sample, None), discriminator(sample, None))


def test_loops_and_shuffles_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match=r"preset wavegan: cannot make loops\nLeave --loop out"):
        build(spec_of(1024, 16_000, loop=True), 0, WaveganNetwork())
    with pytest.raises(UsageError, match=r"network.shuffle: maps of 4 samples cannot be moved by 4\nSet it below 4"):
        build(spec_of(1024, 16_000), 0, WaveganNetwork(width=1, shuffle=4))
    players = build(spec_of(1024, 16_000), 0, WaveganNetwork(width=1, latent=3, shuffle=3))
    assert players.discriminator(torch.randn(2, 1, 1024), None).shape == (2,)


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(UsageError, match="labels"):
        build(spec_of(16_384, 16_000), 3, WaveganNetwork(width=1))
