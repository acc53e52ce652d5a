"""What each metric says of the bundled drums: one half against the other, and against spoilt ones.

    pytest -m benchmark -s tests/plugins/audio/evaluation/test_starter.py

It prints the table, and the means and deviations that the constants of ``log-mel`` were taken from.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from scipy.signal import butter, sosfiltfilt
from torch.nn.functional import avg_pool1d, pad

from paragone.evaluation.evidence import Evidence, Score
from paragone.evaluation.examiner import ask
from paragone.opening import bundled
from paragone_audio.config import AudioData
from paragone_audio.dataset import SoundSet, open_dataset
from paragone_audio.evaluation.log_mel import LogMel
from paragone_audio.measures import METRICS
from paragone_audio.sound import rate_of

from .conftest import Memory, sine

pytestmark = pytest.mark.benchmark

KICK = 2
HALVES = 175
FOUND = {
    "noise": "frechet kid coverage variety ndb jsd label_accuracy centroid flatness crest",
    "kicks": "frechet kid coverage variety ndb jsd centroid flatness decay",
    "late": "frechet kid density coverage",
    "dull": "frechet kid density coverage ndb label_accuracy centroid flatness",
    "buzz": "frechet kid density coverage tail grid_buzz",
    "hiss": "frechet kid density coverage flatness",
    "mixed": "frechet kid density coverage variety ndb label_accuracy decay",
    "copies": "copied",
}
"""By which metrics each is found out: the score is further from the ideal than that of the real half by a tenth or more."""


@pytest.fixture(scope="module")
def drums(tmp_path_factory: pytest.TempPathFactory) -> SoundSet:
    return open_dataset(bundled("paragone_audio:starter/drums.zip"), AudioData(), Path(tmp_path_factory.mktemp("cache")), print)


@pytest.fixture(scope="module")
def scores(drums: SoundSet) -> dict[str, dict[str, Score]]:
    waves, numbers = drums.batch(torch.arange(len(drums)), torch.device("cpu"))
    waves, rate, length = waves[:, 0], rate_of(drums.spec), drums.spec.shape[1]
    assert numbers is not None
    random = torch.Generator().manual_seed(1)
    order = torch.randperm(len(drums), generator=random)
    (reference, labels), (real, own) = ((waves[half], numbers[half]) for half in (order[:HALVES], order[HALVES:]))
    envelopes = avg_pool1d(real.square()[:, None], 161, 1, 80)[:, 0].sqrt()
    kicks = real[own == KICK].repeat(9, 1)[: len(real)]
    candidates = {
        "real": (real, own),
        "noise": (torch.randn(real.shape, generator=random) * envelopes, own),
        "kicks": (kicks, torch.full_like(own, KICK)),
        "late": (pad(real, (rate // 200, 0))[:, :length], own),
        "dull": (torch.from_numpy(sosfiltfilt(butter(6, 3000, fs=rate, output="sos"), real.numpy(), axis=1).copy()).float(), own),
        "buzz": (real + 0.01 * sine(rate / 16, length, rate), own),
        "hiss": (real + 0.003 * torch.randn(real.shape, generator=random), own),
        "mixed": ((real + real[torch.randperm(len(real), generator=random)]) / 2, own),
        "copies": (reference, labels),
    }
    extractor = LogMel(drums.spec)

    def seen(sounds: torch.Tensor, labels: torch.Tensor) -> Evidence:
        features = extractor(sounds[:, None]).double()
        return Evidence(features, labels, lambda wanted: sounds[wanted][:, None], drums.spec, Memory(reference, drums.spec))

    against = seen(reference, labels)
    return {name: ask(METRICS, seen(*candidate), against, 0) for name, candidate in candidates.items()}


def test_the_table(scores: dict[str, dict[str, Score]]) -> None:
    print(f"\n{'':14}", *(f"{name:>9}" for name in scores))
    for metric in METRICS:
        values = [found[metric.name].value for found in scores.values()]
        print(f"{metric.name:14}", *(f"{'n/a' if value is None else f'{value:.4g}':>9}" for value in values))
    better = {metric.name: metric.better for metric in METRICS}
    for name, metrics in FOUND.items():
        for metric in metrics.split():
            spoilt, real = scores[name][metric].value, scores["real"][metric].value
            assert spoilt is not None
            assert real is not None
            worse = abs(spoilt - real) if better[metric] == "real" else spoilt - real if better[metric] == "lower" else real - spoilt
            assert worse > 0.1 * abs(real), (name, metric)


def test_the_constants_of_the_features_are_those_of_drums(drums: SoundSet) -> None:
    features = LogMel(drums.spec)(drums.batch(torch.arange(len(drums)), torch.device("cpu"))[0])
    for name, part in zip(("shape", "rough", "change"), torch.split(features, [96, 8, 12], 1), strict=True):
        print(f"\n{name}: means from {part.mean(0).min():.2f} to {part.mean(0).max():.2f}, mean variance {part.var(0).mean():.2f}")
    assert float(features.var(0).mean()) == pytest.approx(1, abs=0.2)
    assert float(features.mean(0).abs().max()) < 1.5
