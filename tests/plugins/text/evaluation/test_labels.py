"""The classifier, against the sums written out, and what it says of towns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import pytest

from paragone.evaluation.evidence import Evidence, share_of
from paragone_text.evaluation.labels import SMOOTHING, Classifier, framed_grams, label_accuracy

Make = Callable[..., Evidence]
Towns = list[tuple[str, str]]


def split(towns: Towns, start: int, stop: int) -> tuple[list[str], list[int]]:
    countries = sorted({country for country, _ in towns})
    return [name for _, name in towns[start:stop]], [countries.index(country) for country, _ in towns[start:stop]]


def by_definition(texts: list[str], numbers: list[int], text: str) -> int:
    """Manning, Raghavan and Schütze 2008, equations 13.3 and 13.7, label by label and n-gram by n-gram."""
    vocabulary = {gram for one in texts for gram in framed_grams(one)}
    scores = {}
    for label in set(numbers):
        counts = Counter(gram for one, number in zip(texts, numbers, strict=True) if number == label for gram in framed_grams(one))
        score = math.log(numbers.count(label) / len(numbers))
        for gram in framed_grams(text):
            if gram in vocabulary:
                score += math.log((counts[gram] + SMOOTHING) / (sum(counts.values()) + SMOOTHING * len(vocabulary)))
        scores[label] = score
    return max(scores, key=scores.__getitem__)


def test_agrees_with_the_definition(towns: Towns) -> None:
    texts, numbers = split(towns, 0, 80)
    classify = Classifier.learn(texts, numbers)
    judged = [name for _, name in towns[80:120]]
    assert [classify(name) for name in judged] == [by_definition(texts, numbers, name) for name in judged]


def test_it_looks_at_beginnings_and_ends() -> None:
    assert list(framed_grams("ab")) == ["\x02", "a", "b", "\x03", "\x02a", "ab", "b\x03", "\x02ab", "ab\x03"]
    classify = Classifier.learn(["abab", "baba"], [0, 1])
    assert [classify(text) for text in ("ab", "ba", "aab", "bba")] == [0, 1, 0, 1]


def test_what_it_has_never_seen_goes_to_the_most_frequent_label() -> None:
    assert Classifier.learn(["a", "b", "c"], [4, 7, 7])("") == 7
    assert Classifier.learn(["aa", "bb", "cc"], [4, 7, 7])("") == 7


def test_towns_are_told_apart_and_a_wrong_label_shows(towns: Towns, evidence: Make) -> None:
    reference = evidence(*split(towns, 0, 2400))
    names, numbers = split(towns, 2400, 3400)
    real = label_accuracy(evidence(names, numbers), reference)
    assert real.value is not None
    assert real.value > 0.65
    assert real.deviation == share_of(round(real.value * 1000), 1000).deviation
    assert not real.doubt
    wrong = label_accuracy(evidence(names, numbers[::-1]), reference).value
    by_chance = sum((count / 1000) ** 2 for count in Counter(numbers).values())
    assert wrong == pytest.approx(by_chance, abs=0.03)


def test_learned_from_the_same_texts_it_is_the_same(towns: Towns, evidence: Make) -> None:
    candidate = evidence(*split(towns, 300, 400))
    first, again = (label_accuracy(candidate, evidence(*split(towns, 0, 300))) for _ in range(2))
    assert first == again


def test_without_labels_or_with_one_there_is_no_accuracy(evidence: Make) -> None:
    labelled = evidence(["a", "b"] * 20, [0, 1] * 20)
    assert label_accuracy(evidence(["a"]), labelled).value is None
    assert label_accuracy(labelled, evidence(["a"])).value is None
    assert "one label" in label_accuracy(labelled, evidence(["a"] * 40, [1] * 40)).doubt
    assert label_accuracy(evidence([], []), labelled).value is None
    assert label_accuracy(labelled, evidence([], [])).value is None


def test_a_label_with_few_texts_is_doubted(evidence: Make) -> None:
    few = evidence(["a"] * 40 + ["b"] * 3, [0] * 40 + [1] * 3)
    assert "3 references of one label" in label_accuracy(few, few).doubt
    enough = evidence(["a"] * 40 + ["b"] * 40, [0] * 40 + [1] * 40)
    assert "2 samples" in label_accuracy(evidence(["a", "b"], [0, 1]), enough).doubt
    assert label_accuracy(enough, enough) == label_accuracy(enough, enough)
    assert label_accuracy(enough, enough).value == 1
