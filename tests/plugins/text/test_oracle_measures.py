"""The oracle and what is measured by it, against torch's own LSTM and against all sequences there are."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from benchmarks.oracle.data import spec, write
from benchmarks.oracle.lstm import GATES, Oracle
from benchmarks.oracle.measures import Estimate, along, scores
from benchmarks.oracle.regret import fit, logistic, rank_correlation, regret
from scipy.stats import spearmanr
from torch import nn

LENGTH = 4
EVERY = torch.tensor(list(itertools.product(range(3), repeat=LENGTH)))
"""All 81 sequences of three tokens."""
FIRST = [-1.4545, -1.2860, -1.3496]
"""Of the last bias of seed 0."""


def tiny(seed: int) -> Oracle:
    """Three tokens, in double precision, sharp enough that its conditionals differ."""
    return Oracle({name: value.double() for name, value in Oracle.random(seed, vocabulary=3, width=2).weights.items()})


def probabilities(oracle: Oracle) -> torch.Tensor:
    """``(81,)``, by walking along each sequence with torch's LSTM: the oracle's own code has no part in it."""
    w = oracle.weights
    cell = nn.LSTMCell(w["wi"].shape[0], len(w["bi"])).double()
    order = [GATES.index(gate) for gate in ("i", "f", "c", "og")]  # torch's order
    for kind, parameter in (("w", cell.weight_ih), ("u", cell.weight_hh), ("b", cell.bias_ih)):
        parameter.data = torch.cat([w[kind + GATES[number]].t() for number in order])
    cell.bias_hh.data.zero_()
    found = []
    with torch.no_grad():
        for sequence in EVERY.tolist():
            state, probability = cell(w["emb"][[0]]), 1.0
            for token in sequence:
                probability *= (state[0] @ w["wo"] + w["bo"]).softmax(1)[0, token].item()
                state = cell(w["emb"][[token]], state)
            found.append(probability)
    return torch.tensor(found, dtype=torch.float64)


@pytest.fixture(scope="module", params=[0, 1, 2])
def pair(request: pytest.FixtureRequest) -> tuple[Oracle, Oracle]:
    """Two different distributions over the same sequences."""
    return tiny(request.param), tiny(request.param + 10)


def test_probabilities_are_those_of_torchs_lstm(pair: tuple[Oracle, Oracle]) -> None:
    for oracle in pair:
        expected = probabilities(oracle)
        assert expected.sum().item() == pytest.approx(1, abs=1e-12)
        own = along(EVERY, oracle.logits, oracle.logits).own
        torch.testing.assert_close((-LENGTH * own).exp(), expected, rtol=1e-10, atol=0)


def test_entropy_and_divergences_are_those_of_all_sequences(pair: tuple[Oracle, Oracle]) -> None:
    """Weighted by how probable each sequence is, the exact conditionals add up to the joint distribution's values."""
    p, g = map(probabilities, pair)
    for (first, other), (a, b) in zip((pair, pair[::-1]), ((p, g), (g, p)), strict=True):
        seen = along(EVERY, first.logits, other.logits)
        assert LENGTH * (a @ seen.entropy).item() == pytest.approx(-(a * a.log()).sum().item(), rel=1e-10)
        assert LENGTH * (a @ seen.other).item() == pytest.approx(-(a * b.log()).sum().item(), rel=1e-10)
        assert LENGTH * (a @ seen.divergence).item() == pytest.approx((a * (a / b).log()).sum().item(), rel=1e-10)
        torch.testing.assert_close(LENGTH * seen.ratio, (a / b).log(), rtol=1e-9, atol=1e-12)


def test_the_estimates_from_samples_agree_with_all_sequences_within_their_errors(pair: tuple[Oracle, Oracle]) -> None:
    (p, g), count = map(probabilities, pair), 4000
    real = along(pair[0].sample(count, 0, LENGTH), pair[0].logits, pair[1].logits)
    fake = along(pair[1].sample(count, 1, LENGTH), pair[1].logits, pair[0].logits)
    found = scores(real, fake)
    expected = {
        "nll_oracle": -(g * p.log()),
        "nll_test": -(p * g.log()),
        "entropy_oracle": -(p * p.log()),
        "entropy_generator": -(g * g.log()),
        "kl_oracle_generator": p * (p / g).log(),
        "kl_generator_oracle": g * (g / p).log(),
    }
    for name, terms in expected.items():
        assert abs(found[name].mean - terms.sum().item() / LENGTH) < 4.5 * found[name].error, name
    # the definitions of the literature, to within noise; and the exact conditionals are the less noisy way
    assert found["kl_oracle_generator"].mean == pytest.approx(found["nll_test"].mean - found["entropy_oracle"].mean, abs=0.05)
    assert Estimate.of(real.entropy).error < Estimate.of(real.own).error


def test_samples_are_as_frequent_as_they_are_probable() -> None:
    oracle, count = tiny(5), 50_000
    drawn = oracle.sample(count, 3, LENGTH)
    places = (drawn * torch.tensor([27, 9, 3, 1])).sum(1)
    found, expected = torch.bincount(places, minlength=81).double(), count * probabilities(oracle)
    usual = expected >= 5  # below that a count is not near normal
    chi_squared = ((found - expected).square() / expected)[usual].sum().item()
    freedom = int(usual.sum()) - 1
    assert freedom > 20
    assert chi_squared < freedom + 4 * math.sqrt(2 * freedom)


def test_a_sequence_depends_on_its_number_and_the_seed_alone() -> None:
    oracle = Oracle.random(0, vocabulary=50, width=4)
    drawn = oracle.sample(30, 1, LENGTH)
    assert torch.equal(drawn, oracle.sample(30, 1, LENGTH, chunk=7))
    assert not torch.equal(drawn, oracle.sample(30, 2, LENGTH))
    assert not torch.equal(drawn, Oracle.random(1, vocabulary=50, width=4).sample(30, 1, LENGTH))


def test_every_weight_of_an_oracle_is_standard_normal() -> None:
    """Biases and embeddings too; and the same numbers on every machine, here the first ones of seed 0."""
    oracle = Oracle.random(0)
    for name, tensor in oracle.weights.items():
        error = 1 / math.sqrt(tensor.numel())
        assert abs(tensor.mean().item()) < 4.5 * error, name
        assert abs(tensor.std().item() - 1) < 4.5 * error, name
    assert len(oracle.weights) == 15
    assert oracle.weights["emb"].shape == oracle.weights["wo"].T.shape == (5000, 32)
    torch.testing.assert_close(oracle.weights["bo"][:3], torch.tensor(FIRST), atol=1e-4, rtol=0)


def test_regret_in_expectation_is_the_loss_less_the_optimum(pair: tuple[Oracle, Oracle]) -> None:
    """The optimum's loss is 2·log 2 − 2·JSD, and no other logits reach it. Goodfellow et al. 2014, theorem 1."""
    p, g = map(probabilities, pair)
    ratio, mean = (p / g).log(), (p + g) / 2
    divergence = (p * (p / mean).log() + g * (g / mean).log()).sum().item() / 2
    # logistic() takes a real and a fake; over all sequences, each weighted by its probability, they may be the same one
    nothing = torch.full_like(ratio, -torch.inf)

    def expected(logits: torch.Tensor) -> float:
        return (p @ logistic(logits, nothing) + g @ logistic(-nothing, logits)).item()

    assert expected(ratio) == pytest.approx(2 * math.log(2) - 2 * divergence, rel=1e-10)
    numbers = torch.Generator().manual_seed(0)
    for _ in range(20):
        assert expected(ratio + 0.1 * torch.randn(81, dtype=torch.float64, generator=numbers)) > expected(ratio)


def test_regret_of_the_optimum_is_none_and_of_a_blunted_one_is_mended_by_fitting(pair: tuple[Oracle, Oracle]) -> None:
    oracle, generator = pair
    real, fake = (one.sample(6000, seed, LENGTH) for seed, one in enumerate(pair))
    real_ratio = LENGTH * along(real, oracle.logits, generator.logits).ratio
    fake_ratio = -LENGTH * along(fake, generator.logits, oracle.logits).ratio
    best = regret(real_ratio, fake_ratio, real_ratio, fake_ratio)
    assert best.regret.mean == best.paired.mean == 0
    assert best.ranking == pytest.approx(1)
    assert best.scale == pytest.approx(1, abs=0.15)
    assert best.shift == pytest.approx(0, abs=0.15)
    assert abs(best.fitted.mean) < 0.005

    blunt = regret(real_ratio / 5 + 3, fake_ratio / 5 + 3, real_ratio, fake_ratio)
    assert blunt.regret.mean > 10 * blunt.regret.error
    assert blunt.paired.mean > 0  # blind to the shift, not to the scale
    assert blunt.scale == pytest.approx(5 * best.scale, rel=1e-3)
    assert abs(blunt.fitted.mean) < 0.005

    none = regret(torch.zeros(6000), torch.zeros(6000), real_ratio, fake_ratio)
    assert none.loss.mean == pytest.approx(2 * math.log(2))
    assert none.paired.mean > 0


def test_the_fit_is_the_minimum() -> None:
    numbers = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 500, dtype=torch.float64, generator=numbers) * 7
    real = real + 9
    scale, shift = fit(real, fake)
    least = logistic(scale * real + shift, scale * fake + shift).mean().item()
    for change_scale, change_shift in ((0.01, 0.0), (-0.01, 0.0), (0.0, 0.05), (0.0, -0.05)):
        a, b = scale + change_scale, shift + change_shift
        assert logistic(a * real + b, a * fake + b).mean().item() > least


def test_the_correlation_of_ranks_is_scipys() -> None:
    x, y = torch.randn(2, 200, generator=torch.Generator().manual_seed(0))
    assert rank_correlation(x, x.exp() + y) == pytest.approx(spearmanr(x, x.exp() + y).statistic, abs=1e-12)


def test_the_dataset_is_what_the_engine_expects() -> None:
    halves = write(Oracle.random(0, vocabulary=50, width=4), train=40, test=20, length=6)
    assert halves.train.spec == spec(50, 6)
    batch, label = halves.train.batch(torch.tensor([3, 5]), torch.device("cpu"))
    halves.train.spec.check(batch)
    assert label is None
    assert len(halves.test) == len(halves.fresh) == 20
    assert not torch.equal(halves.test, halves.fresh)
