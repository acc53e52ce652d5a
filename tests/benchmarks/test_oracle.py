"""The synthetic oracle: likelihood and game where every probability is known.

An LSTM with random weights writes 10,000 sequences (Yu et al. 2017, section 5.1); a
generator learns them from likelihood alone, and the same generator for the same time with
the game. Quality is NLL_oracle, variety NLL_test; at every temperature a generator is at
another point of one curve, and the two curves are what is compared (Caccia et al. 2020).

    PARAGONE_BENCHMARK_MINUTES=10 PARAGONE_BENCHMARK_SEEDS=0,1 pytest -m benchmark -s tests/benchmarks/test_oracle.py

The minutes are of processor time. ``python -m benchmarks.oracle.run`` does the same, keeps
the curves, draws them, and takes somebody else's oracle.
"""

from __future__ import annotations

import pytest

from . import knobs
from .oracle.data import Halves, write
from .oracle.lstm import Oracle
from .oracle.measures import Estimate, along
from .oracle.run import ROWS, contest, table

pytestmark = pytest.mark.benchmark

DEFAULT_MINUTES, COUNT = "10", 2000


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle.random(0)


@pytest.fixture(scope="module")
def halves(oracle: Oracle) -> Halves:
    return write(oracle)


def test_the_oracle_is_like_those_of_the_literature(oracle: Oracle, halves: Halves) -> None:
    """Other draws from N(0, 1) have an entropy of 5.84 to 6.08 nats a token, SeqGAN's own weights 5.755."""
    assert 5.7 < Estimate.of(along(halves.test, oracle.logits, oracle.logits).entropy).mean < 6.2


@pytest.mark.parametrize("seed", knobs.seeds("0,1"))
@pytest.mark.parametrize("row", ROWS)
def test_oracle(row: str, seed: int, oracle: Oracle, halves: Halves, capsys: pytest.CaptureFixture[str]) -> None:
    facts = contest(row, seed, knobs.minutes(DEFAULT_MINUTES)[0], oracle, halves, COUNT)
    with capsys.disabled():
        print(table(facts, facts["curve"][0]["entropy_oracle"][0]), end="")
    knobs.record({"benchmark": "oracle", **facts})
    for point in facts["curve"]:
        # no distribution costs less under another than under itself
        assert point["nll_test"][0] > point["entropy_oracle"][0]
        assert point["nll_oracle"][0] > point["entropy_generator"][0]
