"""The oracle's benchmark in small: a generator as a known distribution, curves, and the picture of them."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import pytest
import torch
from benchmarks.oracle import contest, run
from benchmarks.oracle.choosing import best_of
from benchmarks.oracle.contest import Generated, generated
from benchmarks.oracle.data import Halves, spec, write
from benchmarks.oracle.lstm import Oracle
from benchmarks.oracle.measures import along
from benchmarks.oracle.picture import plot, ticks
from PIL import Image

from paragone.trainer import Trainer
from paragone_text.networks.lines import LinesGenerator
from paragone_text.presets import LinesNetwork

SMALL = {"network.embedding": 16, "network.hidden": 32, "network.filters": 8, "network.features": 8, "train.threads": 1}


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle.random(0, vocabulary=40, width=6)


@pytest.fixture(scope="module")
def halves(oracle: Oracle) -> Halves:
    return write(oracle, train=1000, test=400, length=5)


@pytest.fixture(scope="module")
def trained(oracle: Oracle, halves: Halves) -> tuple[Trainer, list[float]]:
    looks: list[float] = []
    trainer = contest.trainer_for(halves.train, "lines", SMALL, {"train.samples": 16_000})
    contest.train(trainer, looks.append, looks=4)
    return trainer, looks


def test_a_training_is_looked_at_in_equal_parts(trained: tuple[Trainer, list[float]]) -> None:
    assert trained[1] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("alpha", [0.7, 1.0, 2.0])
def test_a_generator_is_the_distribution_that_it_samples(alpha: float) -> None:
    """Over all 27 sequences its probabilities add up to 1, and the product's own sampling draws as often as they say."""
    torch.manual_seed(0)
    network = LinesGenerator(spec(3, 3), 0, LinesNetwork(embedding=8, hidden=8)).eval()
    torch.nn.init.normal_(network.bias)
    mine, every = Generated(network, alpha), torch.tensor(list(itertools.product(range(3), repeat=3)))
    expected = (-3 * along(every, mine.logits, mine.logits).own).exp()
    assert expected.sum().item() == pytest.approx(1, abs=1e-6)
    drawn = torch.bincount((mine.sample(4000, 0) * torch.tensor([9, 3, 1])).sum(1), minlength=27) / 4000
    torch.testing.assert_close(drawn.double(), expected, atol=4.5 * 0.5 / 4000**0.5, rtol=0)
    assert (drawn.double() - expected).square().sum() < 3 / 4000  # Σp(1 − p)/n is below 1/n


def test_more_alpha_is_better_and_less_varied(oracle: Oracle, halves: Halves, trained: tuple[Trainer, list[float]]) -> None:
    low, middle, high = contest.curve(generated(trained[0]), oracle, halves.test, 400, (0.7, 1.0, 2.0))
    assert low["nll_oracle"][0] > middle["nll_oracle"][0] > high["nll_oracle"][0]
    assert high["nll_test"][0] > middle["nll_test"][0]
    assert low["entropy_generator"][0] > middle["entropy_generator"][0] > high["entropy_generator"][0]
    for point in (low, middle, high):
        assert point["kl_oracle_generator"][0] > 0
        assert point["kl_generator_oracle"][0] > 0
        assert point["entropy_oracle"] == low["entropy_oracle"]


def test_the_training_learned_something_of_the_oracle(oracle: Oracle, halves: Halves, trained: tuple[Trainer, list[float]]) -> None:
    (point,) = contest.curve(generated(trained[0]), oracle, halves.test, 400, (1.0,))
    counts = torch.bincount(halves.train.samples.flatten(), minlength=40) + 1.0
    unigram = -(counts / counts.sum()).log()[halves.test].mean().item()
    assert point["nll_test"][0] < unigram - 0.02


def test_the_discriminator_is_judged_against_the_optimum(oracle: Oracle, halves: Halves, trained: tuple[Trainer, list[float]]) -> None:
    found = contest.judged(trained[0], oracle, halves.fresh)
    assert 0 < found.least.mean < found.loss.mean
    assert found.regret.mean == pytest.approx(found.loss.mean - found.least.mean)
    assert json.dumps(run.as_json(found))


def test_choosing_the_likeliest_costs_variety(oracle: Oracle, halves: Halves, trained: tuple[Trainer, list[float]]) -> None:
    points = [point for point in contest.chosen(trained[0], oracle, halves.fresh, 1.0, (1, 4)) if point["by"] == "likelihood"]
    (plain,) = contest.curve(generated(trained[0]), oracle, halves.fresh, 400, (1.0,))
    assert points[0]["nll_test"] == pytest.approx(plain["nll_test"][0])  # the best of one is no choice
    assert points[1]["nll_test"] > points[0]["nll_test"]
    assert points[1]["nll_oracle"] < points[0]["nll_oracle"]


def test_a_generator_with_a_code_has_no_known_likelihood() -> None:
    network = LinesGenerator(spec(3, 3), 0, LinesNetwork())
    network.code = 4
    with pytest.raises(ValueError, match="code"):
        Generated(network)


def test_best_of_k_against_all_sequences() -> None:
    """Of 3⁷ sequences each is the best of k with probability F(x)ᵏ − (F(x) − g(x))ᵏ: no estimate, and no approximation."""
    length, count = 7, 20_000
    p, g = (
        Oracle({name: value.double() / 2 for name, value in Oracle.random(seed, vocabulary=3, width=2).weights.items()}) for seed in (0, 7)
    )
    every = torch.tensor(list(itertools.product(range(3), repeat=length)))
    numbers = torch.Generator().manual_seed(0)
    scores = torch.randn(len(every), dtype=torch.float64, generator=numbers)
    places = 3 ** torch.arange(length - 1, -1, -1)
    under_p, under_g = (along(every, one.logits, one.logits).own for one in (p, g))
    order = scores.argsort()
    exact_p, exact_g = (-length * under_p).exp(), (-length * under_g).exp()
    cumulative = torch.empty_like(scores)
    cumulative[order] = exact_g[order].cumsum(0)

    fake, real = g.sample(count, 0, length), p.sample(count, 1, length)
    fake_place, real_place = (fake * places).sum(1), (real * places).sum(1)
    for k in (1, 2, 4):
        chosen = cumulative**k - (cumulative - exact_g) ** k
        assert chosen.sum().item() == pytest.approx(1)
        expected = (chosen @ under_p).item(), -(exact_p @ chosen.clamp_min(1e-300).log()).item() / length
        found = best_of(k, scores[fake_place], scores[real_place], under_p[fake_place], under_g[real_place], length)
        assert found == pytest.approx(expected, abs=0.01 * k)


def test_a_line_between_two_points_of_a_curve() -> None:
    points = [{"nll_oracle": [x, 0.1], "nll_test": [y, 0.1]} for x, y in ((9.0, 7.0), (7.0, 9.0), (8.0, 7.5))]
    assert run.at(points, 8.5) == pytest.approx(7.25)
    assert run.at(points, 7.0) == 9.0
    assert run.at(points, 6.9) is None


def test_ticks_are_round_numbers_within_the_span() -> None:
    assert ticks((0, 4)) == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert ticks((5.93, 9.93)) == [6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5]


def test_a_curve_is_drawn_where_its_points_are() -> None:
    """The two points' own pixels have the curve's colour, and a point outside the ranges leaves no trace."""
    picture = Image.open(io.BytesIO(plot({"a, seed 0": [(1, 1), (3, 3), (99, 99)]}, "x", "y", (0, 4), (0, 4))))
    left, top, right, bottom = 70, 20, 20, 60
    width, height = picture.size[0] - left - right, picture.size[1] - top - bottom
    for value, coloured in ((1, True), (3, True), (2, True), (3.5, False)):
        red, _, blue = picture.getpixel((round(left + width * value / 4), round(top + height * (4 - value) / 4)))  # type: ignore[misc]  # three channels
        assert (blue > red + 50) == coloured, value


def test_the_command_writes_a_file_for_each_row_and_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "RECIPE", SMALL)
    monkeypatch.setattr(run, "write", lambda oracle: write(oracle, train=200, test=100, length=5))
    monkeypatch.setattr(Oracle, "random", classmethod(lambda cls, seed: TINY))
    run.main(["--minutes", "0.003", "--seeds", "3", "--count", "60", "--out", str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "lines-3.json", "mle-3.json"]
    facts = json.loads((tmp_path / "lines-3.json").read_text())
    assert [point["alpha"] for point in facts["curve"]] == list(contest.ALPHAS)
    assert facts["regret"]["least"][0] > 0
    assert {(point["by"], point["k"]) for point in facts["chosen"]} == set(itertools.product(("likelihood", "discriminator"), (2, 4)))
    assert facts["settings"]["train"]["seed"] == 3
    printed = capsys.readouterr().out
    assert "lines, seed 3" in printed
    assert "discriminator: loss" in printed


TINY = Oracle.random(1, vocabulary=30, width=4)


def test_an_absent_oracle_is_an_error_of_two_lines(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"cannot be read.*\n.*Check the path"):
        run.main(["--oracle", str(tmp_path / "absent.npz"), "--out", str(tmp_path)])
