from __future__ import annotations

import pytest
import torch

from paragone.spec import Axis, SampleSpec
from paragone.tokens import rows
from paragone_text.networks.judging import Reader, TextDiscriminator, TextEncoder


def spec(length: int) -> SampleSpec:
    return SampleSpec((Axis("position", length, "tokens", vocabulary=5, padding=0),), "int64", 0, 4)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64])
def test_texts_of_any_length_are_read(length: int) -> None:
    reader = Reader(spec(length), width=8, features=6, blocks=4)
    vector, maps = reader(torch.randint(5, (3, length)))
    assert vector.shape == (3, 6)
    assert [each.shape[:2] for each in maps] == [(3, 8)] * 4


def test_what_stands_where_matters() -> None:
    reader = Reader(spec(9), width=8, features=6, blocks=2)
    text = torch.tensor([[1, 2, 3, 4, 0, 0, 0, 0, 0]])
    assert not torch.allclose(reader(text)[0], reader(text.roll(1, 1))[0], atol=1e-4)


def test_rows_are_judged_as_their_tokens_and_labels_by_projection() -> None:
    judge = TextDiscriminator(spec(9), labels=2, width=8, features=6, blocks=3)
    tokens, label = torch.randint(5, (4, 9)), torch.tensor([0, 1, 0, 1])
    torch.testing.assert_close(judge(tokens, label), judge(rows(tokens, 5), label))
    vector = judge.reader(tokens)[0]
    assert judge.label is not None
    expected = torch.stack(
        [vector[i] @ judge.out.weight[0] + judge.out.bias[0] + vector[i] @ judge.label.weight[label[i]] / 6 for i in range(4)]
    )
    torch.testing.assert_close(judge(tokens, label), expected)


def test_of_the_noise_an_encoder_knows_nothing() -> None:
    encoder = TextEncoder(spec(9), labels=2, code=3, width=8, features=6, blocks=2)
    mean, log_variance = encoder(torch.randint(5, (4, 9)), torch.zeros(4, dtype=torch.int64))
    assert mean.shape == log_variance.shape == (4, 12)
    assert not mean[:, 3:].any()
    assert not log_variance[:, 3:].any()
    assert mean[:, :3].any()
