"""What both extractors promise, and what each one sees."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from paragone import weights
from paragone.errors import RunError
from paragone.evaluation.frechet import frechet_distance
from paragone.evaluation.kernel import kernel_distance
from paragone.execution import Execution
from paragone.modality import resolve
from paragone.spec import Axis, SampleSpec
from paragone_text.evaluation import reference_lm
from paragone_text.evaluation.hashed import HashedGrams
from paragone_text.evaluation.labels import framed_grams
from paragone_text.evaluation.reference_lm import LONGEST, WEIGHTS, ReferenceLM, States, as_bytes, surprise
from paragone_text.measures import EXTRACTORS

from .conftest import tokens_of

CPU = Execution(torch.device("cpu"))
TEXTS = ["Akaa", "", "São Paulo", "Akab", "Frankenberg an der Eder", "x"]

extractors = pytest.mark.parametrize("build", [resolve(extractor.build) for extractor in EXTRACTORS])
Build = Callable[[SampleSpec, Execution], States | HashedGrams]


@extractors
def test_they_keep_their_promises(build: Build, spec: SampleSpec) -> None:
    extractor, samples = build(spec, CPU), tokens_of(TEXTS, spec)
    features = extractor(samples)
    assert features.shape == (len(TEXTS), extractor.size)
    assert extractor.size <= 512
    assert features.dtype == torch.float32
    assert features.isfinite().all()
    assert torch.equal(features, extractor(samples)), "it gives the same twice"
    alone = torch.cat([extractor(sample[None]) for sample in samples])
    torch.testing.assert_close(alone, features, atol=1e-4, rtol=0)
    assert torch.pdist(features).min() > 1e-2, "different texts, different features"
    assert extractor(samples[:0]).shape == (0, extractor.size)
    features.add_(1)  # a normal tensor that the caller owns
    assert torch.equal(samples, tokens_of(TEXTS, spec))
    assert extractor.identity == build(spec, CPU).identity


@extractors
def test_what_is_no_text_is_refused(build: Build) -> None:
    with pytest.raises(ValueError, match="description of a text"):
        build(SampleSpec((Axis("position", 3, "tokens", vocabulary=5),), "int64", 0, 4), CPU)


@extractors
@pytest.mark.parametrize("change", [lambda name: name[::-1], lambda name: name[:4], lambda name: "Springfield"], ids=["back", "cut", "one"])
def test_other_texts_are_further_from_real_names_than_real_ones(
    build: Build, spec: SampleSpec, names: list[str], change: Callable[[str], str]
) -> None:
    extractor = build(spec, CPU)
    real, other, changed = (
        extractor(tokens_of(texts, spec)) for texts in (names[:600], names[600:1200], [change(name) for name in names[600:1200]])
    )
    assert frechet_distance(changed, real) > 1.2 * frechet_distance(other, real)
    assert kernel_distance(changed, real) > 10 * abs(kernel_distance(other, real))


def test_hashed_grams_are_signed_counts_of_length_1(spec: SampleSpec) -> None:
    expected = torch.zeros(512)
    for gram, count in Counter(framed_grams("Akaa")).items():
        code = zlib.crc32(gram.encode())
        expected[code % 512] += count * (-1) ** (code // 512 % 2)
    got = HashedGrams(spec)(tokens_of(["Akaa"], spec))[0]
    torch.testing.assert_close(got, expected / expected.norm())


def test_products_of_hashed_grams_are_those_of_the_counts_on_average(spec: SampleSpec, names: list[str]) -> None:
    """Weinberger et al. 2009, lemma 2: hashing with signs is unbiased."""
    counts = [Counter(framed_grams(name)) for name in names[:60]]
    size = [sum(value**2 for value in count.values()) ** 0.5 for count in counts]
    features = HashedGrams(spec)(tokens_of(names[:60], spec))
    errors = [
        float(features[i] @ features[j]) - sum(counts[i][gram] * counts[j][gram] for gram in counts[i]) / size[i] / size[j]
        for i in range(60)
        for j in range(i)
    ]
    error = torch.tensor(errors)
    assert abs(float(error.mean())) < 4 * float(error.std()) / 60
    assert float(error.std()) < 0.1


def test_the_model_has_learned_names_of_towns(names: list[str]) -> None:
    """Bits a byte: 8 for no knowledge at all, 4.4 for how frequent each byte is, and backwards it fits worse."""
    model = _model()

    def bits(texts: list[str]) -> float:
        text, lengths = as_bytes(texts)
        with torch.no_grad():
            return float(surprise(model(text)[1], text, lengths).sum() / lengths.sum())

    frequent = Counter(byte for name in names[:2000] for byte in [*name.encode(), 0])
    total = frequent.total()
    unigram = -sum(count / total * float(torch.tensor(count / total).log2()) for count in frequent.values())
    assert bits(names[:2000]) < unigram - 1
    assert bits([name[::-1] for name in names[:2000]]) > bits(names[:2000]) + 0.5


def test_surprise_is_the_sum_over_the_text_and_its_end() -> None:
    logits = torch.randn(2, 3, 256, generator=torch.Generator().manual_seed(0))
    text, lengths = as_bytes(["ab", ""])
    assert text.tolist() == [[0, 97, 98], [0, 0, 0]]
    assert lengths.tolist() == [3, 1]
    p = logits.softmax(2)
    first = -(p[0, 0, 97] * p[0, 1, 98] * p[0, 2, 0]).log2()
    torch.testing.assert_close(surprise(logits, text, lengths), torch.stack([first, -p[1, 0, 0].log2()]))


def test_features_are_the_mean_and_the_last_state_step_by_step() -> None:
    model, texts = _model(), ["Oulu", "", "Å"]
    features = model.features(texts)
    cell = nn.GRUCell(32, 128)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in model.recurrent.state_dict().items()})
    for row, text in zip(features, texts, strict=True):
        state, states = torch.zeros(1, 128), []
        for byte in [0, *text.encode()]:
            state = cell(model.embedding(torch.tensor([byte])), state)
            states.append(state[0])
        torch.testing.assert_close(row, torch.cat([torch.stack(states).mean(0), states[-1]]), atol=1e-5, rtol=0)


def test_features_of_towns_have_mean_0_and_variance_1_on_average(spec: SampleSpec, names: list[str]) -> None:
    features = States(spec)(tokens_of(names[:2000], spec))
    assert features.mean(0).abs().max() < 0.2
    assert float(features.var(0).mean()) == pytest.approx(1, abs=0.05)
    assert features.abs().max() < 10, "no entry can run away"


def test_of_a_very_long_text_the_beginning_is_read() -> None:
    text, lengths = as_bytes(["é" * LONGEST, "a"])
    assert text.shape == (2, LONGEST + 1)
    assert lengths.tolist() == [LONGEST + 1, 2]


def test_the_bundled_weights_are_small_and_name_themselves(spec: SampleSpec) -> None:
    assert WEIGHTS.stat().st_size <= 700_000
    assert States(spec).identity == f"reference-lm/{hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:8]}"


def test_damaged_weights_are_told(spec: SampleSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(WEIGHTS.read_bytes()[:1000])
    monkeypatch.setattr(reference_lm, "WEIGHTS", broken)
    with pytest.raises(RunError, match="damaged"):
        States(spec)


def _model() -> ReferenceLM:
    model = ReferenceLM()
    weights.fill_module(model, weights.read(WEIGHTS)[0], WEIGHTS)
    return model.requires_grad_(False)
