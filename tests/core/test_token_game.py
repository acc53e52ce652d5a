"""The loop on samples of tokens: likelihood alone, the game, and both; on tiny real networks."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from paragone import checkpoint
from paragone.errors import UsageError
from paragone.execution import Execution
from paragone.in_memory import InMemory
from paragone.modality import Modality, NoSettings, Preset
from paragone.players import Players
from paragone.run import Run
from paragone.settings import settle
from paragone.spec import Axis, SampleSpec
from paragone.tokens import TokenEmbedding, closed, draw
from paragone.trainer import Trainer

LENGTH, VOCABULARY = 3, 5
SPEC = SampleSpec((Axis("position", LENGTH, "tokens", vocabulary=VOCABULARY, padding=0),), "int64", 0, VOCABULARY - 1)


class Chain(nn.Module):
    """Each token from the one before and from one number of the latent."""

    latent_size, dropout_size = LENGTH + 1, LENGTH

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(0.1 * torch.randn(VOCABULARY + 1, VOCABULARY, generator=torch.Generator().manual_seed(0)))
        self.tilt = nn.Parameter(torch.zeros(VOCABULARY))

    def logits(self, latent: torch.Tensor, label: Any, tokens: torch.Tensor, dropout: torch.Tensor | None = None) -> torch.Tensor:
        before = torch.cat([torch.full_like(tokens[:, :1], VOCABULARY), tokens[:, :-1]], 1)
        if dropout is not None:
            before = before.masked_fill(dropout < 0.1, VOCABULARY)
        return self.table[before] + latent[:, :1, None] * self.tilt

    def forward(self, latent: torch.Tensor, label: Any) -> torch.Tensor:
        tokens = torch.zeros(len(latent), LENGTH, dtype=torch.int64)
        for place in range(LENGTH):
            tokens[:, place] = draw(self.logits(latent, label, tokens)[:, place], latent[:, 1 + place])
        return closed(tokens, 0)


class Judge(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = TokenEmbedding(VOCABULARY, 8), nn.Linear(8 * LENGTH, 1)
        self.asked: list[torch.dtype] = []

    def forward(self, sample: torch.Tensor, label: Any) -> torch.Tensor:
        return self.judge(sample, label)[0]

    def judge(self, sample: torch.Tensor, label: Any) -> tuple[torch.Tensor, list[torch.Tensor]]:
        self.asked.append(sample.dtype)
        hidden = torch.tanh(self.embedding(sample)).flatten(1)
        return self.out(hidden)[:, 0], [hidden]


class Finder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = TokenEmbedding(VOCABULARY, 8), nn.Linear(8 * LENGTH, 2)

    def forward(self, sample: torch.Tensor, label: Any) -> tuple[torch.Tensor, torch.Tensor]:
        mean, log_variance = self.out(torch.tanh(self.embedding(sample)).flatten(1)).chunk(2, 1)
        rest = mean.new_zeros(len(mean), LENGTH)
        return torch.cat([mean, rest], 1), torch.cat([log_variance, rest], 1)


def data() -> InMemory:
    """1 2 3, 1 2, and 4 4 4 twice as often."""
    rows = torch.tensor([[1, 2, 3], [1, 2, 0], [4, 4, 4], [4, 4, 4]]).repeat(16, 1)
    return InMemory(SPEC, rows)


def trainer(**settings: Any) -> Trainer:
    preset = Preset("chain", "", "nowhere:build", NoSettings, {"augment.mode": "none", "train.batch": 32, "train.samples": 10**6})
    medium = Modality("chains", "", (preset,), "nowhere:open")
    decided = settle(medium, [("test", {key.replace("__", "."): value for key, value in settings.items()})])
    torch.manual_seed(0)
    return Trainer(Players(Chain(), Judge(), encoder=Finder()), data(), decided, Execution.choose("cpu", "fp32", threads=1))


def advance(subject: Trainer, steps: int, progress: float | None = None) -> Trainer:
    for step in range(steps):
        subject.advance(step / steps if progress is None else progress)
    return subject


def weights(subject: Trainer) -> dict[str, torch.Tensor]:
    return {f"{side}.{name}": p.detach().clone() for side, module in subject.modules.items() for name, p in module.named_parameters()}


ALONE = {"tokens__likelihood": 1.0, "tokens__alone": 1.0, "generator__learning_rate": 0.05}


def test_alone_the_likelihood_falls_to_the_entropy_of_the_data() -> None:
    subject = trainer(**ALONE)
    subject.players.generator.dropout_size = 0  # type: ignore[assignment]  # nn.Module takes it for a parameter
    advance(subject, 400)
    subject.meters.take()
    advance(subject, 50)
    entropy = (0.5 * math.log(2) + 0.5 * math.log(4)) / LENGTH  # of 1/2, 1/4, 1/4, in nats a position
    assert subject.meters.take()["likelihood"] == pytest.approx(entropy, abs=0.02)


def test_alone_the_discriminator_has_no_turn_and_what_was_seen_is_counted() -> None:
    subject = trainer(**ALONE)
    before = weights(subject)
    advance(subject, 3)
    after = weights(subject)
    assert {name.split(".")[0] for name in after if not torch.equal(before[name], after[name])} == {"generator"}
    assert subject.samples == 3 * 32
    assert "loss_discriminator" not in subject.meters.take()


def test_the_game_begins_when_the_time_alone_is_over() -> None:
    subject = trainer(**ALONE | {"tokens__alone": 0.5})
    advance(subject, 1, progress=0.49)
    assert not subject.players.discriminator.asked
    advance(subject, 1, progress=0.5)
    assert subject.players.discriminator.asked


def test_the_discriminator_may_lead_while_the_generator_does_not_hear_it() -> None:
    settings: dict[str, Any] = {"tokens__likelihood": 1.0, "train__objective": "non-saturating"}
    led, alone, both = (trainer(**settings, **more) for more in ({"tokens__lead": 0.5}, {"tokens__alone": 1.0}, {}))
    before = weights(led)
    for subject in (led, alone, both):
        subject.advance(0.2)
    ends = [weights(subject) for subject in (led, alone, both)]
    assert torch.equal(ends[0]["generator.table"], ends[1]["generator.table"])
    assert not torch.equal(ends[0]["generator.table"], ends[2]["generator.table"])
    assert not torch.equal(ends[0]["discriminator.out.weight"], before["discriminator.out.weight"])


@pytest.mark.parametrize("relaxation", ["straight-through", "gumbel", "none"])
def test_a_game_alone_teaches_the_generator(relaxation: str) -> None:
    """No likelihood: the gradient that gets there is the discriminator's."""
    settings = {"tokens__relaxation": relaxation, "tokens__score_function": 1.0 if relaxation == "none" else 0.0}
    subject = trainer(train__objective="non-saturating", generator__learning_rate=0.02, discriminator__learning_rate=0.02, **settings)
    latent = torch.randn(2000, LENGTH + 1, generator=torch.Generator().manual_seed(3))
    known = {(1, 2, 3), (1, 2, 0), (4, 4, 4)}

    def share() -> float:
        return sum(tuple(row) in known for row in subject.ema.module(latent, None).tolist()) / len(latent)

    before = share()
    advance(subject, 250)
    assert before < 0.1
    assert share() > 0.3


def test_the_discriminator_sees_rows_only_where_it_is_differentiated() -> None:
    subject = trainer(penalty__fd_r1=0.1, penalty__every=2)
    tokens, rows = torch.int64, torch.float32
    subject.advance(0.0)
    assert subject.players.discriminator.asked == [rows, rows, rows, tokens]  # both, both moved, the generator's, reals for the pairs
    subject.players.discriminator.asked.clear()
    subject.advance(0.0)  # no penalty is due
    assert subject.players.discriminator.asked == [tokens, rows, tokens]


@pytest.mark.parametrize("parts", [2, 4])
def test_accumulation_does_not_change_the_mathematics_of_tokens(parts: int) -> None:
    settings: dict[str, Any] = {
        **dict.fromkeys(("penalty__r1", "penalty__r2", "penalty__wgan_gp", "penalty__fd_r1", "penalty__fd_r2"), 0.1),
        **{
            f"{player}__{key}": value
            for player in ("generator", "discriminator")
            for key, value in (("epsilon", 0.1), ("learning_rate", 0.05))
        },
        "tokens__likelihood": 0.5,
        "tokens__alone": 0.5,
        "tokens__relaxation": "gumbel",
        "reconstruction__samples": 1.0,
        "reconstruction__features": 1.0,
    }
    whole, split = (weights(advance(trainer(**settings, train__accumulate=n), 4)) for n in (1, parts))
    for name in whole:
        torch.testing.assert_close(split[name], whole[name], rtol=1e-4, atol=1e-5)


def test_an_encoder_finds_what_the_likelihood_can_be_told() -> None:
    """With a code, 4 4 4 can be told from the others: −log p falls below the entropy of the data."""
    subject = trainer(reconstruction__samples=1.0, reconstruction__divergence=0.0, tokens__alone=1.0, generator__learning_rate=0.05)
    subject.players.generator.dropout_size = 0  # type: ignore[assignment]  # nn.Module takes it for a parameter
    advance(subject, 400)
    subject.meters.take()
    advance(subject, 50)
    assert subject.meters.take()["reconstruction"] < 0.8 * (0.5 * math.log(2) + 0.5 * math.log(4)) / LENGTH


def test_the_weight_of_the_likelihood_may_change_when_the_game_begins() -> None:
    same, none = (
        weights(advance(trainer(tokens__likelihood=1.0, tokens__likelihood_after=after, train__objective="non-saturating"), 2))
        for after in ("none", 0.0)
    )
    without = weights(advance(trainer(train__objective="non-saturating"), 2))
    assert all(torch.equal(none[name], without[name]) for name in none)
    assert not torch.equal(same["generator.table"], none["generator.table"])


def test_the_learning_rate_alone_is_its_own() -> None:
    slow, fast = (
        trainer(tokens__likelihood=1.0, tokens__alone=0.5, tokens__learning_rate=rate, generator__learning_rate=1e-4)
        for rate in ("none", 0.1)
    )
    moved = []
    for subject in (slow, fast):
        before = weights(subject)["generator.table"]
        subject.advance(0.0)
        moved.append((weights(subject)["generator.table"] - before).abs().max().item())
    assert moved == pytest.approx([1e-4, 0.1], rel=0.01)  # Adam's first step is as long as its learning rate


def test_a_state_from_before_the_first_game_is_whole(tmp_path: Any) -> None:
    subject = advance(trainer(**ALONE), 2)
    run = Run(tmp_path, {})
    checkpoint.save(run, subject)
    again = trainer(**ALONE)
    checkpoint.restore(run, again)
    advance(subject, 1), advance(again, 1)
    one, two = weights(subject), weights(again)
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"tokens__alone": 0.5}, "tokens.alone"),
        ({"tokens__lead": 0.5}, "tokens.lead"),
        ({"tokens__likelihood": 1.0, "tokens__likelihood_after": 0.0, "tokens__lead": 0.5}, "tokens.lead"),
        ({"tokens__relaxation": "none"}, "tokens.relaxation"),
        ({"tokens__score_function": 1.0, "train__batch": 8, "train__accumulate": 8}, "tokens.score_function"),
        ({"tokens__relaxation": "none", "tokens__likelihood": 1.0, "tokens__likelihood_after": 0.0}, "tokens.relaxation"),
    ],
)
def test_settings_by_which_nothing_could_be_learned_are_refused(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        trainer(**settings)
    assert caught.value.where == key


def test_fakes_that_are_all_the_same_have_no_diversity() -> None:
    subject = trainer(tokens__likelihood=1.0)
    with torch.no_grad():
        subject.players.generator.table[:, 1] = 50.0
    subject.advance(0.0)
    assert subject.meters.take()["diversity"] == pytest.approx(0.0, abs=1e-6)
