"""What holds for every generator of texts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from paragone.spec import Axis, SampleSpec
from paragone_text.networks import lines, names, relgan
from paragone_text.networks.memory import Memory
from paragone_text.presets import LinesNetwork, NamesNetwork, RelganNetwork

LENGTH, VOCABULARY, LABELS = 6, 7, 3
SPEC = SampleSpec((Axis("position", LENGTH, "tokens", vocabulary=VOCABULARY, padding=0),), "int64", 0, VOCABULARY - 1)
NETWORKS: dict[str, tuple[Any, Any]] = {
    "names": (names.build, NamesNetwork(code=4, plan=8, embedding=8, hidden=12, encoder=8, filters=8, features=8)),
    "lines": (lines.build, LinesNetwork(embedding=8, hidden=12, filters=8, features=8)),
    "relgan": (relgan.build, RelganNetwork(embedding=6, head=4, representations=3, filters=5, features=4)),
}


@pytest.fixture(params=list(NETWORKS))
def generator(request: pytest.FixtureRequest) -> Any:
    build, config = NETWORKS[request.param]
    torch.manual_seed(0)
    made = build(SPEC, LABELS, config).generator.eval()
    with torch.no_grad():  # far from even, so that something can be seen
        for parameter in made.parameters():
            parameter.add_(0.4 * torch.randn(parameter.shape))
    return made


def asked(generator: nn.Module, count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    numbers = torch.Generator().manual_seed(1)
    return torch.randn(count, generator.latent_size, generator=numbers), torch.randint(LABELS, (count,), generator=numbers)


def test_samples_are_tokens_that_end_once(generator: Any) -> None:
    tokens = generator(*asked(generator))
    assert tokens.shape == (40, LENGTH)
    assert tokens.dtype == torch.int64
    assert 0 <= int(tokens.min()) <= int(tokens.max()) < VOCABULARY
    ended = (tokens == 0).cumsum(1) > 0
    assert bool((tokens[ended] == 0).all())
    assert bool(ended.any())
    assert not ended[:, 0].any()
    assert len(torch.unique(tokens, dim=0)) > 10


def test_all_tokens_scored_at_once_are_scored_as_step_by_step(generator: Any) -> None:
    latent, label = asked(generator)
    tokens = torch.randint(VOCABULARY, (40, LENGTH), generator=torch.Generator().manual_seed(2))
    state, previous, each = generator.begin(latent, label), torch.full((40,), generator.start), []
    for position in range(LENGTH):
        logits, state = generator.step(state, previous, position)
        each.append(generator.opened(logits[:, None])[:, 0] if position == 0 else logits)
        previous = tokens[:, position]
    torch.testing.assert_close(torch.stack(each, 1), generator.logits(latent, label, tokens), atol=1e-4, rtol=1e-4)


def test_a_score_does_not_look_ahead(generator: Any) -> None:
    latent, label = asked(generator, 1)
    tokens = torch.ones(1, LENGTH, dtype=torch.int64)
    changed = tokens.clone()
    changed[0, 3:] = 4
    one, two = (generator.logits(latent, label, each) for each in (tokens, changed))
    torch.testing.assert_close(one[:, :4], two[:, :4])
    assert not torch.allclose(one[:, 4], two[:, 4])


def test_a_prefix_is_obeyed_and_the_rest_follows_from_it(generator: Any) -> None:
    latent, label = asked(generator)
    allowed = torch.zeros(2, VOCABULARY, dtype=torch.bool)
    allowed[0, 5] = allowed[1, [2, 6]] = True
    tokens = generator.decode(latent, label, allowed=allowed)
    assert set(tokens[:, 0].tolist()) == {5}
    assert set(tokens[:, 1].tolist()) <= {2, 6}


def test_a_low_temperature_draws_the_likeliest_tokens(generator: Any) -> None:
    latent, label = asked(generator)
    tokens = generator.decode(latent, label, temperature=1e-6)
    likeliest = generator.logits(latent, label, tokens).argmax(2)
    written = (tokens == 0).cumsum(1) - (tokens == 0).long() == 0
    assert torch.equal(tokens[written], likeliest[written])


def test_the_label_matters(generator: Any) -> None:
    latent, _ = asked(generator)
    one, two = (generator(latent, torch.full((40,), label)) for label in (0, 1))
    assert not torch.equal(one, two)


def test_without_labels_there_is_no_trace_of_one() -> None:
    for build, config in NETWORKS.values():
        players = build(SPEC, 0, config)
        tokens = players.generator(torch.randn(2, players.generator.latent_size), None)
        assert players.discriminator(tokens, None).shape == (2,)


@pytest.mark.parametrize("name", ["names", "lines"])
def test_dropout_changes_what_is_learned_from_and_nothing_else(name: str) -> None:
    build, config = NETWORKS[name]
    generator = build(SPEC, LABELS, config).generator
    latent, label = asked(generator)
    tokens = generator(latent, label)
    kept = torch.ones(40, generator.dropout_size) * 0.999
    plain, none_dropped, dropped = (generator.logits(latent, label, tokens, d) for d in (None, kept, torch.zeros_like(kept)))
    assert not torch.allclose(plain, dropped)
    if name == "names":  # what is kept is not scaled: a token is there, or it is not
        torch.testing.assert_close(plain, none_dropped)
    else:
        again = generator.logits(latent, label, tokens, kept)
        torch.testing.assert_close(none_dropped, again)


def test_the_memory_steps_as_torchs_lstm_goes() -> None:
    memory = Memory(5, 8)
    inputs = torch.randn(3, 4, 5)
    kept, each = memory.begin(3), []
    for place in range(4):
        hidden, kept = memory.step(inputs[:, place], kept)
        each.append(hidden)
    torch.testing.assert_close(torch.stack(each, 1), memory(inputs))


def test_a_name_follows_its_code() -> None:
    build, config = NETWORKS["names"]
    generator = build(SPEC, LABELS, config).generator.eval()
    latent, label = asked(generator)
    other = latent.clone()
    other[:, : generator.code] = -other[:, : generator.code]
    assert not torch.equal(generator(latent, label), generator(other, label))


def test_drawing_needs_tokens() -> None:
    with pytest.raises(ValueError, match="text"):
        lines.build(SampleSpec((Axis("x", 2, "features"),)), 0, LinesNetwork())
