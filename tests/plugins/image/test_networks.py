"""Every preset at every size it claims: shapes, ranges, gradients, independence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d

from paragone.errors import UsageError
from paragone.generating import CHUNK
from paragone.modality import resolve
from paragone.players import Players, fused
from paragone.registry import registry
from paragone.spec import Axis, SampleSpec
from paragone_image.networks import r3gan
from paragone_image.networks.r3gan import Resample
from paragone_image.networks.small import Double, Refine, SmallGenerator
from paragone_image.presets import ArticleNetwork, DcganNetwork, R3ganNetwork, SmallNetwork

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
TINY: dict[str, Any] = {
    "article": ArticleNetwork(),
    "dcgan": DcganNetwork(latent=8, width=8),
    "small": SmallNetwork(latent=8, width=8, widest=32, style=16, features=16),
    "r3gan": R3ganNetwork(latent=8, width=32, blocks=1, group=8, embedding=16),
}
SIZES = {
    "article": [(1, 28, 28)],
    "dcgan": [(3, 32, 32), (3, 64, 64), (1, 28, 28), (4, 24, 40), (3, 128, 128)],
    "small": [(4, 32, 32), (3, 64, 64), (1, 28, 28), (4, 8, 8), (4, 48, 32), (3, 33, 70), (3, 64, 9)],
    "r3gan": [(4, 32, 32), (3, 64, 64), (3, 128, 128), (1, 28, 28), (3, 48, 32)],
}
UNTOLD = ("article", "dcgan")
"""Networks that know no labels."""
CASES = [
    (name, shape, labels) for name, shapes in SIZES.items() for shape in shapes for labels in (0, 3) if not labels or name not in UNTOLD
]


def spec_of(shape: tuple[int, ...]) -> SampleSpec:
    names = zip(("channels", "height", "width"), shape, ("channels", "pixels", "pixels"), strict=True)
    return SampleSpec(tuple(Axis(name, size, unit) for name, size, unit in names), traits={"mode": MODES[shape[0]]})  # type: ignore[arg-type]  # a table


def build(name: str, shape: tuple[int, ...], labels: int | None = None) -> Players:
    """Tiny players, for three labels where they can be told and nothing else is asked for."""
    torch.manual_seed(0)
    labels = (0 if name in UNTOLD else 3) if labels is None else labels
    preset = registry().modality("image").preset(name)
    return resolve(preset.build)(spec_of(shape), labels, TINY[name])  # type: ignore[no-any-return]  # resolve() is untyped by nature


def inputs(players: Players, count: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(count, players.generator.latent_size), torch.arange(count) % 3


@pytest.mark.parametrize(("name", "shape", "labels"), CASES)
def test_shapes_ranges_and_gradients(name: str, shape: tuple[int, ...], labels: int) -> None:
    players = build(name, shape, labels)
    latent, label = inputs(players)
    wanted = label if labels else None
    samples = players.generator(latent, wanted)
    assert samples.shape == (8, *shape)
    if name not in ("r3gan", "small"):  # not squashed; the sampler clamps it
        spec_of(shape).check(samples.detach())
    logits = players.discriminator(samples, wanted)
    assert logits.shape == (8,)
    assert torch.isfinite(logits).all()
    logits.square().sum().backward()
    for player in (players.generator, players.discriminator):
        # residual branches begin at zero, so what stands before their last layer starts without a gradient
        missing = [key for key, parameter in player.named_parameters() if parameter.grad is None]
        assert missing == []
        silent = [key for key, parameter in player.named_parameters() if not parameter.grad.any()]
        begins_at_zero = {"r3gan": (".grow.", ".mix.", ".bias"), "small": (".style.read.",)}.get(name, ())
        assert all(any(part in f".{key}" for part in begins_at_zero) for key in silent), silent


@pytest.mark.parametrize("name", ["small", "r3gan"])
def test_a_label_changes_the_picture_and_the_judgement(name: str) -> None:
    players = build(name, (4, 32, 32))
    latent, label = inputs(players)
    samples = players.generator(latent, label)
    assert not torch.allclose(samples, players.generator(latent, (label + 1) % 3))
    assert not torch.allclose(players.discriminator(samples, label), players.discriminator(samples, (label + 1) % 3))


@pytest.mark.parametrize("name", ["small", "r3gan", "article"])
def test_a_sample_does_not_depend_on_the_batch(name: str) -> None:
    players = build(name, SIZES[name][0])
    latent, label = inputs(players, CHUNK)
    together = players.generator(latent, label)
    order = torch.randperm(CHUNK)
    shuffled = players.generator(latent[order], label[order])
    assert torch.equal(shuffled, together[order])
    torch.testing.assert_close(players.generator(latent[:1], label[:1]), together[:1])


def test_dcgan_says_that_it_mixes_the_batch() -> None:
    assert [build(name, SIZES[name][0]).batch_statistics for name in TINY] == [False, True, False, False]


@pytest.mark.parametrize("name", UNTOLD)
def test_networks_that_would_not_listen_to_labels_say_so(name: str) -> None:
    with pytest.raises(
        UsageError, match=rf"preset {name}: cannot learn labels or clusters\nLeave train.conditional and train.clusters out"
    ):
        build(name, (1, 28, 28), 3)


def test_the_article_is_exactly_the_articles() -> None:
    players = build("article", (1, 28, 28), 0)
    shapes = {
        player: [tuple(layer.weight.shape[::-1]) for layer in module.modules() if isinstance(layer, nn.Linear)]
        for player, module in (("generator", players.generator), ("discriminator", players.discriminator))
    }
    assert shapes == {"generator": [(100, 128), (128, 128), (128, 784)], "discriminator": [(784, 128), (128, 128), (128, 1)]}
    from paragone.settings import settle

    settings = settle(registry().modality("image"), [("test", {"train.preset": "article"})])
    assert settings.generator.learning_rate == settings.discriminator.learning_rate == 2e-4
    assert (settings.data.size, settings.data.channels) == ("28x28", "grey")


def test_fused_is_the_same_and_not_saved() -> None:
    generator = build("small", (4, 32, 32)).generator.eval().requires_grad_(False)
    latent, label = torch.randn(4, generator.latent_size), torch.arange(4) % 3
    names, before = generator.state_dict().keys(), generator(latent, label)
    assert fused(generator) is generator
    assert [layer.kernel is not None for layer in generator.modules() if isinstance(layer, Double)] == [True] * 3
    torch.testing.assert_close(generator(latent, label), before, rtol=1e-4, atol=1e-5)
    assert generator.state_dict().keys() == names


@pytest.mark.parametrize("change", [lambda double, other: double.load_state_dict(other), lambda double, other: double.train()])
def test_what_is_filled_or_trained_again_is_not_fused_any_more(change: Callable[[Double, dict[str, torch.Tensor]], object]) -> None:
    double, other = Double(3, 5).eval(), Double(3, 5).state_dict()
    double.fuse_for_sampling()
    change(double, other)
    assert double.kernel is None


def test_without_materials_the_last_layer_paints_the_channels() -> None:
    network = dataclasses.replace(TINY["small"], materials=0)
    generator = SmallGenerator(spec_of((3, 28, 28)), 3, network)
    assert generator.materials is None
    assert generator.last.weight.shape[0] == 3
    assert generator(torch.randn(2, generator.latent_size), torch.arange(2)).shape == (2, 3, 28, 28)


def test_refining_changes_nothing_at_first_and_can_learn_to() -> None:
    refine, x, style = Refine(4, 8), torch.randn(2, 4, 5, 6), torch.randn(2, 8)
    assert torch.equal(refine(x, style), x)
    refine(x, style).square().sum().backward()
    assert refine.conv.weight.grad is not None
    assert refine.conv.weight.grad.abs().min() > 0


@pytest.mark.parametrize("shape", SIZES["small"])
def test_the_encoder_gives_a_distribution_for_each_picture(shape: tuple[int, ...]) -> None:
    players = build("small", shape)
    assert players.encoder is not None
    mean, log_variance = players.encoder(torch.randn(6, *shape), torch.arange(6) % 3)
    assert mean.shape == log_variance.shape == (6, players.generator.latent_size)
    assert not torch.allclose(mean[0], mean[1])


def test_judging_gives_the_logits_and_their_features() -> None:
    players = build("small", (4, 32, 32))
    sample, label = torch.randn(8, 4, 32, 32), torch.arange(8) % 3
    logits, maps = players.discriminator.judge(sample, label)
    assert torch.equal(logits, players.discriminator(sample, label))
    assert [tuple(each.shape) for each in maps] == [(8, 16, 16, 16), (8, 32, 8, 8), (8, 32, 4, 4)]


def test_transparent_pixels_are_nothing_at_all() -> None:
    generator = build("small", (4, 32, 32)).generator
    generator.last.bias.data[-1] = -1.0  # alpha's map: about half of it is below what is transparent
    samples = generator(torch.randn(4, 8), torch.zeros(4, dtype=torch.int64))
    colour, alpha = samples.clamp(-1, 1)[:, :3] + 1, samples.clamp(-1, 1)[:, 3:] + 1  # as the sampler does
    nothing = alpha.expand_as(colour) == 0
    assert nothing.any()
    assert not colour[nothing].any()


@pytest.mark.parametrize("up", [True, False])
def test_the_filter_of_r3gan_is_a_convolution_with_its_kernel(up: bool) -> None:
    line, x = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8, torch.randn(2, 5, 8, 12, dtype=torch.float64)
    kernel = (line[:, None] * line).expand(5, 1, 4, 4)
    expected = conv_transpose2d(x, 4 * kernel, stride=2, padding=1, groups=5) if up else conv2d(x, kernel, stride=2, padding=1, groups=5)
    torch.testing.assert_close(Resample(5, 5, up)(x), expected)


@pytest.mark.parametrize("shape", [(3, 7, 32), (3, 32, 4), (1, 1, 1)])
def test_too_small_is_said_plainly(shape: tuple[int, ...]) -> None:
    for name in ("small", "dcgan", "r3gan"):
        with pytest.raises(UsageError, match="at least 8x8"):
            build(name, shape)


@pytest.mark.parametrize("name", ["small", "r3gan", "article"])
def test_double_backward_agrees_with_finite_differences(name: str) -> None:
    from paragone.penalties import finite_difference_norm, squared_gradient_norm

    players = build(name, SIZES[name][0], 0)
    players.discriminator.double()
    x = torch.randn(1, *SIZES[name][0], dtype=torch.float64).clamp(-1, 1).expand(4, -1, -1, -1)

    def critic(samples: torch.Tensor) -> torch.Tensor:
        return players.discriminator(samples.double(), None)

    exact = squared_gradient_norm(critic, x)
    estimates = [finite_difference_norm(critic, x, torch.randn_like(x), 1e-4) for _ in range(150)]
    assert torch.cat(estimates).mean().item() == pytest.approx(exact.mean().item(), rel=0.35)


def test_shares_of_labels_lie_between_them() -> None:
    generator = build("small", (4, 32, 32)).generator.eval()
    latent = torch.randn(3, generator.latent_size)
    label = torch.tensor([0, 1, 2])
    with torch.no_grad():
        whole = generator(latent, label)
        assert torch.equal(generator(latent, torch.eye(3)), whole)
        near = generator(latent, torch.eye(3) * 0.98 + 0.02 * torch.eye(3).roll(1, 1))
        far = generator(latent, torch.eye(3).roll(1, 1))
    assert 0 < (near - whole).abs().mean() < 0.2 * (far - whole).abs().mean()


def test_groups_that_are_not_whole_are_refused() -> None:
    spec = spec_of((3, 16, 16))
    with pytest.raises(UsageError, match="do not make whole groups"):
        r3gan.build(spec, 0, R3ganNetwork(latent=8, width=100, blocks=1, group=16, embedding=16))
