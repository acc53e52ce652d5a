"""The players of small and studio, narrow, for every head."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from paragone.errors import UsageError
from paragone.players import Players
from paragone_audio.networks.generator import HOPS, WINDOWS
from paragone_audio.networks.judges import PeriodJudge, SpectralJudge
from paragone_audio.networks.sound import build
from paragone_audio.presets import SoundNetwork
from paragone_audio.sound import spec_of

NARROW: dict[str, Any] = {"latent": 4, "style": 8, "width": 4, "widest": 8, "filters": 4, "most_filters": 8, "features": 4}
HEADS = sorted(HOPS)


def players(head: str = "istft_middle", length: int = 2048, loop: bool = False, **settings: Any) -> Players:
    torch.manual_seed(0)
    return build(spec_of(length, 16_000, loop), 3, SoundNetwork(head=head, **NARROW, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("length", [1024, 2048, 5120])
@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("tuned", [False, True])
def test_shapes(head: str, length: int, loop: bool, tuned: bool) -> None:
    pair = players(head, length, loop, tuned=tuned)
    label = torch.arange(6) % 3
    samples = pair.generator(torch.randn(6, 5), label)
    assert samples.shape == (6, 1, length)
    assert samples.abs().max() < 2
    assert samples.std() > 1e-4 or (head, length, loop) == ("conv", 1024, True)  # one step for all: nothing moves yet
    assert pair.discriminator(samples, label).shape == (6,)
    assert pair.encoder is not None
    mean, log_variance = pair.encoder(samples, label)
    assert mean.shape == log_variance.shape == (6, 5)
    assert not mean[:, -1].any()  # of the place in the noise it says nothing
    assert not log_variance[:, -1].any()


@pytest.mark.parametrize("head", HEADS)
def test_a_loop_has_no_seam_by_construction(head: str) -> None:
    """A generator whose first maps are moved makes the same loop, moved; so no place in it can be told from another."""
    generator = players(head, 4096, loop=True).generator
    latent, label = torch.randn(2, 5), torch.tensor([0, 1])
    code = torch.cat([latent[:, :4], generator.label(label)], 1)
    style, first = generator.style(code), generator.first(code).view(-1, *generator.base)
    table = getattr(generator.head, "noise", None)
    if table is not None:
        table.table.zero_()  # the noise does not move with the rest

    for refine in generator.plan:  # untrained ones change nothing
        torch.nn.init.normal_(refine.conv.conv.weight, 0.0, 0.1)

    def make(x: torch.Tensor) -> torch.Tensor:
        for refine in generator.plan:
            x = refine(x, style)
        for grow in generator.grow:
            x = grow(x, style)
        return generator.head(x, latent[:, 4], style)

    with torch.no_grad():
        torch.testing.assert_close(make(first.roll(1, 3)), make(first).roll(1024, 2), rtol=1e-3, atol=1e-4)


def test_the_label_and_every_part_of_the_latent_matter() -> None:
    generator = players().generator
    latent, label = torch.randn(1, 5), torch.tensor([0])
    with torch.no_grad():
        same = generator(latent, label)
        assert torch.equal(generator(latent, label), same)
        assert not torch.allclose(generator(latent, label + 1), same, atol=1e-4)
        assert torch.equal(generator(latent, torch.eye(3)[:1]), same)  # all of one label, as a walk between clusters asks for it
        for entry in range(5):
            moved = latent.clone()
            moved[:, entry] += 1
            assert not torch.allclose(generator(moved, label), same, atol=1e-6), entry


def test_spectral_windows_are_what_the_setting_says() -> None:
    for head, window in WINDOWS.items():
        assert players(head).generator.head.synthesis.window == window == 4 * HOPS[head]


def test_the_discriminator_does_not_tell_exact_silence_from_nearly_none() -> None:
    discriminator = players(length=4096).discriminator
    label, silence = torch.tensor([0, 1]), torch.zeros(2, 1, 4096)
    loud = torch.randn(2, 1, 4096) * 0.1
    with torch.no_grad():
        still = discriminator(silence, label)
        nearly = discriminator(silence + torch.randn_like(silence) * 1e-6, label)
        assert (nearly - still).abs().max() < 0.01 * (discriminator(loud, label) - still).abs().max()


def test_judging_shows_loudness_only_and_gives_the_same_logits() -> None:
    pair = players(length=4096)
    sample, label = torch.randn(4, 1, 4096) * 0.1, torch.arange(4) % 3
    logits, maps = pair.discriminator.judge(sample, label)
    torch.testing.assert_close(logits, pair.discriminator(sample, label))
    assert [tuple(each.shape) for each in maps] == [
        (4, len(judge.spectrogram.bank.T), 8192 // window) for judge, window in zip(pair.discriminator.judges, (512, 128), strict=False)
    ]


def test_a_period_judge_looks_at_every_nth_sample_as_one_row() -> None:
    judge = PeriodJudge(3, 4)
    wave = torch.zeros(1, 1, 480)
    before = judge.layers[0](judge.rows(wave))
    wave[..., 30] = 1.0  # row 0, step 10
    changed = (judge.layers[0](judge.rows(wave)) - before).abs().amax(1)[0]  # (T, period)
    assert changed[:, 0].any()
    assert not changed[:, 1:].any()


def test_spectral_judges_of_all_windows_end_in_maps_of_one_size() -> None:
    sizes = {SpectralJudge(spec_of(16_384, 16_000), window, 4, 8, True).outputs for window in (128, 512, 2048)}
    assert len(sizes) == 1


def test_windows_and_periods_that_cannot_be_are_refused() -> None:
    for wrong in ("500", "8", "x", ""):
        with pytest.raises(UsageError):
            SoundNetwork(windows=wrong)
    for wrong in ("0", "-2", "2,,3"):
        with pytest.raises(UsageError):
            SoundNetwork(periods=wrong)
    build(spec_of(1024, 16_000), 0, SoundNetwork(windows="128,2048", width=4, filters=4))
    with pytest.raises(
        UsageError, match=r"network.windows: a window of 4096 samples is too long for sounds of 1024\nUse windows of at most 2048"
    ):
        build(spec_of(1024, 16_000), 0, SoundNetwork(windows="128,4096"))
