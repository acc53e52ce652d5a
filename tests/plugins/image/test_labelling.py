"""Labels from names."""

from __future__ import annotations

import numpy as np
import pytest

from paragone_image.labelling import by_folder, label_name, numbered, printable


def test_top_folders_are_labels_however_deep() -> None:
    found = by_folder(["dog/a.png", "cat/b/c.png", "cat/a.png"])
    assert (found.shown, found.labels, found.of.tolist()) == (["cat/a.png", "cat/b/c.png", "dog/a.png"], ("cat", "dog"), [0, 0, 1])
    assert found.notes == []


def test_a_wrapping_folder_is_ignored_but_still_names_the_file() -> None:
    found = by_folder(["my/drawings/dog/a.png", "my/drawings/cat/a.png"])
    assert found.labels == ("cat", "dog")
    assert found.shown == ["cat/a.png", "dog/a.png"]
    assert found.names == ["my/drawings/cat/a.png", "my/drawings/dog/a.png"]


def test_flat_or_one_folder_means_no_labels() -> None:
    assert by_folder(["b.png", "a.png"]).labels == ()
    assert by_folder(["b.png", "a.png"]).notes == []
    for names in (["cat/a.png", "cat/b.png"], ["cat/a.png", "b.png"]):
        found = by_folder(names)
        assert found.labels == ()
        assert len(found.names) == 2
        assert "one folder (cat)" in found.notes[0]


def test_loose_files_beside_labels_are_left_out_and_noted() -> None:
    found = by_folder(["cat/a.png", "dog/a.png", "x.png", "y.png"])
    assert found.shown == ["cat/a.png", "dog/a.png"]
    assert found.notes == ["2 loose pictures beside the label folders are skipped."]


def test_similar_beginnings_do_not_wrap() -> None:
    assert by_folder(["cat/a.png", "cats/a.png"]).labels == ("cat", "cats")


def test_odd_names() -> None:
    assert label_name("Cafe\u0301") == "Caf\u00e9"
    assert label_name("a\udcff") == "a?"
    assert printable("a\nb\udcff") == "a\\nb\\udcff"


def test_numbers_become_gapless() -> None:
    names, of = numbered(np.array([7, 3, 7], np.uint8))
    assert (names, of.tolist()) == (("3", "7"), [1, 0, 1])
    assert numbered(np.array([0, 2]), ["a", "b", "c"])[0] == ("a", "c")
    for values in ([0, 3], [-1, 0]):
        with pytest.raises(IndexError):
            numbered(np.array(values), ["a", "b", "c"])
