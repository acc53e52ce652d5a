"""The contact sheet: size, places and backgrounds."""

from __future__ import annotations

import numpy as np
import pytest

from paragone_image.sheet import CHECKS, PAPER, draw_sheet

from .pictures import noise


@pytest.mark.parametrize("columns", [4, 6, 8, 10, 16])
@pytest.mark.parametrize("side", [28, 32, 48, 64])
def test_it_fills_a_screen_but_no_more(columns: int, side: int) -> None:
    wide = draw_sheet(noise((columns * 2, side, side, 3)), columns).shape[1]
    assert wide <= 1100 or columns * side > 900
    assert wide >= 690


def test_each_picture_stands_whole_in_its_place() -> None:
    pictures = noise((5, 16, 16, 3)) // 2 + 100  # nothing of the paper's colour
    sheet = draw_sheet(pictures, 3)
    inked = (sheet != np.array(PAPER, np.uint8)).any(axis=2)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    starts = [int(line[0]) for line in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)]
    tops = [int(line[0]) for line in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)]
    factor = len(np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)[0]) // 16
    assert (len(starts), len(tops)) == (3, 2)
    assert factor > 4
    for index, picture in enumerate(pictures):
        top, left = tops[index // 3], starts[index % 3]
        np.testing.assert_array_equal(sheet[top : top + 16 * factor : factor, left : left + 16 * factor : factor], picture)
    assert (sheet[tops[1] :, starts[2] :] == PAPER).all()  # the sixth place stays empty


def test_transparency_shows_checks() -> None:
    clear = draw_sheet(np.zeros((8, 16, 16, 4), np.uint8), 8)[::3]
    assert {tuple(colour) for colour in clear.reshape(-1, 3).tolist()} == {PAPER, *((grey,) * 3 for grey in CHECKS)}


def test_captions_are_written_at_the_left_whatever_they_say() -> None:
    pictures = noise((4, 16, 16, 1))
    plain, captioned = draw_sheet(pictures, 2), draw_sheet(pictures, 2, ["a very long label that needs to be cut short", "Юпитер 木星"])
    assert captioned.shape[1] <= 1100
    margin = captioned[:, :100]
    assert (margin != PAPER).any()
    assert not (plain[:, :2] != PAPER).any()


def test_odd_numbers_of_pictures() -> None:
    for count, columns in ((1, 8), (0, 4), (3, 1)):
        assert draw_sheet(noise((count, 32, 32, 3)), columns).shape[2] == 3
