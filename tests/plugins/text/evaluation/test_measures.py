"""The declarations: torch-free, each resolves, and on towns each moves the way it should."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import defaultdict

import pytest
import torch

from paragone.evaluation.evidence import Evidence, Score
from paragone.evaluation.examiner import ask
from paragone.execution import Execution
from paragone.modality import resolve
from paragone.spec import SampleSpec
from paragone_text.evaluation.reference_lm import States
from paragone_text.measures import EXTRACTORS, METRICS

from .conftest import tokens_of

Towns = list[tuple[str, str]]


def test_declaring_them_imports_no_torch() -> None:
    code = "import paragone_text.measures, sys; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_names_are_their_own_and_all_of_them_resolve() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert len({metric.title or metric.name for metric in METRICS}) == len(METRICS)
    assert all(callable(resolve(metric.measure)) for metric in METRICS)
    assert [extractor.name for extractor in EXTRACTORS] == ["reference-lm", "ngrams"]
    assert all(callable(resolve(extractor.build)) for extractor in EXTRACTORS)


@pytest.fixture(scope="module")
def scores(towns: Towns) -> dict[str, dict[str, Score]]:
    """What the metrics say of real names and of four bad generators, all held against the same 800 names."""
    from paragone_text.characters import Characters
    from paragone_text.dataset import spec_of

    from .conftest import ALPHABET, LENGTH

    spec = spec_of(Characters(ALPHABET), LENGTH)
    extractor = States(spec)
    countries = sorted({country for country, _ in towns})
    numbers = random.Random(0)

    def evidence(rows: Towns) -> Evidence:
        tokens = tokens_of([name for _, name in rows], spec)
        labels = torch.tensor([countries.index(country) for country, _ in rows])
        return Evidence(extractor(tokens).double(), labels, lambda wanted: tokens[wanted], spec)

    reference, real = evidence(towns[:800]), towns[800:1200]
    by_country: dict[str, list[str]] = defaultdict(list)
    for country, name in towns[1200:2400]:
        by_country[country].append(name)
    candidates = {
        "real": real,
        "shuffled": [(country, "".join(numbers.sample(name, len(name)))) for country, name in real],
        "one": [(country, "Springfield") for country, _ in real],
        "few": [(country, numbers.choice(by_country[country][:4])) for country, _ in real],
        "relabelled": [(other, name) for (_, name), (other, _) in zip(real, real[1:] + real[:1], strict=True)],
        "cut": [(country, name[:5]) for country, name in real],
    }
    return {name: ask(METRICS, evidence(rows), reference, 0) for name, rows in candidates.items()}


WORSE = {
    "shuffled": "frechet kid density coverage bleu_2 bleu_3 bleu_4 bleu_5 js_2 js_3 js_4 edges label_accuracy",
    "one": "frechet kid coverage variety self_bleu_4 unique js_1 js_2 js_3 js_4 edges length label_accuracy",
    "few": "frechet kid coverage self_bleu_4 unique js_1 js_2 js_3 js_4 edges",
    "relabelled": "label_accuracy",
    "cut": "frechet kid density coverage js_2 js_3 js_4 edges length label_accuracy",
}
"""By which metrics a bad generator is found out."""


@pytest.mark.parametrize("generator", WORSE)
def test_a_bad_generator_is_worse_than_real_names_where_it_is_bad(scores: dict[str, dict[str, Score]], generator: str) -> None:
    better = {metric.name: metric.better for metric in METRICS}
    for name in WORSE[generator].split():
        bad, real = scores[generator][name].value, scores["real"][name].value
        assert bad is not None, name
        assert real is not None, name
        above = better[name] == "lower" or name == "self_bleu_4"  # it is bad to repeat oneself more than real names do
        assert bad > real if above else bad < real, name


def test_real_names_are_not_doubted(scores: dict[str, dict[str, Score]]) -> None:
    doubted = {name for name, score in scores["real"].items() if score.doubt}
    assert doubted == {"novel", "label_accuracy"}  # no training set here, and one country has few names
    assert abs(scores["real"]["kid"].value) < 3 * (scores["real"]["kid"].deviation or 0)


def test_every_metric_says_why_it_has_no_value(spec: SampleSpec) -> None:
    tokens = tokens_of(["a"], spec)
    extractor = resolve(EXTRACTORS[1].build)(spec, Execution(torch.device("cpu")))
    one = Evidence(extractor(tokens).double(), None, lambda wanted: tokens[wanted], spec)
    for name, score in ask(METRICS, one, one.part(torch.arange(0)), 0).items():
        assert score.value is not None or score.doubt, name
    for name, score in ask(METRICS, one.part(torch.arange(0)), one, 0).items():
        assert score.value is not None or score.doubt, name
