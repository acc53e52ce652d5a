"""Drums: how near each preset comes to the bundled drums in the same minutes, and how fast it makes sounds.

Each preset learns 85 % of the bundled drums, by content. Then it makes as many sounds as
there are, with the same labels, and these are held against all of them: the
48 that are held out are too few to score by. Memorisation is measured against what was
trained on, beside the held-out ones. The row "real" is one random half against the other.

    PARAGONE_BENCHMARK_MINUTES=30 PARAGONE_BENCHMARK_SEEDS=0,1,2 pytest -m benchmark -s tests/benchmarks/test_drums.py
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import paragone
from paragone import api, weights
from paragone.building import build
from paragone.data import Dataset
from paragone.evaluation.evidence import Evidence
from paragone.evaluation.examiner import Examiner, ask
from paragone.evaluation.memorisation import memorisation
from paragone.execution import Execution
from paragone.modality import resolve
from paragone.opening import open_data
from paragone.players import latent_size
from paragone.registry import registry
from paragone.sampler import Sampler
from paragone.settings import settle
from paragone_audio.sound import rate_of

from . import knobs

pytestmark = pytest.mark.benchmark

HELD_OUT = 0.15
CPU = torch.device("cpu")
HEADS = ("istft_short", "istft_middle", "istft_frame", "conv")
MEDIUM = "audio"


def drums() -> Dataset:
    """All of them, as `small` and `wavegan` learn them."""
    medium = registry().modality(MEDIUM)
    return open_data(medium, settle(medium).data, None, lambda line: None)


@pytest.fixture(scope="module")
def examined() -> tuple[Examiner, Evidence]:
    """Means to examine, and all drums."""
    dataset = drums()
    examiner = Examiner(registry().modality(MEDIUM), dataset.spec, Execution.choose("cpu", "fp32"))
    return examiner, replace(examiner.real(dataset, "drums"), training=dataset, trained_on=True)


def report(row: str, examiner: Examiner, candidate: Evidence, reference: Evidence, **facts: Any) -> dict[str, Any]:
    scores = ask(examiner.medium.metrics, candidate, reference, seed=0)
    values = {name: None if score.value is None else round(score.value, 4) for name, score in scores.items()}
    line = {"benchmark": "drums", "row": row, **facts, **values}
    print(line)
    knobs.record(line)
    return line


def measured(row: str, sampler: Sampler, examiner: Examiner, reference: Evidence, seed: int) -> dict[str, Any]:
    """Scores of as many made sounds as there are real ones, of the same labels; and of each label alone."""
    numbers = reference.numbers if sampler.labels else None
    made = examiner.generated(sampler.generator, range(len(reference)), numbers, sampler.clusters)
    made = replace(made, numbers=reference.numbers, training=reference.training)
    plan = api.plan(MEDIUM, layers=[("benchmark", {"train.hold_out": HELD_OUT, "train.device": "cpu"})])
    assert plan.held is not None
    copied = memorisation(made, examiner.real(plan.dataset, "training sounds"), examiner.real(plan.held, "held-out sounds"))
    labels = {}
    if sampler.labels:
        per_label = [metric for metric in examiner.medium.metrics if metric.per_label]
        for number, label in enumerate(sampler.labels):
            scores = ask(per_label, made.of_label(number), reference.of_label(number), seed=0)
            labels[label] = {name: None if score.value is None else round(score.value, 3) for name, score in scores.items()}
    samples = weights.read(sampler.run.state)[1]["samples"]
    facts = {"seed": seed, "trained_on": samples, "memorisation": copied.ratio, "near_copies": copied.near_copies, "labels": labels}
    folder = knobs.pictures()
    if folder:
        artefacts = resolve(sampler.modality.artefacts)(sampler.spec, sampler.modality.sample_config())
        columns = 8
        kinds = [] if numbers is None else [(numbers == each).nonzero()[:columns, 0] for each in torch.unique(numbers)]
        order = torch.cat(kinds) if kinds else torch.arange(48)
        captions = sampler.labels if sampler.labels else ()
        (folder / f"drums-{row}-{seed}.png").write_bytes(artefacts.sheet(made.read(order), columns, captions, {}))
    return report(row, examiner, made, reference, **facts)


def trained(row: str, preset: str, seed: int, folder: Path, **settings: Any) -> Sampler:
    layer = {"train.hold_out": HELD_OUT, "train.device": "cpu", "train.seed": seed, "train.threads": knobs.threads(), **settings}
    out = (knobs.pictures() or folder) / f"drums-{row}-{seed}"
    run = paragone.train(MEDIUM, preset=preset, out=out, settings={**layer, **knobs.budget("30"), **knobs.overrides()})
    return Sampler.load(run.path, device="cpu")


@pytest.mark.parametrize("preset", ["small", "wavegan"])
def test_drums(preset: str, examined: tuple[Examiner, Evidence], tmp_path: Path) -> None:
    examiner, reference = examined
    for seed in knobs.seeds():
        measured(preset, trained(preset, preset, seed, tmp_path), examiner, reference, seed)


@pytest.mark.parametrize("head", HEADS)
def test_heads(head: str, examined: tuple[Examiner, Evidence], tmp_path: Path) -> None:
    examiner, reference = examined
    for seed in knobs.seeds():
        measured(head, trained(head, "small", seed, tmp_path, **{"network.head": head}), examiner, reference, seed)


def test_real_drums(examined: tuple[Examiner, Evidence]) -> None:
    examiner, reference = examined
    for seed in range(3):
        order = torch.randperm(len(reference), generator=torch.Generator().manual_seed(seed))
        one, other = (reference.part(half) for half in order.tensor_split(2))
        report("real", examiner, replace(one, trained_on=True), replace(other, trained_on=True), seed=seed)


def test_real_time_factor_of_generation() -> None:
    """Seconds of sound for each second of one CPU core, a sound at a time, as `create` would and in fp32."""
    torch.set_num_threads(1)
    dataset = drums()
    seconds = dataset.spec.shape[1] / rate_of(dataset.spec)
    for preset, labels in (("small", len(dataset.labels)), ("wavegan", 0)):
        for precision in ("fp32", "bf16"):
            medium = registry().modality(MEDIUM)
            execution = Execution.choose("cpu", precision, threads=1)
            settings = settle(medium, [("benchmark", {"train.preset": preset})])
            generator = execution.place(build(medium, settings, dataset.spec, labels, 0).generator).eval()
            label = torch.zeros(1, dtype=torch.int64) if labels else None
            times = []
            for seed in range(12):
                latent = torch.randn(1, latent_size(generator), generator=torch.Generator().manual_seed(seed))
                begun = time.perf_counter()
                with torch.inference_mode(), execution.autocast():
                    generator(latent, label)
                times.append(time.perf_counter() - begun)
            line = {
                "benchmark": "real time",
                "preset": preset,
                "precision": precision,
                "factor": round(seconds / statistics.median(times), 1),
            }
            print(line)
            knobs.record(line)
