"""Labels in any alphabet can be told apart, and fit."""

from __future__ import annotations

from PIL import ImageFont

from paragone.captions import caption

FONT = ImageFont.load_default(16)


def test_letters_that_the_font_has_not() -> None:
    texts = ["cat", "Bäume", "café  noir", "猫", "犬", "", "a\nb"]
    assert [caption(text, row, FONT, 150) for row, text in enumerate(texts)] == [
        "cat",
        "Baume",
        "cafe noir",
        "label 4",
        "label 5",
        "",
        "a b",
    ]


def test_what_is_too_wide_ends_with_an_ellipsis() -> None:
    for width in (60, 90, 150):
        made = caption("a very long name of a label", 0, FONT, width)
        assert made.endswith("…")
        assert FONT.getlength(made) <= width
        assert FONT.getlength(made[:-1] + "very long") > width
    assert caption("iii", 0, FONT, 150) == "iii"


def test_of_a_label_as_long_as_a_book_only_the_beginning_is_looked_at() -> None:
    looked: list[str] = []

    class Counting:
        def getlength(self, text: str) -> float:
            return float(len(text))

        def getmask(self, text: str) -> list[int]:
            looked.append(text)
            return [ord(text[0])]

    assert caption("a" * 10**6, 0, Counting(), 10) == "aaaaaaaaa…"
    assert len(looked) < 1000
