from __future__ import annotations

import pytest
import torch

from paragone.spec import Axis, SampleSpec
from paragone.tokens import rows
from paragone_text.networks.judging import Reader, TextDiscriminator, TextEncoder


def spec(length: int) -> SampleSpec:
    return SampleSpec((Axis("position", length, "tokens", vocabulary=5, padding=0),), "int64", 0, 4)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64])
def test_texts_of_any_length_are_read_and_judged(length: int) -> None:
    texts = torch.randint(5, (3, length))
    assert Reader(spec(length), width=8, features=6)(texts).shape == (3, 6)
    assert TextDiscriminator(spec(length), labels=0, filters=4, features=6)(texts, None).shape == (3,)


def test_what_stands_where_matters_to_a_reader() -> None:
    reader = Reader(spec(9), width=8, features=6)
    text = torch.tensor([[1, 2, 3, 4, 0, 0, 0, 0, 0]])
    assert not torch.allclose(reader(text), reader(text.roll(1, 1)), atol=1e-4)


def test_a_judge_sees_how_a_text_begins_and_ends() -> None:
    judge = TextDiscriminator(spec(6), labels=0, filters=32, features=16)
    texts = torch.tensor([[1, 2, 2, 2, 2, 2], [2, 1, 2, 2, 2, 2], [2, 2, 2, 2, 2, 1], [2, 2, 2, 2, 1, 2]])
    assert len({round(logit, 5) for logit in judge(texts, None).tolist()}) == 4


def test_rows_are_judged_as_their_tokens_and_labels_by_projection() -> None:
    judge = TextDiscriminator(spec(9), labels=2, filters=8, features=6)
    tokens, label = torch.randint(5, (4, 9)), torch.tensor([0, 1, 0, 1])
    torch.testing.assert_close(judge(tokens, label), judge(rows(tokens, 5), label))
    plain = judge(tokens, None)
    (features,) = judge.judge(tokens, None)[1]
    vector = torch.nn.functional.leaky_relu(judge.body(features), 0.2)
    assert judge.label is not None
    expected = torch.stack([plain[i] + vector[i] @ judge.label.weight[label[i]] / 6**0.5 for i in range(4)])
    torch.testing.assert_close(judge(tokens, label), expected)


def test_features_are_the_largest_answers_of_filters_to_any_window() -> None:
    """By hand: each window, framed by edges, times a filter's weights."""
    judge = TextDiscriminator(spec(4), labels=0, filters=3, features=6)
    tokens = torch.tensor([[1, 2, 3, 0]])
    framed = torch.stack([judge.edge, *judge.embedding.weight[tokens[0]], *[judge.edge] * 4]) * 8
    for number, (width, layer) in enumerate(zip((3, 5), judge.filters, strict=True)):
        windows = torch.stack([framed[i : i + width].flatten() for i in range(len(framed) - width + 1)])
        largest = torch.nn.functional.leaky_relu(windows @ layer.weight.T + layer.bias, 0.2).max(0).values
        torch.testing.assert_close(judge.judge(tokens, None)[1][0][0, 3 * number : 3 * number + 3], largest)


def test_of_the_noise_an_encoder_knows_nothing() -> None:
    encoder = TextEncoder(spec(9), labels=2, code=3, width=8, features=6)
    mean, log_variance = encoder(torch.randint(5, (4, 9)), torch.zeros(4, dtype=torch.int64))
    assert mean.shape == log_variance.shape == (4, 12)
    assert not mean[:, 3:].any()
    assert not log_variance[:, 3:].any()
    assert mean[:, :3].any()
