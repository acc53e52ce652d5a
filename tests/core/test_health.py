"""Verdicts on invented statistics and on real trainings made to fail."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import paragone
from paragone.health import judge
from paragone.registry import registry
from paragone.reporting import Silent, Stats
from paragone.settings import settle

FINE = Stats(
    step=1000, samples=64000, seconds=1.0, progress=0.1, samples_per_second=64.0, loss_generator=0.8, loss_discriminator=1.2, penalty=0.1,
    margin=0.5, r_t=0.4, augment_p=0.1, diversity=0.9, gradient_generator=0.3, gradient_discriminator=0.3,
    learning_rate_generator=1e-3, learning_rate_discriminator=1e-3,
)  # fmt: skip
SETTINGS = settle(registry().modality("points"))


def history(**changes: float) -> list[Stats]:
    return [FINE] * 8 + [dataclasses.replace(FINE, **changes)] * 4  # type: ignore[arg-type]  # only floats are changed


@pytest.mark.parametrize(
    ("changes", "health", "advice"),
    [
        ({}, "learning", ""),
        ({"diversity": 0.1}, "collapsed", "a penalty, such as --set penalty.fd_r1=0.1"),
        ({"r_t": 0.97}, "overfitting", "augment.ramp"),
        ({"r_t": 0.97, "augment_p": 0.8}, "overfitting", "add data"),
        ({"margin": 1e4}, "diverging", "learning_rate"),
        ({"gradient_generator": 1e3}, "diverging", "learning_rate"),
    ],
)
def test_verdicts(changes: dict[str, float], health: str, advice: str) -> None:
    verdict = judge(history(**changes), SETTINGS)
    assert verdict.health == health
    assert advice in verdict.advice
    assert bool(verdict.advice) == (health != "learning")


def test_too_early_to_say_and_one_odd_line_is_no_illness() -> None:
    assert judge([FINE], SETTINGS).health == "starting"
    assert judge(history(diversity=0.1, progress=0.05), SETTINGS).health == "starting"
    assert judge(history(diversity=0.1, step=100), SETTINGS).health == "starting"
    assert judge(history(margin=1e4, progress=0.05), SETTINGS).health == "diverging"
    assert judge([FINE] * 8 + [dataclasses.replace(FINE, diversity=0.0)], SETTINGS).health == "learning"


def test_a_saturated_game_is_not_called_diverging() -> None:
    silent = dataclasses.replace(FINE, gradient_generator=0.0)
    assert judge([silent] * 8 + [FINE] * 4, SETTINGS).health == "learning"


def test_advice_fits_the_settings() -> None:
    off = settle(registry().modality("points"), [("", {"augment.mode": "none"})])
    assert "augment.mode=adaptive" in judge(history(r_t=0.99), off).advice
    own = {"penalty.r1": 0.1, "penalty.fd_r2": 0.002, "generator.learning_rate": 4e-3, "discriminator.learning_rate": 1e-3}
    settings = settle(registry().modality("points"), [("", own)])
    collapsed, diverging = (judge(history(**changes), settings).advice for changes in ({"diversity": 0.1}, {"margin": 1e4}))
    assert collapsed == "Start again with twice the penalty, --set penalty.r1=0.2 --set penalty.fd_r2=0.004, or lower learning rates."
    assert "half the learning rates, --set generator.learning_rate=0.002 --set discriminator.learning_rate=0.0005" in diverging
    at_limit = judge(history(r_t=0.97, augment_p=0.8), settings).advice
    assert at_limit.endswith("or start again with twice the penalty, --set penalty.r1=0.2 --set penalty.fd_r2=0.004.")


class Keep(Silent):
    """Keeps the words."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def stats(self, stats: Stats) -> None:
        self.words.append(stats.health)


def trained(tmp_path: Path, data: str, **settings: object) -> list[str]:
    centres, keep = tmp_path / "centres.csv", Keep()
    centres.write_text(data)
    common = {"train.device": "cpu", "train.precision": "fp32", "train.stats_every": 512, "augment.mode": "none", "network.width": 32}
    named = {key.replace("__", "."): value for key, value in settings.items()}
    paragone.train("points", centres, out=tmp_path / "run", samples=40_000, settings={**common, **named}, reporter=keep)
    return keep.words


FOUR = "x,y\n-0.5,-0.5\n-0.5,0.5\n0.5,-0.5\n0.5,0.5\n"


def test_a_real_training_that_learns(tmp_path: Path) -> None:
    words = trained(
        tmp_path, FOUR, data__spread=0.1, penalty__r1=0.1, penalty__r2=0.1, generator__learning_rate=1e-3, discriminator__learning_rate=1e-3
    )
    assert words[-1] == "learning"


def test_a_real_collapse_is_called_one(tmp_path: Path) -> None:
    """A generator that runs ahead of a discriminator that hardly learns puts everything in one place."""
    words = trained(tmp_path, FOUR, data__spread=0.1, generator__learning_rate=1e-2, discriminator__learning_rate=2e-5, ema__half_life=0.0)
    assert "collapsed" in words


def test_a_discriminator_that_knows_its_data_by_heart(tmp_path: Path) -> None:
    words = trained(
        tmp_path, "x,y\n0.3,0.3\n", data__copies=2, data__spread=0.5, generator__learning_rate=1e-6, discriminator__learning_rate=1e-2
    )
    assert "overfitting" in words
