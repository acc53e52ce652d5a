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
