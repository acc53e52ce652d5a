"""The first pass: what is chosen and what is counted, against counting by hand."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from paragone.errors import DataError
from paragone_text import lines, survey
from paragone_text.lines import Faults
from paragone_text.sources import open_source
from paragone_text.survey import Chosen, Sampled, batches, lots


@pytest.mark.parametrize("most", [1, 7, 40, 99, 100, 101, 1000])
@pytest.mark.parametrize("different", [3, 50, 10**6])
def test_the_smallest_lots_are_chosen(most: int, different: int) -> None:
    drawn = np.random.default_rng(most).integers(0, different, 100).astype(np.uint64)
    chosen = Chosen(most)
    for part in np.array_split(drawn, 9):
        chosen.show(part)
    chosen.close()
    taken = np.concatenate([chosen.take(part) for part in np.array_split(drawn, 7)])
    expected = sorted(range(100), key=lambda place: (drawn[place], place))[:most]
    assert sorted(expected) == np.flatnonzero(taken).tolist()


def test_what_is_chosen_says_nothing_about_what_is_held_out() -> None:
    texts = [f"text {number}" for number in range(4000)]
    chosen = lots(texts) < np.quantile(lots(texts), 0.1)
    held = np.array([hashlib.blake2b(text.encode(), digest_size=8).digest()[-1] < 64 for text in texts])
    assert abs(held[chosen].mean() - 0.25) < 0.1


def test_a_sample_does_not_depend_on_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "SAMPLE", 500)
    texts = [f"text number {number}" for number in range(300)]
    found = []
    for order in (texts, texts[::-1]):
        sampled = Sampled()
        for start in range(0, 300, 11):
            part = order[start : start + 11]
            sampled.show(part, lots(part))
        found.append(sampled.texts())
    assert found[0] == found[1]
    assert 450 < sum(map(len, found[0])) < 550
    numbers = lots(texts)
    assert found[0] == [texts[place] for place in np.argsort(numbers)][: len(found[0])]


def test_everything_is_counted_once(tmp_path: Path) -> None:
    rows = [f"né\t{'ab'[number % 2]}\u0301 {number % 7}" if number % 5 else "" for number in range(10_000)]
    (tmp_path / "a.txt").write_text("\n".join(rows))
    with open_source(tmp_path / "a.txt") as source:
        found = survey.survey(source, 100)
        texts = [text for batch in batches(source, Faults()) for text in batch.texts]
    assert len(texts) == found.count == 8000
    assert found.controls == 8000
    assert found.labels == {"": 8000}
    assert sorted(found.sample) == sorted(texts)
    counts = Counter("".join(texts))
    assert {chr(place): int(found.characters[place]) for place in np.flatnonzero(found.characters)} == counts
    assert "á" in counts


def test_unbelievably_many_labels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "LABELS", 50)
    (tmp_path / "a.tsv").write_text("text\tlabel\n" + "".join(f"one\t{number}\n" for number in range(51)))
    with open_source(tmp_path / "a.tsv") as source, pytest.raises(DataError, match="more than 50 different labels"):
        survey.survey(source, 100)


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "SAMPLE", 10_000)
    monkeypatch.setattr(survey, "_TEXTS", 64)
    monkeypatch.setattr(lines, "LONGEST", 4096)
    peaks = []
    for count in (1_000, 10_000):
        (tmp_path / "a.txt").write_text("".join(f"a line of some words, number {number}\n" for number in range(count)))
        tracemalloc.start()
        with open_source(tmp_path / "a.txt") as source:
            survey.survey(source, 1000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
