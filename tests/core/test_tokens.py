from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from paragone.tokens import TokenEmbedding, closed, draw, negative_log_likelihood, rows, written


def test_tokens_are_drawn_in_their_proportions() -> None:
    probabilities = torch.tensor([0.05, 0.6, 0.1, 0.25])
    noise = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    counts = torch.bincount(draw(probabilities.log().expand(len(noise), -1), noise), minlength=4)
    assert stats.chisquare(counts.numpy(), (probabilities.double() / probabilities.double().sum() * len(noise)).numpy()).pvalue > 0.01


def test_at_another_temperature_the_proportions_are_those_of_the_divided_logits() -> None:
    logits, noise = torch.tensor([0.0, 1.0, -1.0]), torch.randn(20_000, generator=torch.Generator().manual_seed(1))
    counts = torch.bincount(draw(logits.expand(len(noise), -1), noise, temperature=0.5), minlength=3)
    expected = (logits.double() / 0.5).softmax(0)
    assert stats.chisquare(counts.numpy(), (expected / expected.sum() * len(noise)).numpy()).pvalue > 0.01


def test_no_noise_draws_the_likeliest_and_less_noise_likelier_ones() -> None:
    logits = torch.randn(500, 9, generator=torch.Generator().manual_seed(2))
    noise = torch.randn(500, generator=torch.Generator().manual_seed(3))
    assert torch.equal(draw(logits, torch.zeros(500)), logits.argmax(1))
    likelihoods = [logits.log_softmax(1).gather(1, draw(logits, noise * scale)[:, None]).mean().item() for scale in (0.2, 0.5, 1.0)]
    assert likelihoods == sorted(likelihoods, reverse=True)


def test_a_token_of_probability_zero_is_never_drawn() -> None:
    logits = torch.tensor([[0.0, -math.inf, 0.0]]).expand(1000, -1)
    noise = torch.cat([torch.randn(998, generator=torch.Generator().manual_seed(4)), torch.tensor([6.0, 40.0])])
    assert not (draw(logits, noise) == 1).any()


def test_what_is_written_ends_with_the_first_padding() -> None:
    tokens = torch.tensor([[3, 2, 0, 0], [0, 1, 0, 2], [1, 2, 3, 1]])
    assert written(tokens, 0).tolist() == [[True, True, True, False], [True, False, False, False], [True] * 4]
    assert closed(tokens, 0).tolist() == [[3, 2, 0, 0], [0, 0, 0, 0], [1, 2, 3, 1]]
    assert bool(written(tokens, None).all())
    assert torch.equal(closed(tokens, None), tokens)


def test_likelihood_is_that_of_a_categorical_up_to_the_end() -> None:
    logits = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(5))
    tokens = torch.tensor([[3, 2, 0, 0], [1, 2, 3, 1]])
    each = -torch.distributions.Categorical(logits=logits).log_prob(tokens)
    torch.testing.assert_close(negative_log_likelihood(logits, tokens, 0), torch.stack([each[0, :3].sum(), each[1].sum()]))
    torch.testing.assert_close(negative_log_likelihood(logits, tokens, None), each.sum(1))


def test_a_token_is_embedded_as_its_row_is() -> None:
    embedding = TokenEmbedding(7, 3)
    tokens = torch.randint(7, (4, 5), generator=torch.Generator().manual_seed(6))
    torch.testing.assert_close(embedding(tokens), embedding(rows(tokens, 7)))
    half = (rows(tokens, 7) + rows(tokens.flip(0), 7)) / 2
    torch.testing.assert_close(embedding(half), (embedding(tokens) + embedding(tokens.flip(0))) / 2)


@pytest.mark.parametrize("size", [1, 2])
def test_drawing_takes_any_batch(size: int) -> None:
    assert draw(torch.zeros(size, 3), torch.zeros(size)).shape == (size,)
