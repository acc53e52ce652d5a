"""What the extractors without a network promise, and what each one sees."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.fft import dct

from paragone.evaluation.frechet import frechet_distance
from paragone.evaluation.kernel import kernel_distance
from paragone.execution import Execution
from paragone.modality import resolve
from paragone.spec import Axis, SampleSpec
from paragone_audio.evaluation import log_mel as module
from paragone_audio.evaluation.log_mel import BANDS, FLOOR_DB, LogMel, patterns
from paragone_audio.evaluation.octaves import FLOOR_DB as OCTAVE_FLOOR
from paragone_audio.evaluation.octaves import MIDDLE_DB, OCTAVES, SCALE_DB, Octaves
from paragone_audio.measures import EXTRACTORS
from paragone_audio.sound import spec_of
from paragone_audio.spectra import log_mel

from .conftest import LENGTH, RATE, hits, sine

CPU = Execution(torch.device("cpu"))
SPEC = spec_of(LENGTH, RATE)

extractors = pytest.mark.parametrize("build", [resolve(extractor.build) for extractor in EXTRACTORS[:2]])
Build = Callable[[SampleSpec, Execution], LogMel | Octaves]


@extractors
def test_they_keep_their_promises(build: Build) -> None:
    extractor, samples = build(SPEC, CPU), hits(9)[0][:, None]
    before = samples.clone()
    features = extractor(samples)
    assert features.shape == (9, extractor.size)
    assert extractor.size <= 128
    assert features.dtype == torch.float32
    assert torch.equal(features, extractor(samples)), "it gives the same twice"
    alone = torch.cat([extractor(sample[None]) for sample in samples])
    torch.testing.assert_close(alone, features, atol=1e-3, rtol=0)
    assert torch.pdist(features).min() > 0.1, "different sounds, different features"
    assert extractor(samples[:0]).shape == (0, extractor.size)
    features.add_(1)  # a tensor that the caller owns
    assert torch.equal(samples, before)
    assert extractor.identity == build(SPEC, CPU).identity


@extractors
@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 10.0])
def test_any_rate_and_length_gives_finite_features(build: Build, rate: int, seconds: float) -> None:
    length = max(1, int(rate * seconds) // 256) * 256
    waves = torch.stack([torch.zeros(length), sine(440, length, rate), torch.ones(length), torch.rand(length) - 0.5])
    features = build(spec_of(length, rate), CPU)(waves[:, None])
    assert features.isfinite().all()
    assert torch.pdist(features).min() > 0.5


@extractors
def test_what_is_not_a_number_stays_so_and_what_is_no_sound_is_refused(build: Build) -> None:
    samples = hits(2)[0][:, None].clone()
    samples[1, 0, 100] = torch.nan
    assert build(SPEC, CPU)(samples).isnan().any(1).tolist() == [False, True]
    with pytest.raises(ValueError, match="spec of a sound"):
        build(SampleSpec((Axis("channels", 3, "channels"), Axis("height", 8, "pixels"))), CPU)
    with pytest.raises(ValueError, match="shape"):
        build(SPEC, CPU)(torch.zeros(1, 1, LENGTH - 1))


CHANGES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "backwards": lambda waves: waves.flip(1),
    "late": lambda waves: torch.cat([torch.zeros(len(waves), 160), waves[:, :-160]], 1),
    "hiss": lambda waves: waves + 0.003 * torch.randn(waves.shape, generator=torch.Generator().manual_seed(0)),
    "one": lambda waves: waves[:1].repeat(len(waves), 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_sounds_are_further_from_real_ones_than_real_ones(change: str) -> None:
    extractor = LogMel(SPEC)
    real, other = hits(150)[0], hits(150, 1)[0]
    reference, same, changed = (extractor(waves[:, None]) for waves in (real, other, CHANGES[change](other)))
    assert frechet_distance(changed, reference) > 1.5 * frechet_distance(same, reference)
    assert kernel_distance(changed, reference) > 10 * abs(kernel_distance(same, reference))


def test_features_are_near_0_and_their_variance_is_near_1() -> None:
    features = LogMel(SPEC)(hits(150)[0][:, None])
    assert 0.3 < float(features.var(0).mean()) < 3
    assert float(features.mean(0).abs().max()) < 4


def test_a_change_of_level_moves_the_first_order_only() -> None:
    """Where nothing is below the floor, 6 dB are 6 dB in every band."""
    noise = 0.2 * torch.randn(1, 1, LENGTH, generator=torch.Generator().manual_seed(0))
    extractor = LogMel(SPEC)
    difference = extractor(noise) - extractor(noise / 2)
    assert float(difference[0, 0]) * module.SHAPE_SCALE == pytest.approx(20 * math.log10(2), rel=0.02)
    assert float(difference[0, 1:].abs().max()) < 0.05


def test_patterns_are_a_cosine_transform_and_orthonormal_on_fine_edges() -> None:
    edges = torch.linspace(0, 1, 513)
    cosines = patterns(edges, 6).double()
    torch.testing.assert_close(512 * cosines @ cosines.T, torch.eye(6, dtype=torch.float64), atol=1e-3, rtol=0)
    uneven = patterns(torch.tensor([0.0, 0.5, 1.0]), 2)
    torch.testing.assert_close(uneven, torch.tensor([[0.5, 0.5], [math.sqrt(2) / math.pi, -math.sqrt(2) / math.pi]]))


def test_the_shape_of_a_loop_is_a_cosine_transform_over_its_bands_and_a_fourier_series_over_time() -> None:
    spec = spec_of(LENGTH, RATE, loop=True)
    waves = hits(3)[0]
    level = log_mel(waves, RATE, 512, 128, BANDS, FLOOR_DB, loop=True).double().numpy()
    assert level.shape == (3, BANDS, LENGTH // 128)
    found = LogMel(spec)(waves[:, None])[:, :96].view(3, 12, 8).double()
    over_bands, over_time = torch.arange(1.0, 13)[:, None], torch.arange(1.0, 9)
    found *= module.SHAPE_SCALE * over_bands**-0.4 * over_time**-0.55
    found[:, 0, :2] += torch.tensor(module.SHAPE_MEAN, dtype=torch.float64)
    cosines = dct(level, axis=1, norm="ortho")[:, 1:4] / math.sqrt(BANDS)
    theirs = np.abs(np.fft.fft(cosines, axis=2)[..., 1:8]) * math.sqrt(2) / level.shape[2]
    # the patterns over the bands are integrals, their middles stand here: the same but for that
    np.testing.assert_allclose(found[:, 1:4, 1:], theirs, atol=0.01 * float(theirs.max()))


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_the_features_of_a_loop_do_not_depend_on_where_it_begins(rate: int) -> None:
    extract = LogMel(spec_of(LENGTH, rate, loop=True))
    waves = hits(3)[0][:, None]
    for turn in (1000, LENGTH // 2):
        moved = extract(waves.roll(turn, 2))
        assert float((moved - extract(waves)).norm(dim=1).max()) < 0.1 * float((extract(waves)[0] - extract(waves)[1]).norm())
    steady = sine(RATE / 128 * 5, LENGTH)[None, None]  # no edge: of what does not change there is no pattern in time, and no change
    assert extract(steady)[0, :96].view(12, 8)[1:, 1:].abs().max() < 0.01
    assert log_mel(waves[:, 0, :1024], rate, 4096, 1024, BANDS, FLOOR_DB, loop=True).shape == (3, BANDS, 1)  # shorter than a window


def test_of_a_one_shot_the_first_milliseconds_count_more() -> None:
    base = 0.1 * torch.randn(1, 1, LENGTH, generator=torch.Generator().manual_seed(0))
    distances = []
    for start in (0, LENGTH // 2):
        muted = base.clone()
        muted[..., start : start + 320] = 0  # 20 ms
        distances.append(float((LogMel(SPEC)(muted) - LogMel(SPEC)(base)).norm()))
    assert distances[0] > 3 * distances[1]


def test_octaves_are_levels_in_decibels() -> None:
    """A sine at 3 kHz is in the octave from 2 to 4 kHz, the fifth, and its mean square is a half."""
    wave = sine(3000.0)
    wave[LENGTH // 2 :] = 0
    features = (Octaves(SPEC)(wave[None, None]) * SCALE_DB + MIDDLE_DB).view(4, OCTAVES)
    assert features[:3, 4].tolist() == pytest.approx([-3.01] * 3, abs=0.1)
    assert features[3].tolist() == pytest.approx([OCTAVE_FLOOR] * OCTAVES)
    assert float(features[:3, :3].max()) < -40
