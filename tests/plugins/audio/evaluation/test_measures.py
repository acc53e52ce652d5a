"""The declarations: torch-free, each resolves, and on hits each moves the way it should."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
import torch

from paragone.evaluation.evidence import Evidence, Score
from paragone.evaluation.examiner import ask
from paragone.evaluation.memorisation import memorisation
from paragone.modality import resolve
from paragone_audio.evaluation.log_mel import LogMel
from paragone_audio.measures import EXTRACTORS, METRICS
from paragone_audio.sound import spec_of

from .conftest import LENGTH, RATE, Memory, hits, sine

SPEC = spec_of(LENGTH, RATE)


def test_declaring_them_imports_no_torch() -> None:
    code = "import paragone_audio.measures, sys; print({'torch', 'numpy', 'torchaudio'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_names_are_their_own_and_all_of_them_resolve() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert len({metric.title or metric.name for metric in METRICS}) == len(METRICS)
    assert all(callable(resolve(metric.measure)) for metric in METRICS)
    assert [extractor.name for extractor in EXTRACTORS] == ["log-mel", "spectral", "aisfx"]
    assert all(callable(resolve(extractor.build)) for extractor in EXTRACTORS)


def seen(waves: torch.Tensor, labels: torch.Tensor | None, training: torch.Tensor | None = None) -> Evidence:
    data = None if training is None else Memory(training, SPEC)
    return Evidence(LogMel(SPEC)(waves[:, None]).double(), labels, lambda wanted: waves[wanted][:, None], SPEC, data)


def low_passed(waves: torch.Tensor, hertz: float) -> torch.Tensor:
    spectrum = torch.fft.rfft(waves)
    spectrum[:, int(hertz * LENGTH / RATE) :] = 0
    return torch.fft.irfft(spectrum, n=LENGTH)


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, Score]]:
    """What the metrics say of other hits and of bad generators, all held against the same 240 hits."""
    (reference, labels), (real, numbers) = hits(240), hits(210, 1)
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    envelopes = torch.nn.functional.avg_pool1d(real.square()[:, None], 161, 1, 80)[:, 0].sqrt()
    candidates = {
        "real": (real, numbers),
        "noise": (noise * envelopes, numbers),
        "kicks": (real[::3].repeat(3, 1), numbers),
        "relabelled": (real, (numbers + 1) % 3),
        "late": (torch.cat([torch.zeros(210, 160), real[:, :-160]], 1), numbers),
        "dull": (low_passed(real, 3000), numbers),
        "buzz": (real + 0.01 * sine(1000), numbers),
        "copies": (torch.cat([torch.zeros(210, 16), -0.5 * reference[:210, :-16]], 1), labels[:210]),
        "quiet": (real * 1e-4, numbers),
        "loud": ((4 * real + 0.05).clamp(-1, 1), numbers),
    }
    against = seen(reference, labels)
    return {name: ask(METRICS, seen(*candidate, training=reference), against, 0) for name, candidate in candidates.items()}


WORSE = {
    "noise": "frechet kid coverage ndb jsd label_accuracy centroid flatness crest",
    "kicks": "frechet kid coverage variety ndb jsd label_accuracy centroid flatness",
    "relabelled": "label_accuracy",
    "late": "frechet kid density coverage",
    "dull": "frechet kid density coverage centroid flatness",
    "buzz": "frechet kid density coverage grid_buzz tail",
    "copies": "copied correlated loudness",
    "quiet": "frechet kid coverage silent loudness",
    "loud": "frechet kid clipped dc loudness crest",
}
"""By which metrics a bad generator is found out."""

ABOVE = {"copied", "grid_buzz", "silent", "clipped", "dc"}
"""Of those that should be as the real ones: where worse is more."""


@pytest.mark.parametrize("generator", WORSE)
def test_a_bad_generator_is_worse_than_real_hits_where_it_is_bad(scores: dict[str, dict[str, Score]], generator: str) -> None:
    better = {metric.name: metric.better for metric in METRICS}
    for name in WORSE[generator].split():
        bad, real = scores[generator][name].value, scores["real"][name].value
        assert bad is not None, name
        assert real is not None, name
        assert bad > real if better[name] == "lower" or name in ABOVE else bad < real, name


def test_every_metric_finds_something_out() -> None:
    found = {name for names in WORSE.values() for name in names.split()}
    assert {metric.name for metric in METRICS} - found == {"seam", "attack", "decay"}  # these have tests of their own


def test_real_hits_are_not_doubted(scores: dict[str, dict[str, Score]]) -> None:
    assert {name for name, score in scores["real"].items() if score.doubt} == {"seam"}
    assert abs(scores["real"]["kid"].value) < 3 * (scores["real"]["kid"].deviation or 0)


def test_copies_are_nearer_to_the_training_set_than_new_hits() -> None:
    (training, _), (held, _), (new, _) = hits(150), hits(120, 1), hits(120, 2)
    own, others = seen(training, None), seen(held, None)
    fresh = memorisation(seen(new, None), own, others).ratio
    copied = memorisation(seen(training[:120] + 1e-4, None), own, others)
    assert fresh == pytest.approx(1, abs=0.15)
    assert (copied.ratio or 1) < 0.3
    assert memorisation(own, own, others).exact == 150


def test_every_metric_says_why_it_has_no_value() -> None:
    one = seen(hits(1)[0], None)
    nothing = one.part(torch.arange(0))
    for made, real in ((one, nothing), (nothing, one), (one, one)):
        for name, score in ask(METRICS, made, real, 0).items():
            assert score.value is not None or score.doubt, name


def test_it_is_quick() -> None:
    """512 against 351 sounds of a second: all metrics together take ten times as long as the features; fifty times is the most."""
    waves = torch.randn(863, 16_384, generator=torch.Generator().manual_seed(0))
    waves *= (-torch.arange(16_384) / 3000).exp()
    spec, labels = spec_of(16_384, RATE), torch.arange(863) % 6
    data = Memory(waves[512:], spec)
    extractor = LogMel(spec)
    extractor(waves[:64, None])  # its filters are made at the first call
    began = time.perf_counter()
    features = extractor(waves[:, None]).double()
    unit = time.perf_counter() - began
    whole = Evidence(features, labels, lambda wanted: waves[wanted][:, None], spec, data)
    began = time.perf_counter()
    ask(METRICS, whole.part(torch.arange(512)), whole.part(torch.arange(512, 863)), 0)
    assert time.perf_counter() - began < 50 * unit


def test_sounds_are_looked_at_twice_however_many_metrics_ask() -> None:
    """Once for the survey, once for copies: of many sounds each look may make them anew."""
    waves, labels = hits(60)
    looks = torch.zeros(60)

    def read(wanted: torch.Tensor) -> torch.Tensor:
        looks[wanted] += 1
        return waves[wanted][:, None]

    made = Evidence(LogMel(SPEC)(waves[:, None]).double(), labels, read, SPEC, Memory(waves, SPEC))
    ask(METRICS, made, seen(*hits(60, 1)), 0)
    assert looks.tolist() == [2] * 60
