"""Towns: what the game adds to the likelihood, at the same minutes and at every diversity.

Each preset learns the bundled towns for the same time, 15 % of them held out. Then it
makes as many names as were held out, with the same labels, at several temperatures, and
with the discriminator's choice where it has one worth asking. Lower temperature, less
variety: the presets are to be compared at equal self-BLEU or novelty, not at equal temperature.
The last rows are real training names in the place of made ones, and a chain that knows
the last three letters of each label.

    PARAGONE_BENCHMARK_MINUTES=10 pytest -m benchmark -s tests/benchmarks/test_towns.py
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import paragone
from paragone import api
from paragone.data import Dataset
from paragone.evaluation.evidence import Evidence
from paragone.evaluation.examiner import Examiner, ask
from paragone.registry import registry
from paragone.sampler import Sampler
from paragone_text import tokenizer
from paragone_text.config import TextSample

from . import knobs

pytestmark = pytest.mark.benchmark

PRESETS = ("names", "lines", "mle")
ASKED = (
    TextSample(),
    TextSample(temperature=0.9),
    TextSample(temperature=0.8),
    TextSample(temperature=0.7),
    TextSample(critic=4),
    TextSample(critic=16),
)
SHOWN = ("unique", "novel", "self_bleu_4", "bleu_4", "js_2", "js_3", "js_4", "label_accuracy", "frechet", "kid", "coverage", "length")
HELD_OUT = 0.15


@pytest.fixture(scope="module")
def examined() -> tuple[Examiner, Evidence, Dataset, Dataset]:
    """Means to examine, the held-out names, and all of both halves."""
    plan = api.plan("text", layers=[("benchmark", {"train.hold_out": HELD_OUT, "train.device": "cpu"})])
    assert plan.held is not None
    examiner = Examiner(registry().modality("text"), plan.dataset.spec, plan.execution)
    held = replace(examiner.real(plan.held, "held-out names"), training=plan.dataset)
    return examiner, held, plan.dataset, plan.held


def evidence(examiner: Examiner, held: Evidence, samples: torch.Tensor) -> Evidence:
    features = torch.cat([examiner.extractor(part) for part in samples.split(64)]).double()
    return Evidence(features, held.numbers, lambda wanted: samples[wanted], held.spec, held.training)


def report(name: str, examiner: Examiner, held: Evidence, samples: torch.Tensor, **facts: Any) -> None:
    scores = ask([examiner.medium.metric(metric) for metric in SHOWN], evidence(examiner, held, samples), held, seed=0)
    values = {metric: None if score.value is None else round(score.value, 4) for metric, score in scores.items()}
    line = {"benchmark": "towns", "row": name, **facts, **values}
    print(line)
    knobs.record(line)


def made_by(sampler: Sampler, numbers: torch.Tensor, options: TextSample) -> torch.Tensor:
    """A name for each label number; the seeds go on from label to label."""
    samples = torch.zeros(len(numbers), *sampler.spec.shape, dtype=torch.int64)
    for number in torch.unique(numbers).tolist():
        places = (numbers == number).nonzero()[:, 0]
        batch = sampler.sample(places.tolist(), sampler.labels[number], options=options)
        samples[places] = batch.samples
    return samples


@pytest.mark.parametrize("preset", PRESETS)
def test_towns(preset: str, examined: tuple[Examiner, Evidence, Dataset, Dataset], tmp_path: Path) -> None:
    examiner, held, training, _ = examined
    for seed in knobs.seeds():
        layer = {"train.hold_out": HELD_OUT, "train.device": "cpu", "train.seed": seed, "train.threads": knobs.threads()}
        folder = (knobs.pictures() or tmp_path) / f"towns-{preset}-{seed}"
        run = paragone.train("text", preset=preset, out=folder, settings={**layer, **knobs.budget("10"), **knobs.overrides()})
        sampler = Sampler.load(run.path, device="cpu")
        assert held.numbers is not None
        for options in ASKED:
            if options.critic > 1 and sampler.settings.tokens.alone >= 1:
                continue  # its discriminator has learned nothing
            samples = made_by(sampler, held.numbers, options)
            report(preset, examiner, held, samples, seed=seed, temperature=options.temperature, critic=options.critic)
        print(*sampler.sample(range(24)).lines(), sep=", ")
    assert len(training) > 10_000


def test_real_names_and_a_chain_of_letters(examined: tuple[Examiner, Evidence, Dataset, Dataset]) -> None:
    examiner, held, training, _ = examined
    assert held.numbers is not None
    assert training.numbers is not None
    numbers = random.Random(0)
    spell = tokenizer.of(training.spec)
    tokens, labels = training.batch(torch.arange(len(training)), torch.device("cpu"))
    assert labels is not None
    by_label: dict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(labels.tolist()):
        by_label[label].append(place)
    real = torch.stack([tokens[numbers.choice(by_label[label])] for label in held.numbers.tolist()])
    report("real", examiner, held, real)
    chains = {label: chain([spell.decode(tokens[place].tolist()) for place in places]) for label, places in by_label.items()}
    length = training.spec.shape[0]
    made = torch.zeros_like(real)
    for row, label in enumerate(held.numbers.tolist()):
        encoded = spell.encode(walk(chains[label], length, numbers))
        made[row, : len(encoded)] = torch.tensor(encoded)
    report("chain of three", examiner, held, made)


def chain(texts: Sequence[str]) -> dict[str, Counter[str]]:
    """How often each letter follows each three, with ``^`` before and ``$`` behind a text."""
    follows: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        framed = f"^^^{text}$"
        for place in range(3, len(framed)):
            follows[framed[place - 3 : place]][framed[place]] += 1
    return follows


def walk(follows: dict[str, Counter[str]], length: int, numbers: random.Random) -> str:
    """A text of at most ``length`` letters that the chain makes."""
    text = "^^^"
    while len(text) < length + 3:
        counts = follows[text[-3:]]
        letter = numbers.choices(list(counts), list(counts.values()))[0]
        if letter == "$":
            break
        text += letter
    return text[3:]
