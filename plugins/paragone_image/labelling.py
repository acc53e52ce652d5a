"""Labels from folders: the top-level folder of a picture is its label."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paragone.errors import one_line
from paragone.listing import beside_note, loose_note, wrapping

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """Pictures and their labels.

    Attributes:
        names: the pictures that are used, as they were given.
        shown: the same without a folder that wraps everything.
        labels: names of the labels, ``()`` when there are none.
        of: ``(N,)`` label number of each picture, 0 when there are none.
        notes: what a user should know about it.
    """

    names: list[str]
    shown: list[str]
    labels: tuple[str, ...]
    of: Labels
    notes: list[str] = field(default_factory=list)


def by_folder(names: Sequence[str]) -> Labelled:
    """Label each of ``names`` (relative, ``/`` between parts) by its top-level folder.

    A folder around everything is ignored. With fewer than two folders there is
    nothing to tell apart, and folders that most pictures lie beside are meant for
    something else: no labels, and every picture is used.
    """
    names = sorted(names)
    wrap = wrapping(names)
    shown = [name[len(wrap) :] for name in names]
    tops = [label_name(name.partition("/")[0]) if "/" in name else "" for name in shown]
    labels = tuple(sorted(set(tops) - {""}))
    loose = tops.count("")
    if note := loose_note(loose, len(names)) if len(labels) > 1 else "":
        return Labelled(names, shown, (), np.zeros(len(names), np.int64), [note])
    if len(labels) < 2:
        notes = []
        if labels and loose:
            notes = [beside_note(labels[0])]
        elif labels or wrap:
            notes = [f"Pictures lie in only one folder ({printable(labels[0] if labels else wrap[:-1])}), so they get no labels."]
        return Labelled(names, shown, (), np.zeros(len(names), np.int64), notes)
    notes = []
    if loose:
        pictures, are = ("pictures", "are") if loose > 1 else ("picture", "is")
        notes = [f"{loose} loose {pictures} beside the label folders {are} skipped."]
    number = {label: index for index, label in enumerate(labels)}
    kept = [index for index, top in enumerate(tops) if top]
    numbers = np.fromiter((number[tops[index]] for index in kept), np.int64, len(kept))
    return Labelled([names[index] for index in kept], [shown[index] for index in kept], labels, numbers, notes)


def label_name(text: str) -> str:
    """``text`` in the form that a keyboard types (NFC), with bytes that are no UTF-8 replaced, and what a terminal obeys spelt out."""
    return one_line(unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8")))


def printable(name: str) -> str:
    """A file's name on one line of any terminal."""
    return name if name.isprintable() else name.encode("unicode_escape", "backslashreplace").decode("ascii")


def numbered(values: NDArray[np.integer], names: Sequence[str] | None = None) -> tuple[tuple[str, ...], Labels]:
    """Label names and gapless numbers from whole-number labels.

    Args:
        values: ``(N,)`` any whole numbers.
        names: name of each number from 0 on; without them a number is its own name.

    Raises:
        IndexError: if a value has no name.
    """
    found, of = np.unique(values, return_inverse=True)
    if names is None:
        return tuple(str(value) for value in found.tolist()), of.astype(np.int64)
    if len(found) and (found[0] < 0 or found[-1] >= len(names)):
        raise IndexError(f"label {found[0] if found[0] < 0 else found[-1]} has no name")
    return tuple(label_name(names[value]) for value in found.tolist()), of.astype(np.int64)
