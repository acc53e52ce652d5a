"""The RelGAN pair: what depends on what, its discriminator written out, and the published sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from paragone.estimators import Discrete
from paragone.objectives import objective
from paragone.players import Players
from paragone.settings import TokenSettings
from paragone.spec import Axis, SampleSpec
from paragone.tokens import negative_log_likelihood, rows
from paragone_text.networks.relgan import RelganDiscriminator, RelganGenerator, build
from paragone_text.presets import RelganNetwork

LENGTH, VOCABULARY = 7, 11
TINY = RelganNetwork(embedding=6, slots=2, heads=2, head=4, representations=3, filters=5, features=4)


def spec_of(length: int = LENGTH, vocabulary: int = VOCABULARY) -> SampleSpec:
    axis = Axis("position", length, "tokens", vocabulary=vocabulary, padding=0)
    return SampleSpec((axis,), "int64", 0, vocabulary - 1)


def built(labels: int = 0, length: int = LENGTH) -> tuple[RelganGenerator, RelganDiscriminator]:
    torch.manual_seed(0)
    players = build(spec_of(length), labels, TINY)
    generator, discriminator = players.generator, players.discriminator
    assert isinstance(generator, RelganGenerator)
    assert isinstance(discriminator, RelganDiscriminator)
    return generator.double(), discriminator.double()


def some_tokens(count: int = 4, length: int = LENGTH) -> torch.Tensor:
    return torch.randint(0, VOCABULARY, (count, length), generator=torch.Generator().manual_seed(1))


def some_labels(labels: int, count: int = 4) -> torch.Tensor | None:
    return torch.arange(count) % labels if labels else None


@pytest.mark.parametrize("labels", [0, 3])
def test_samples_fit_the_spec_and_end_once(labels: int) -> None:
    generator, discriminator = built(labels)
    latent, label = torch.randn(50, generator.latent_size), some_labels(labels, 50)
    samples = generator(latent, label)
    spec_of().check(samples)
    ended = (samples == 0).cummax(1).values
    assert ended.any()
    assert not samples[ended].any()
    assert generator.latent_size == LENGTH
    assert generator.logits(latent, label, samples).shape == (50, LENGTH, VOCABULARY)
    assert discriminator(samples, label).shape == (50,)


@pytest.mark.parametrize("labels", [0, 3])
def test_all_logits_at_once_are_those_of_one_step_after_the_other(labels: int) -> None:
    generator, _ = built(labels)
    tokens, label = some_tokens(), some_labels(labels)
    state, previous, each = generator.begin(torch.zeros(4, LENGTH), label), torch.full((4,), generator.start), []
    for position in range(LENGTH):
        logits, state = generator.step(state, previous, position)
        each.append(logits)
        previous = tokens[:, position]
    torch.testing.assert_close(generator.logits(torch.zeros(4, LENGTH), label, tokens), generator.opened(torch.stack(each, 1)))


def test_logits_depend_on_all_tokens_before_and_on_none_after() -> None:
    generator, _ = built()
    tokens = some_tokens(1)
    before = generator.logits(torch.zeros(1, LENGTH), None, tokens)
    for changed in range(LENGTH):
        other = tokens.clone()
        other[:, changed] = (other[:, changed] + 1) % VOCABULARY
        differs = (generator.logits(torch.zeros(1, LENGTH), None, other) != before).any(2)[0]
        assert differs.tolist() == [position > changed for position in range(LENGTH)]


def test_a_label_changes_every_token_and_the_judgement() -> None:
    generator, discriminator = built(labels=3)
    tokens, label = some_tokens(), torch.zeros(4, dtype=torch.int64)
    differs = generator.logits(torch.zeros(4, LENGTH), label, tokens) != generator.logits(torch.zeros(4, LENGTH), label + 1, tokens)
    assert differs.any(2).all()
    assert (discriminator(tokens, label) != discriminator(tokens, label + 1)).all()


def test_it_remembers_the_first_token_to_the_last() -> None:
    """Two texts that differ in those only: ln 2 nats if the first is remembered, 2·ln 2 if it is not."""
    texts = torch.tensor([[1, 3, 3, 1], [2, 3, 3, 2]])
    torch.manual_seed(0)
    generator = build(spec_of(4), 0, TINY).generator
    assert isinstance(generator, RelganGenerator)
    adam = torch.optim.Adam(generator.parameters(), 0.05)
    for _ in range(60):
        adam.zero_grad()
        nats = negative_log_likelihood(generator.logits(torch.zeros(2, 4), None, texts), texts, 0).mean()
        nats.backward()
        adam.step()
    assert math.log(2) < nats.item() < math.log(2) + 0.05
    right = (generator(torch.randn(100, 4), None)[:, None] == texts).all(2).sum(0)
    assert right.sum() >= 95
    assert right.min() >= 35


@pytest.mark.parametrize("labels", [0, 3])
def test_tokens_are_judged_as_their_rows_of_zero_and_one(labels: int) -> None:
    _, discriminator = built(labels)
    tokens, label = some_tokens(), some_labels(labels)
    torch.testing.assert_close(discriminator(tokens, label), discriminator(rows(tokens, VOCABULARY).double(), label))


@pytest.mark.parametrize("length", [LENGTH, 3, 1])
def test_the_discriminator_is_what_the_publication_says(length: int) -> None:
    """Each representation by itself, each filter moved along it by hand; a text that is too short for a filter is filled with nothing."""
    _, discriminator = built(length=length)
    for parameter in discriminator.parameters():  # biases too
        torch.nn.init.normal_(parameter, 0.0, 0.5)
    w = {name: parameter.detach().numpy() for name, parameter in discriminator.named_parameters()}
    tokens = some_tokens(2, length)
    wanted = np.zeros((2, TINY.representations))
    for sample in range(2):
        for view in range(TINY.representations):
            numbers = [w["embedding.weight"][token, view] for token in tokens[sample]]
            numbers += [0.0] * (5 - length)
            found = []
            for number, width in enumerate((2, 3, 4, 5)):
                windows = [np.array(numbers[at : at + width]) for at in range(len(numbers) - width + 1)]
                outputs = [w[f"filters.{number}.weight"] @ window + w[f"filters.{number}.bias"] for window in windows]
                found.append(np.maximum(outputs, 0).max(0))
            pooled = np.concatenate(found)
            gate = 1 / (1 + np.exp(-w["gate.weight"] @ pooled))
            highway = gate * np.maximum(w["transform.weight"] @ pooled, 0) + (1 - gate) * pooled
            wanted[sample, view] = (w["out.weight"] @ (w["features.weight"] @ highway + w["features.bias"]) + w["out.bias"])[0]
    np.testing.assert_allclose(discriminator.opinions(tokens, None).detach().numpy(), wanted, rtol=1e-10)
    np.testing.assert_allclose(discriminator(tokens, None).detach().numpy(), wanted.mean(1), rtol=1e-10)


def test_the_loss_of_the_mean_is_at_most_the_published_mean_of_losses() -> None:
    _, discriminator = built()
    torch.nn.init.normal_(discriminator.embedding.weight, std=3.0)
    real, fake = (discriminator.opinions(tokens, None) for tokens in some_tokens(8).chunk(2))
    published = softplus(fake - real).mean()
    game = objective("relativistic").discriminator
    assert game(real.mean(1), fake.mean(1)) < published - 1e-6
    with torch.no_grad():  # representations that are all one
        discriminator.embedding.weight.copy_(discriminator.embedding.weight[:, :1].expand(-1, TINY.representations))
    real, fake = (discriminator.opinions(tokens, None) for tokens in some_tokens(8).chunk(2))
    torch.testing.assert_close(game(real.mean(1), fake.mean(1)), softplus(fake - real).mean())


def test_the_discriminator_has_a_second_derivative() -> None:
    _, discriminator = built()
    sample = torch.randn(1, LENGTH, VOCABULARY, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: discriminator(x, None), [sample])


@pytest.mark.parametrize("labels", [0, 3])
def test_every_parameter_gets_a_gradient_from_fakes_alone(labels: int) -> None:
    generator, discriminator = built(labels)
    torch.manual_seed(2)
    estimator = Discrete(spec_of(), generator, TokenSettings(relaxation="gumbel"))
    latent, label = torch.randn(16, LENGTH), some_labels(labels, 16)
    made = estimator.make(generator, latent, label, torch.rand(16, estimator.uniforms), 0.0)
    objective("relativistic").generator(torch.zeros(16), discriminator(made.seen.double(), label)).backward()
    for player in (generator, discriminator):
        assert [key for key, parameter in player.named_parameters() if parameter.grad is None or not parameter.grad.any()] == []


def test_sizes_and_first_weights_are_the_published_ones() -> None:
    torch.manual_seed(0)
    vocabulary = 1000
    players: Players = build(spec_of(20, vocabulary), 0, RelganNetwork())
    linear = {"enter": 33 * 512, "attend": 512 * 3 * 512, "think": 2 * 513 * 512, "gates": 2 * 512 * 2 * 512, "out": 513 * vocabulary}
    norms = 2 * (3 * 512 + 512 + 512)
    assert sum(p.numel() for p in players.generator.parameters()) == 32 * (vocabulary + 1) + sum(linear.values()) + norms
    filters, highway = 300 * (3 + 4 + 5 + 6), 2 * 1200 * 1200
    assert sum(p.numel() for p in players.discriminator.parameters()) == 64 * vocabulary + filters + highway + 1201 * 100 + 101
    # a normal distribution that is cut at two deviations has 0.8796 of its deviation
    for weight, fan in ((players.generator.memory.attend.weight, 512), (players.discriminator.gate.weight, 1200)):  # type: ignore[union-attr]  # nn.Module hides it
        assert isinstance(weight, torch.Tensor)
        assert weight.abs().max() <= 2 / math.sqrt(fan)
        assert weight.std().item() * math.sqrt(fan) == pytest.approx(0.8796, rel=0.01)


def test_a_spec_of_something_else_is_refused() -> None:
    pixels = SampleSpec((Axis("width", 8, "pixels"),))
    for player in (RelganGenerator, RelganDiscriminator):
        with pytest.raises(ValueError, match="expected the spec of a text"):
            player(pixels, 0, TINY)
