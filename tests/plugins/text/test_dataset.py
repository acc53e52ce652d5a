"""From files to batches: exactness, notes, the cache, and every kind of bad input."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from paragone.data import hold_out
from paragone.errors import DataError, OutputError
from paragone.store import RowWriter
from paragone_text import dataset as dataset_module
from paragone_text import tokenizer

from .conftest import Opener, labels_of, texts_of

CPU = torch.device("cpu")
TOWNS = ["Akaa", "Ylöjärvi", "Saint-Étienne", "Ōita", "Łódź", "York", "New York", "Xi'an", "'s-Hertogenbosch", "Å"]
KINDS = ["characters", "bpe", "words"]


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_exact_labelled_and_padded(opener: Opener, kind: str) -> None:
    table = "label\ttext\n" + "".join(f"{'BAC'[number % 3]}\t{town}\n" for number, town in enumerate(TOWNS))
    towns = opener(opener.written("towns.tsv", table), tokenizer=kind, longer="cut", length=64)
    assert texts_of(towns) == TOWNS
    assert towns.labels == ("A", "B", "C")
    assert labels_of(towns) == ["BAC"[number % 3] for number in range(10)]
    axis = towns.spec.tokens
    assert axis is not None
    reader = tokenizer.of(towns.spec)
    assert (axis.size, axis.vocabulary, axis.padding, reader.kind) == (64, reader.vocabulary, 0, kind)
    samples, labels = towns.batch(torch.tensor([6, 0, 6]), CPU)
    own = reader.encode("New York")
    assert samples[0].tolist() == samples[2].tolist() == own + [0] * (64 - len(own))
    assert labels is not None
    assert labels.tolist() == [1, 1, 1]


def test_hashes_follow_the_text_whatever_the_tokenizer(opener: Opener) -> None:
    path = opener.written("a.txt", "one\ntwo\none\n")
    for kind in KINDS:
        texts = opener(path, tokenizer=kind)
        by_hand = [
            int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "little", signed=True) for word in (b"one", b"two", b"one")
        ]
        assert texts.hashes.dtype == torch.int64
        assert texts.hashes.tolist() == by_hand
        assert opener.notes == ["1 text is equal to another; they are kept."]


def test_texts_without_labels_have_none(opener: Opener) -> None:
    texts = opener(opener.written("a.csv", "text\none\ntwo\n"))
    assert texts.labels == ()
    assert texts.numbers is None
    assert texts.batch(torch.tensor([1]), CPU)[1] is None


def long_ones() -> list[str]:
    """Without white space, of several bytes a character, of several characters a sign, and endless."""
    rng = random.Random(0)
    scripts = ["日月火水木金土東京", "éèàùôîç", ["👩‍👩‍👧‍👦", "👍🏽", "🇫🇮"], ["abc ", "ab "], "xyz"]
    return [
        "".join(rng.choice(script) for _ in range(count)).strip()
        for script, count in zip(scripts, (300, 1000, 99, 300, 500_000), strict=True)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_texts_that_are_too_long_are_skipped_or_cut_and_said(opener: Opener, kind: str) -> None:
    short, long = (
        [f"abc {number}" for number in range(95)],
        long_ones(),
    )
    path = opener.written("a.txt", "\n".join([*short, *long]))
    skipped = opener(path, tokenizer=kind, length=20)
    assert texts_of(skipped) == short
    assert opener.notes == ["5 texts of more than 20 tokens skipped; data.length and data.longer decide."]
    cut = opener(path, tokenizer=kind, length=20, longer="cut")
    assert opener.notes == ["5 texts of more than 20 tokens cut; data.length and data.longer decide."]
    found, reader = texts_of(cut), tokenizer.of(cut.spec)
    assert found[:95] == short
    for text, whole in zip(found[95:], long, strict=True):
        assert whole.startswith(text)
        assert 0 < len(text) < len(whole)
        assert len(reader.encode(whole[: len(text) + 1])) > 20  # not one character more would fit
    samples = cut.batch(torch.arange(100), CPU)[0]
    assert [row[row > 0].tolist() for row in samples] == [reader.encode(text) for text in found]


def test_a_text_is_never_cut_to_nothing(opener: Opener) -> None:
    texts = opener(opener.written("a.txt", "a\nb\n日本\n"), tokenizer="bpe", length=2, longer="cut")
    assert texts_of(texts) == ["a", "b"]


def test_texts_that_are_cut_to_the_same_are_the_same(opener: Opener) -> None:
    texts = opener(opener.written("a.txt", "abcdefgh1\nabcdefgh2\nabcdefgh\nother\n"), tokenizer="characters", length=8, longer="cut")
    assert len(set(texts.hashes.tolist())) == 2
    samples = texts.batch(torch.arange(4), CPU)[0]
    assert ((samples[:, None] == samples[None]).all(2) == (texts.hashes[:, None] == texts.hashes[None])).all()


def test_a_second_start_reads_nothing_and_says_the_same(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    path = opener.written("a.txt", "\n".join(TOWNS * 30).encode() + b"\nbad \xff\ntab\there\n")
    first = opener(path)
    notes = opener.notes
    assert len(notes) == 4
    monkeypatch.setattr(dataset_module, "open_source", lambda *_: pytest.fail("nothing may be read"))
    second = opener(path)
    assert opener.notes == notes
    assert (second.fingerprint, second.spec) == (first.fingerprint, first.spec)
    assert texts_of(second) == texts_of(first)


def test_touched_and_moved_files_are_not_prepared_again_and_changes_are_seen(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    path = opener.written("a.txt", "\n".join(TOWNS))
    first = opener(path).fingerprint
    with monkeypatch.context() as patch:
        patch.setattr(dataset_module, "prepare", lambda *_: pytest.fail("nothing may be prepared"))
        os.utime(path, ns=(5, 5))
        assert opener(path).fingerprint == first
        path = path.rename(path.parent / "moved.txt")
        assert opener(path).fingerprint == first
    status = path.stat()
    path.write_text("\n".join(TOWNS).replace("York", "Yorg"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    changed = opener(path)
    assert changed.fingerprint != first
    assert "New Yorg" in texts_of(changed)
    assert opener(path, tokenizer="words").fingerprint != changed.fingerprint


def test_a_damaged_cache_is_rebuilt(opener: Opener) -> None:
    path = opener.written("a.txt", "\n".join(TOWNS))
    opener(path)
    for file in opener.cache.glob("*/tokens.npy"):
        file.write_bytes(file.read_bytes()[:-3])
    assert texts_of(opener(path)) == TOWNS


def test_a_cache_that_cannot_be_written_falls_back_and_tidies_up(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    path, spare = opener.written("a.txt", "\n".join(TOWNS)), opener.folder / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    texts = opener(path, cache=opener.written("file", "") / "cache")
    assert "cannot be written" in opener.notes[0]
    assert "PARAGONE_CACHE" in opener.notes[0]
    assert texts_of(texts) == TOWNS
    assert len(list(spare.iterdir())) == 1
    del texts
    assert list(spare.iterdir()) == []


def test_a_full_disk_is_an_output_error_that_leaves_nothing(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    path, spare = opener.written("a.txt", "\n".join(TOWNS * 100)), opener.folder / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))  # the kernel refuses longer files, as a full disk would
    try:
        with pytest.raises(OutputError, match="PARAGONE_CACHE") as caught:
            opener(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(opener.cache) in str(caught.value)
    assert list(spare.iterdir()) == []
    assert [entry for entry in opener.cache.iterdir() if entry.is_dir()] == []
    assert len(opener(path)) == 1000


def test_no_space_is_told_with_its_reason(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def full_once(self: RowWriter, rows: np.ndarray) -> None:
        calls.append(len(rows))
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, rows)

    append = RowWriter.append
    monkeypatch.setattr(RowWriter, "append", full_once)
    assert len(opener(opener.written("a.txt", "\n".join(TOWNS)))) == 10
    assert "No space left" in opener.notes[0]


def test_other_data_can_be_read_like_a_run_s_own(opener: Opener) -> None:
    own = opener(opener.written("own.txt", "\n".join(TOWNS)), tokenizer="characters")
    path = opener.written("other.txt", "York\nAkaa\nTokio\nŌita Ōita Ōita Ōita Ōita\n")
    other = opener(path, like=own.spec, longer="skip")
    assert other.spec == own.spec
    assert texts_of(other) == ["York", "Akaa"]
    assert opener.notes == [
        "1 text with a character that has no token skipped.", "1 text of more than 16 tokens skipped; data.length and data.longer decide.",
    ]  # fmt: skip
    assert other.fingerprint == opener(path, longer="skip").fingerprint
    assert opener(path).spec != own.spec
    again = opener(opener.folder / "own.txt", like=own.spec, tokenizer="characters")
    assert (again.spec, again.fingerprint, texts_of(again)) == (own.spec, own.fingerprint, TOWNS)
    with pytest.raises(DataError, match=r"holds no text that can be used \(2 texts with a character .*\nUse texts in the letters"):
        opener(opener.written("far.txt", "Москва\nОмск\n"), like=own.spec)


def test_too_many_texts_are_chosen_from_and_held_out_as_ever(opener: Opener) -> None:
    path = opener.written("a.txt", "\n".join(f"number {number}" for number in range(5000)))
    texts = opener(path, most=1000)
    assert len(texts) == 1000
    assert "1,000 of 5,000 texts were chosen; data.most decides how many." in opener.notes
    places = [int(text.split()[1]) for text in texts_of(texts)]
    assert places == sorted(places)
    assert abs(np.mean(places) - 2500) < 200  # four deviations
    whole = opener(path)
    assert set(texts.hashes.tolist()) < set(whole.hashes.tolist())
    held = hold_out(texts, 0.2)[1]
    assert held is not None
    assert abs(len(held) - 200) < 51  # four deviations


# what cannot be learned from

NOTHING: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.txt", b"", "holds no text"),
    "blank": ("a.txt", b"\n \r\n\t\n\xc2\xa0\n\x01\n", "holds no text"),
    "a mark only": ("a.txt", b"\xef\xbb\xbf", "holds no text"),
    "one line": ("a.txt", b"one\n", "only 1 text can be used"),
    "duplicates": ("a.txt", b"one\n" * 500, "holds only one text, 500 times"),
    "latin-1": (
        "a.txt",
        "Malmö\nÖrebro\nLund\n".encode("latin-1"),
        r"2 of 3 lines cannot be read: line 1 is not UTF-8 \(byte 4 of the file",
    ),
    "latin-1, all": ("a.txt", "Malmö\nÖrebro\n".encode("latin-1"), r"line 1 .*is 0xF6; in Windows it is 'ö'"),
    "utf-16": ("a.txt", "one\ntwo\n".encode("utf-16"), "is UTF-16"),
    "utf-16 without a mark": ("a.txt", "one\ntwo\n".encode("utf-16-le"), "line 1 holds a NUL byte"),
    "binary": ("a.txt", bytes(range(256)) * 40, "cannot be read: line 1 holds a NUL byte"),
    "one line of 2 MB": ("a.txt", b"x" * 2_000_000, "only 1 text can be used|holds no text that can be used"),
    "no column": ("a.csv", b"name,country\nYork,Britain\n", "no column called text; its first line is 'name, country'"),
    "a header only": ("a.tsv", b"label\ttext\n", "holds no text"),
    "broken JSON": ("run.jsonl", b'{"text": "one"}\n{"text": "two"}\n{"text": \n', r"1 of 3 lines cannot be read: line 3 is no JSON"),
    "labels without texts": ("a.jsonl", b'{"label": "x"}\n' * 3, 'line 1 has no "text"'),
    "too many skipped": (
        "a.tsv",
        b"label\ttext\nx\tone\ny\tone\n\ttwo\n",
        r"only one text, 2 times \(1 text without a label skipped\.",
    ),
}


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_to_learn_from_is_an_error_in_two_lines(opener: Opener, case: str) -> None:
    name, content, what = NOTHING[case]
    path = opener.written(name, content)
    with pytest.raises(DataError, match=what) as caught:
        opener(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.fix
    assert len(str(caught.value).splitlines()) == 2
    assert len(str(caught.value)) < 600
    assert [entry for entry in opener.cache.glob("*") if entry.is_dir()] == []  # nor is it kept


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process has had at most")
def test_a_line_of_100_mb_is_cut_in_bounded_memory(opener: Opener) -> None:
    path = opener.folder / "a.txt"
    with path.open("wb") as file:
        file.writelines([b"short one\n", *[b"0123456789" * 100_000] * 100, b"\nshort two\n"])
    code = (
        "import re, sys; from pathlib import Path; from paragone_text.config import TextData; "
        "from paragone_text.prepare import prepare; from paragone_text.sources import open_source; import tokenizers; "
        "folder = Path(sys.argv[1]); peak = lambda: int(re.search('VmHWM:\\\\s*(\\\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "before = peak()\n"
        "with open_source(folder / 'a.txt') as source: facts = prepare(source, folder, TextData(longer='cut'), None)\n"
        "print((peak() - before) >> 10, *facts['notes'])"
    )
    output = subprocess.run([sys.executable, "-c", code, opener.folder], capture_output=True, text=True, check=True).stdout
    megabytes, notes = output.split(maxsplit=1)
    assert re.search(r"\b1 text of more than \d+ tokens cut", notes)
    assert len(np.load(opener.folder / "ends.npy")) == 3
    assert int(megabytes) < 80


# what can


def test_what_is_skipped_is_said_with_its_number(opener: Opener) -> None:
    good = "\n".join(f"{'xyz'[number % 3]}\ttown {number}" for number in range(300))
    path = opener.written("a.tsv", b"label\ttext\n" + good.encode() + b"\nx\tcaf\xe9\ny\tesc \x1b[0m\n\tno label\nx\t\nq\talone\n")
    texts = opener(path, tokenizer="characters")
    assert len(texts) == 302
    assert texts.labels == ("q", "x", "y", "z")
    size = path.read_bytes().index(0xE9)
    assert opener.notes == [
        f"1 line skipped: line 302 is not UTF-8 (byte {size} of the file is 0xE9; in Windows it is 'é')",
        "Tabs or other control characters in 1 text became spaces.",
        "1 text without a label skipped.",
        "1 label has only one text: q",
    ]
    assert texts_of(texts)[300:] == ["esc  [0m", "alone"]
    with pytest.raises(DataError, match="1 of 306 lines"):
        opener(path, max_bad=0.001)


def test_what_lies_beside_the_texts_is_said_for_each_place(opener: Opener) -> None:
    for name, other in (("a", "more.md"), ("b", "less.md")):
        opener.written(f"{name}/set/x.txt", "one\ntwo\n")
        opener.written(f"{name}/{other}", "")
        for _ in range(2):
            opener(opener.folder / name, tokenizer="words")
            assert opener.notes == [
                f"1 file of another kind ignored: {other}",
                "Texts lie in only one folder (set), so they get no labels.",
            ]


def test_one_label_is_none(opener: Opener) -> None:
    texts = opener(opener.written("a.tsv", "label\ttext\nx\tone\nx\ttwo\n"), tokenizer="words")
    assert texts.labels == ()
    assert opener.notes == ["Only one label (x) has texts, so labels are left out."]
    some = opener(
        opener.written("b.tsv", "label\ttext\nx\tone\nx\ttwo\ny\tfar too long\n"), tokenizer="characters", length=4, longer="skip"
    )
    assert some.labels == ()
    assert some.batch(torch.arange(2), CPU)[1] is None


def test_a_label_whose_texts_are_all_skipped_disappears(opener: Opener) -> None:
    table = "label\ttext\nb\tone\na\tfar too long\nc\ttwo\nb\tsix\n"
    texts = opener(opener.written("a.tsv", table), tokenizer="characters", length=4, longer="skip")
    assert texts.labels == ("b", "c")
    assert labels_of(texts) == ["b", "c", "b"]


def test_one_label_and_none_are_no_reason_to_skip_anything(opener: Opener) -> None:
    texts = opener(opener.written("a.tsv", "label\ttext\nx\tone\n\ttwo\n"), tokenizer="words")
    assert (texts_of(texts), texts.labels) == (["one", "two"], ())
    assert opener.notes == ["Only one label (x) has texts, so labels are left out."]


@pytest.mark.parametrize("kind", KINDS)
def test_line_ends_marks_and_scripts_of_all_kinds_survive(opener: Opener, kind: str) -> None:
    lines = [
        "שלום עולם",
        "مرحبا بالعالم",
        "e\u0301tude",
        "नमस्ते",
        "👩‍👩‍👧‍👦",
        "👍🏽 ok",
        "🇫🇮",
        "q\u0323\u0307",
        "\u202eabc\u202c",
        "ﬁn",
        "東京 都",
    ]
    texts = opener(opener.written("a.txt", b"\xef\xbb\xbf" + "\r\n".join(lines).encode()), tokenizer=kind)
    assert texts_of(texts) == [line.replace("e\u0301", "é") for line in lines]


def test_folders_and_json_work_too(opener: Opener) -> None:
    opener.written("set/b/1.txt", "one\ntwo\n")
    opener.written("set/a/2.txt", "three\n")
    texts = opener(opener.folder / "set")
    assert (texts_of(texts), labels_of(texts)) == (["three", "one", "two"], ["a", "b", "b"])
    values = opener(opener.written("a.jsonl", '{"text": "one", "label": "b"}\n{"text": "tw\\no", "label": "a"}\n'))
    assert (texts_of(values), labels_of(values)) == (["one", "tw o"], ["b", "a"])


def test_a_batch_is_fast_and_the_starter_opens_at_once(opener: Opener) -> None:
    from paragone.opening import bundled

    path = bundled("paragone_text:starter/towns.tsv")
    towns = opener(path)
    assert (len(towns), len(towns.labels), towns.spec.shape) == (16006, 14, (20,))
    assert opener.notes == [
        "Tokens are characters, 136 different, up to 20 in a text; data.tokenizer decides.", "59 texts are equal to others; they are kept.",
    ]  # fmt: skip

    def fastest(work: Callable[[], object]) -> float:
        times = []
        for _ in range(30):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    indices = torch.randint(len(towns), (64,))
    assert fastest(lambda: towns.batch(indices, CPU)) < 0.005  # far below 1 ms on an idle core; shared machines stutter
    assert fastest(lambda: opener(path)) < 0.02


def test_the_starter_says_where_it_comes_from() -> None:
    from paragone.opening import bundled

    licence = bundled("paragone_text:starter/LICENSE.md").read_text("utf-8")
    assert "Data from GeoNames (geonames.org)" in licence
    assert "CC BY 4.0" in licence


def test_a_numbered_list_is_told(opener: Opener) -> None:
    opener(opener.written("list.txt", "".join(f"{number}.\tTown {number * 7}\n" for number in range(1, 30)) + "Last\n"))
    assert "29 of 30 texts begin with a number, which is learned too; take it away if it is only a count." in opener.notes
    opener(opener.written("years.txt", "".join(f"{1900 + number} was a year\n" for number in range(30))))
    assert not any("begin with a number" in note for note in opener.notes)
