"""A medium whose samples are lines: on stdout, in a file, as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coordinates
import pytest

from paragone.batch import Batch
from paragone.errors import NothingFound, OutputError, UsageError
from paragone.generating import best_count
from paragone.registry import registry
from paragone.sampler import Sampler
from paragone_cli import lines

from .conftest import Create

PLUGIN = Path(coordinates.__file__)


@pytest.fixture
def model(trained: Path, toy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of that medium, whose plugin is found as any file's is."""
    monkeypatch.setenv("PARAGONE_PLUGIN_FILES", str(PLUGIN))
    registry.cache_clear()
    return coordinates.run_of(trained, toy / "runs" / "mine")


def samples(run: Path, seeds: list[int], **options: Any) -> Batch:
    return Sampler.load(run, "cpu").sample(seeds, options=coordinates.CoordinateSample(**options))


def middle(run: Path) -> float:
    """A height that half of the points on the left are above."""
    return round(float(Sampler.load(run, "cpu").sample(range(64), "left").samples[:, 1].median()), 4)


def test_lines_on_stdout_and_nothing_else(create: Create, model: Path, toy: Path) -> None:
    result = create("coordinates", "--seed", "4", "-n", "40", "--digits", "3")
    assert result.code == 0, result.err
    assert result.out.splitlines() == samples(model, list(range(4, 44)), digits=3).lines()
    assert result.err == ""
    assert [path.name for path in toy.iterdir()] == ["runs"]


def test_what_is_to_be_said_goes_to_stderr(create: Create, model: Path) -> None:
    result = create("coordinates", "-n", "3", "--above", "-0.9")
    assert len(result.out.splitlines()) == 3
    assert result.err.splitlines()[0] == "3 points were tried"
    assert result.err.splitlines()[1].startswith("seed ")


def test_json_is_one_object_with_a_score_for_each(create: Create, model: Path) -> None:
    result = create("coordinates", "--seeds", "7,2", "--label", "left", "--above", "-0.9", "--json")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    batch = samples(model, [7, 2], above=-0.9)
    assert facts["run"] == str(model.relative_to(Path.cwd()))
    assert facts["hash"] == batch.sampler.hash
    assert [(line["seed"], line["label"], line["attempts"]) for line in facts["lines"]] == [(7, "left", 1), (2, "left", 1)]
    wanted = Sampler.load(model, "cpu").sample([7, 2], "left")
    assert [line["text"] for line in facts["lines"]] == wanted.lines()
    assert [line["score"] for line in facts["lines"]] == wanted.scores()


def test_without_a_discriminator_the_score_is_null(create: Create, model: Path) -> None:
    (model / "state.safetensors").unlink()
    facts = json.loads(create("coordinates", "--seed", "1", "-n", "2", "--json").out)
    assert [line["score"] for line in facts["lines"]] == [None, None]


def test_a_file_of_lines(create: Create, model: Path, toy: Path) -> None:
    arguments = ["coordinates", "--seed", "4", "-n", "40"]
    printed = create(*arguments).out
    result = create(*arguments, "--out", "deep/points.txt")
    assert result.out == "deep/points.txt\n"
    assert (toy / "deep" / "points.txt").read_text() == printed
    assert [path.name for path in (toy / "deep").iterdir()] == ["points.txt"]
    told = json.loads(create(*arguments, "--out", "points", "--json").out)
    assert (told["file"], told["count"]) == ("points", 40)
    assert (toy / "points").read_text() == printed


def test_a_file_of_objects_has_all_it_takes_to_make_each_again(create: Create, model: Path, toy: Path) -> None:
    arguments = ["--seed", "4", "-n", "20", "--label", "left", "--above", str(middle(model)), "--truncation", "0.9"]
    assert create("coordinates", *arguments, "--out", "points.jsonl").code == 0
    records = [json.loads(line) for line in (toy / "points.jsonl").read_text().splitlines()]
    assert [record["seed"] for record in records] == list(range(4, 24))
    record = max(records, key=lambda record: record["attempts"])
    assert record["attempts"] > 1
    facts = record["provenance"]
    sampler = Sampler.load(model, "cpu")
    again = sampler.sample([facts["seed"]], facts["label"], facts["truncation"], coordinates.CoordinateSample(**facts["options"]))
    assert again.lines() == [record["text"]]
    assert again.scores() == [record["score"]]
    assert facts["run"] == sampler.hash


def test_nothing_is_overwritten_unless_told(create: Create, model: Path, toy: Path) -> None:
    arguments = ["coordinates", "--seed", "4", "-n", "20", "--out", "points.txt"]
    file = toy / "points.txt"
    for _ in range(2):  # the very same lines: nothing is lost
        assert create(*arguments).code == 0
    made = file.read_text()
    for other in (made[:-5] + "0\n", made + "mine\n", made[:40], ""):
        file.write_text(other)
        result = create(*arguments)
        assert (result.code, result.err) == (
            1,
            "error: points.txt: is there already, with other content\nChoose another --out, or give --overwrite.\n",
        )
        assert file.read_text() == other
    assert create(*arguments, "--overwrite").code == 0
    assert file.read_text() == made


def test_of_another_file_no_more_is_made_than_it_takes_to_see_that(model: Path, toy: Path) -> None:
    (toy / "mine.txt").write_text("mine\n" * 10_000)
    sampler = Sampler.load(model, "cpu")
    made: list[int] = []

    def batches() -> Iterator[Batch]:
        for batch in sampler.stream(range(10_000)):
            made.append(len(batch))
            yield batch

    with pytest.raises(OutputError, match="is there already"):
        lines.save(toy / "mine.txt", batches(), overwrite=False)
    assert made == [best_count(sampler.generator, sampler.spec, sampler.execution)]


def test_when_all_effort_was_in_vain_what_was_made_before_is_kept(create: Create, model: Path, toy: Path) -> None:
    height = middle(model)
    whole = Sampler.load(model, "cpu").sample(range(100), "left", options=coordinates.CoordinateSample(above=height))
    attempts = [facts["attempts"] for facts in whole.facts]
    first = max(range(1, 100), key=attempts.__getitem__)  # the first of those that take longest, but for the very first
    effort = max(attempts[0], attempts[first] - 1)
    assert attempts[first] > effort
    arguments = ["coordinates", "--seed", "0", "-n", "100", "--label", "left", "--above", str(height), "--effort", str(effort)]
    printed = create(*arguments)
    assert printed.code == 1
    assert printed.out.splitlines() == whole.lines()[:first]
    assert printed.err.splitlines()[-1] == f"error: seed {first}: none of {effort} points is above {height}"
    told = create(*arguments, "--json")
    assert told.code == 1
    assert [line["text"] for line in json.loads(told.out)["lines"]] == whole.lines()[:first]
    written = create(*arguments, "--out", "points.txt")
    assert written.code == 1
    assert written.out == ""
    assert "points.txt holds those that were made before this:" in written.err
    assert (toy / "points.txt").read_text().splitlines() == whole.lines()[:first]


def test_of_nothing_there_is_no_file(create: Create, model: Path, toy: Path) -> None:
    arguments = ["coordinates", "-n", "9", "--above", "0.999", "--effort", "2"]
    result = create(*arguments, "--out", "points.txt")
    assert result.code == 1
    assert not (toy / "points.txt").exists()
    assert "holds" not in result.err
    assert json.loads(create(*arguments, "--json").out)["lines"] == []


@pytest.mark.parametrize("name", ["points.csv", "points.json", "points.tar.gz"])
def test_a_format_that_there_is_not(create: Create, name: str) -> None:
    with pytest.raises(UsageError, match=r"Name a \.txt file"):
        lines.check_name(Path(name))


def test_what_is_no_file_is_not_replaced(create: Create, model: Path, toy: Path) -> None:
    (toy / "points.txt").mkdir()
    for name in ("points.txt", os.devnull):
        result = create("coordinates", "--out", name, "--overwrite")
        assert (result.code, result.out) == (1, "")
        assert result.err == f"error: {name}: is no file\nName a file, such as names.txt.\n"
    assert (toy / "points.txt").is_dir()


def test_a_full_disk_leaves_the_old_file(model: Path, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toy / "points.txt").write_text("mine\n")
    sampler = Sampler.load(model, "cpu")

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        lines.save(toy / "points.txt", sampler.stream(range(20)), overwrite=True)
    assert [path.name for path in sorted(toy.iterdir())] == ["points.txt", "runs"]
    assert (toy / "points.txt").read_text() == "mine\n"


def test_a_walk_is_printed_in_order(create: Create, model: Path) -> None:
    result = create("coordinates", "--walk", "3,9", "-n", "5", "--label", "left")
    assert result.code == 0, result.err
    assert result.err == ""
    assert result.out.splitlines() == Sampler.load(model, "cpu").walk(3, 9, 5, "left").lines()
    told = json.loads(create("coordinates", "--walk", "3,9", "-n", "5", "--json").out)
    assert [line["walk"] for line in told["lines"]] == [{"to": 9, "step": step, "of": 5} for step in range(5)]


class Fixed:
    """A batch of given lines."""

    facts = ()

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def lines(self) -> list[str]:
        return self.texts

    def scores(self) -> None:
        return None

    def asked(self, index: int) -> dict[str, Any]:
        return {"seed": index, "label": None}

    def provenance(self, index: int) -> dict[str, Any]:
        return {"settings": {}}


def test_a_sample_is_one_line_whatever_it_holds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    texts = ["two\nlines", "\x1b[31mred", "Åre", "שלום", "👨‍👩‍👧", "", 'quote"']
    batches: list[Any] = [Fixed(texts)]
    lines.show(batches)
    wanted = ["two\\nlines", "\\x1b[31mred", *texts[2:]]
    assert capsys.readouterr().out.split("\n") == [*wanted, ""]
    lines.save(tmp_path / "a.txt", batches, False)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").split("\n") == [*wanted, ""]
    lines.save(tmp_path / "a.jsonl", batches, False)
    records = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(record)["text"] for record in records] == texts
    lines.show_json({"run": "x"}, batches)
    assert [line["text"] for line in json.loads(capsys.readouterr().out)["lines"]] == texts


def test_memory_does_not_grow_with_their_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alive = most = 0

    def gone() -> None:
        nonlocal alive
        alive -= 1

    def batches(count: int) -> Iterator[Any]:
        nonlocal alive, most
        for _ in range(count):
            batch = Fixed(["a", "b"])
            alive, most = alive + 1, max(most, alive + 1)
            weakref.finalize(batch, gone)
            yield batch

    lines.save(tmp_path / "a.txt", batches(500), False)
    lines.save(tmp_path / "a.txt", batches(500), False)
    lines.save(tmp_path / "a.jsonl", batches(500), False)
    lines.show(batches(500))
    lines.show_json({}, batches(500))
    capsys.readouterr()
    assert most <= 2  # the one that is made while the last one's name still holds it


def test_an_unfinished_object_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    def batches() -> Iterator[Any]:
        yield Fixed(["a"])
        raise NothingFound("no more")

    with pytest.raises(NothingFound):
        lines.show_json({"run": "x"}, batches())
    assert [line["text"] for line in json.loads(capsys.readouterr().out)["lines"]] == ["a"]


def test_a_reader_that_leaves_ends_it_quietly(model: Path) -> None:
    command = [sys.executable, "-m", "paragone_cli", "coordinates", "--run", str(model), "-n", "1000000", "--seed", "0"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PLUGIN.parent), os.environ["PYTHONPATH"]]), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = [process.stdout.readline() for _ in range(3)]
        process.stdout.close()
        process.wait(20)
        assert process.stderr.read() == ""
    assert [line.rstrip("\n") for line in first] == samples(model, [0, 1, 2]).lines()
