from __future__ import annotations

import random
from pathlib import Path

import bigrams

from paragone_text.training_texts import TrainingTexts


def distance(first: str, second: str) -> int:
    """Wagner and Fischer 1974, the table itself."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def texts_of(folder: Path, texts: list[str]) -> TrainingTexts:
    (folder / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    return TrainingTexts(bigrams.open_texts(folder / "texts.txt", bigrams.Data(), folder, str))


def test_copies_are_found_in_any_form_of_unicode(tmp_path: Path) -> None:
    known = texts_of(tmp_path, ["Köln", "Bonn", "Bonn", "Ulm"])
    assert "Bonn" in known
    assert "Ko\u0308ln" in known
    assert "bonn" not in known
    assert "Bon" not in known


def test_the_nearest_is_the_first_of_those_with_the_least_distance(tmp_path: Path) -> None:
    draw = random.Random(0)
    texts = ["".join(draw.choices("abü ", k=draw.randint(1, 9))) for _ in range(300)]
    known = texts_of(tmp_path, texts)
    for _ in range(60):
        text = "".join(draw.choices("abcü ", k=draw.randint(0, 12)))
        wanted = min(texts, key=lambda each: distance(text, each))
        assert known.nearest(text) == (wanted, distance(text, wanted))
