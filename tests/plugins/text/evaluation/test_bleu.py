"""BLEU, against NLTK's, which is what the papers on text GANs use."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest
from nltk.translate.bleu_score import SmoothingFunction
from nltk.translate.bleu_score import sentence_bleu as by_nltk

from paragone.evaluation.evidence import Evidence
from paragone_text.bpe import BytePairs
from paragone_text.evaluation import bleu
from paragone_text.evaluation.bleu import References, sentence_bleu
from paragone_text.evaluation.texts import Units

Make = Callable[..., Evidence]


def theirs(references: Sequence[Units], text: Units, order: int) -> float:
    weights = (1 / order,) * order
    return float(by_nltk([list(reference) for reference in references], list(text), weights, SmoothingFunction().method1))


def sentences(count: int, seed: int) -> list[tuple[str, ...]]:
    """Of 0 to 12 words out of 9, so that n-grams meet and repeat, and some texts are shorter than an n-gram."""
    numbers = random.Random(seed)
    return [tuple(numbers.choices("abcdefghi", k=numbers.randint(0, 12))) for _ in range(count)]


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_agrees_with_nltk_on_words(order: int) -> None:
    references, judged = sentences(30, 1), sentences(60, 2)
    table = References.of(references)
    for text in judged:
        assert sentence_bleu(text, table, order) == pytest.approx(theirs(references, text, order), abs=1e-9)


@pytest.mark.parametrize("order", [2, 5])
def test_agrees_with_nltk_on_characters(names: list[str], order: int) -> None:
    references, judged = names[:60], [*names[60:100], "", "A", "zz", names[0], names[0] * 2]
    table = References.of(references)
    for text in judged:
        assert sentence_bleu(text, table, order) == pytest.approx(theirs(references, text, order), abs=1e-9)


def test_a_count_is_clipped_by_one_reference_and_a_short_text_is_punished() -> None:
    """The examples of Papineni et al. 2002, section 2: seven times "the", of which two count; and a brevity of exp(1 - 6/2)."""
    table = References.of(tuple(line.split()) for line in ("the cat is on the mat", "there is a cat on the mat"))
    assert sentence_bleu(("the",) * 7, table, 1) == pytest.approx(2 / 7)
    assert sentence_bleu(("the", "cat"), table, 2) == pytest.approx(math.exp(1 - 6 / 2))
    assert sentence_bleu(("dog",), table, 1) == 0


def test_the_measure_is_the_mean_over_candidates_with_its_standard_error(evidence: Make, names: list[str]) -> None:
    judged, references = names[:120], names[120:320]
    each = [theirs(references, text, 3) for text in judged[:20]]
    score = bleu.bleu_3(evidence(judged[:20]), evidence(references))
    mean = sum(each) / 20
    assert score.value == pytest.approx(mean, abs=1e-9)
    assert score.deviation == pytest.approx((sum((one - mean) ** 2 for one in each) / 19 / 20) ** 0.5, abs=1e-9)
    assert bleu.bleu_3(evidence(judged[:1]), evidence(references)).deviation is None
    assert "20 samples" in score.doubt
    assert not bleu.bleu_3(evidence(judged), evidence(references)).doubt


def test_words_are_counted_where_the_tokenizer_is_not_of_characters(evidence: Make) -> None:
    references, judged = ["one two three", "two three four five"], ["two three four", "two one"]
    by_words = [theirs([tuple(line.split()) for line in references], tuple(text.split()), 2) for text in judged]
    score = bleu.bleu_2(evidence(judged, tokenizer=BytePairs([])), evidence(references, tokenizer=BytePairs([])))
    assert score.value == pytest.approx(sum(by_words) / 2, abs=1e-9)


def test_more_words_of_the_references_score_higher(evidence: Make, names: list[str]) -> None:
    references, numbers = evidence(names[:300]), random.Random(0)
    shuffled = ["".join(numbers.sample(name, len(name))) for name in names[300:420]]
    for measure in (bleu.bleu_2, bleu.bleu_3, bleu.bleu_4, bleu.bleu_5):
        copied, real, mixed = (measure(evidence(texts), references).value for texts in (names[:120], names[300:420], shuffled))
        assert copied is not None
        assert real is not None
        assert mixed is not None
        assert copied > real > mixed
        assert copied <= 1


def test_self_bleu_holds_one_half_against_the_other(evidence: Make, names: list[str]) -> None:
    made = names[:30]
    each = [theirs(made[1::2], text, 4) for text in made[0::2]]
    assert bleu.self_bleu_4(evidence(made), evidence([])).value == pytest.approx(sum(each) / 15, abs=1e-9)


def test_self_bleu_of_different_texts_is_far_from_1_and_of_one_text_is_1(evidence: Make, names: list[str]) -> None:
    """A text among its own references scores 1 whatever it is: here it is not."""
    nothing = evidence([])
    different = bleu.self_bleu_4(evidence(names[:200]), nothing)
    assert different.value is not None
    assert different.value < 0.6
    assert not different.doubt
    assert bleu.self_bleu_4(evidence(["Springfield"] * 10), nothing).value == pytest.approx(1)


def test_nothing_to_compare_has_no_score(evidence: Make) -> None:
    assert bleu.bleu_4(evidence([]), evidence(["a"])).value is None
    assert bleu.bleu_4(evidence(["a"]), evidence([])).value is None
    assert bleu.self_bleu_4(evidence(["a"]), evidence(["a"])).value is None
