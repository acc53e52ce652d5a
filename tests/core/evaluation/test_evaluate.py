"""A run put to the test, from the library, in all situations of its data."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from toy_plugin.model import PointFiles

import paragone
from paragone.errors import DataError, DivergenceError, RunError, UsageError
from paragone.evaluation.evaluate import Evaluation, _in_place_of, compare, evaluate
from paragone.evaluation.evidence import Evidence
from paragone.evaluation.metrics import FEATURE_METRICS
from paragone.evaluation.report import _embed, _show, render, write_report
from paragone.own_data import data_like
from paragone.reporting import Silent

GRID = "x,y,label\n" + "".join(f"{x},{y},{'left' if x < 0 else 'right'}\n" for x in (-0.6, -0.2, 0.2, 0.6) for y in (-0.5, 0.5))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that held some points out, and kept the best weights."""
    folder = tmp_path_factory.mktemp("held")
    (folder / "grid.csv").write_text(GRID)
    settings = {"train.device": "cpu", "train.hold_out": 0.2, "train.keep_best": "kid", "train.best_every": 0.25, "train.stats_every": 512}
    return paragone.train("points", folder / "grid.csv", out=folder / "run", samples=6400, settings=settings).path


def facts(outcome: Evaluation) -> dict[str, object]:
    return json.loads(json.dumps(outcome.to_json()))


def test_every_score_has_its_real_one_beside_it(held: Path) -> None:
    outcome = facts(evaluate(held, count=300))
    assert outcome["reference"] == "held-out"
    assert set(outcome["scores"]) == {metric.name for metric in FEATURE_METRICS}
    for name, score in outcome["scores"].items():
        assert score["value"] is not None, name
        assert score["real"]["value"] is not None, name
    assert outcome["scores"]["coverage"]["real"]["value"] > 0.9
    assert outcome["scores"]["kid"]["real"]["deviation"] > 0
    assert set(outcome["labels"]) == {"left", "right"}
    assert sum(row["counts"]["generated"] for row in outcome["labels"].values()) == 300
    assert outcome["memorisation"]["baseline"] == "held-out"
    assert all("real samples could stand" in note for note in outcome["notes"])


def test_is_repeatable_and_depends_on_the_seed(held: Path) -> None:
    first, again, other = (facts(evaluate(held, count=64, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first["scores"]["kid"]["value"] != other["scores"]["kid"]["value"]


def test_samples_are_those_that_create_makes(held: Path) -> None:
    outcome = evaluate(held, count=40, seed=7)
    numbers = outcome.generated.numbers
    label = outcome.sampler.labels[int(numbers[33])]
    wanted = paragone.load(held).sample([7 + 33], label=label).samples
    assert torch.allclose(outcome.generated.read(torch.tensor([33])), wanted, atol=1e-6)


def test_best_weights(held: Path) -> None:
    best, last = evaluate(held, count=64, which="best"), evaluate(held, count=64)
    looks = [json.loads(line) for line in (held / "scores.jsonl").read_text().splitlines()]
    assert [look["samples"] for look in looks] == sorted(look["samples"] for look in looks)
    assert len(looks) == 4
    assert best.sampler.hash != last.sampler.hash or looks[-1]["kid"] == min(look["kid"] for look in looks)
    assert [("chosen by a score" in note) for note in best.notes].count(True) == 1
    assert not any("chosen by a score" in note for note in last.notes)


def test_without_anything_held_out_it_says_so(points_run: Path) -> None:
    outcome = facts(evaluate(points_run, count=128))
    assert outcome["reference"] == "training"
    assert any("hold_out" in note for note in outcome["notes"])
    assert outcome["counts"]["real"] <= 128
    assert outcome["memorisation"]["baseline"] == "leave-one-out"


def test_other_data(held: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("x,y,label\n0.2,0.5,right\n0.6,0.5,right\n")
    outcome = facts(evaluate(held, other, count=128))
    assert outcome["reference"] == "given"
    assert set(outcome["labels"]) == {"right"}
    other.write_text("x,y\n0.2,0.5\n0.6,0.5\n")
    unlabelled = facts(evaluate(held, other, count=128))
    assert unlabelled["labels"] == {}
    assert any("no labels" in note for note in unlabelled["notes"])


def test_given_data_that_was_trained_on_is_told(held: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(GRID + "0.3,0.1,right\n")
    told = [note for note in evaluate(held, other, count=32).notes if "were trained on" in note]
    assert len(told) == 1
    known, _, total = told[0].partition(" of the ")
    assert 0 < int(known.replace(",", "")) < int(total.split()[0].replace(",", ""))
    other.write_text("x,y,label\n0.3,0.1,right\n0.5,0.1,right\n")
    assert not any("were trained on" in note for note in evaluate(held, other, count=32).notes)


def test_copies_are_looked_for_among_as_many_as_were_looked_at(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any("copies were looked for" in note for note in evaluate(held, count=32).notes)
    monkeypatch.setattr(evaluate.__globals__["Examiner"].real, "__defaults__", (50,))
    assert any("copies were looked for among 50 of" in note for note in evaluate(held, count=32).notes)


def test_real_samples_beside_given_ones_have_their_labels_and_are_none_of_them(held: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    own = [line for line in GRID.splitlines() if line.endswith("right")]
    other.write_text("x,y,label\n" + "\n".join([*own, "0.3,0.1,right", "0.5,0.1,right", "-0.3,0.1,left"]))
    outcome = evaluate(held, other, count=400)
    given = data_like(outcome.sampler, other, lambda _: None)
    assert outcome.training is not None
    assert outcome.training.training is not None
    reference = Evidence(torch.zeros(len(given), 2), given.numbers, torch.zeros)
    real = _in_place_of(outcome.training, reference, given, 400)
    seen = {tuple(point) for point in given.batch(torch.arange(len(given)), torch.device("cpu"))[0].tolist()}
    points = real.read(torch.arange(len(real))).tolist()
    assert points
    assert not seen & {tuple(point) for point in points}
    shares = [torch.bincount(numbers, minlength=2).double() / len(numbers) for numbers in (real.numbers, given.numbers)]
    torch.testing.assert_close(*shares, atol=1 / len(real), rtol=0)


def test_a_label_that_has_no_other_sample_left_leaves_the_rest_to_stand_there(held: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    own = [line for line in GRID.splitlines() if line.endswith("left")]
    other.write_text("x,y,label\n" + "\n".join([*own, "0.3,0.1,right"]))
    outcome = evaluate(held, other, count=200)
    given = data_like(outcome.sampler, other, lambda _: None)
    assert outcome.training is not None
    real = _in_place_of(outcome.training, Evidence(torch.zeros(len(given), 2), given.numbers, torch.zeros), given, 200)
    assert len(real)
    assert set(real.numbers.tolist()) == {outcome.sampler.labels.index("right")}


def test_real_samples_are_chosen_at_random(evidence: Callable[..., Evidence]) -> None:
    """They lie in the order of their hashes, where two that are equal lie side by side: the first ones would all be pairs."""
    twice = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0)).repeat_interleave(2, 0)
    coverage = tuple(metric for metric in FEATURE_METRICS if metric.name == "variety")
    seen: list[torch.Tensor] = []
    real = evidence(twice)
    looked = compare(coverage, evidence(twice[:100]), evidence(twice[:100]), replace(real, read=seen.append), 0)
    assert looked.counts["real"] == 100
    spreads = {compare(coverage, evidence(twice[:100]), evidence(twice[:100]), real, seed).real["variety"].value for seed in range(3)}
    assert len(spreads) == 3
    assert looked.real["variety"].value in spreads  # the same seed, the same ones


def test_labels_that_the_run_does_not_know_are_told(held: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("x,y,label\n0.2,0.5,Right\n0.6,0.5,left\n")
    heard = Heard()
    evaluate(held, other, count=32, reporter=heard)
    assert "given data: this run does not know the labels Right (did you mean right?): all labels are left out" in heard.notes


def test_a_line_of_text_is_shown_as_it_is() -> None:
    artefacts: Any = SimpleNamespace(line=lambda sample: "a < b", encode=lambda sample, facts: b"{}", extension=".json")
    assert _show(artefacts, torch.zeros(1), line=True) == '<pre dir="auto">a &lt; b</pre>'
    assert _show(artefacts, torch.zeros(1), line=False) == '<pre dir="auto">{}</pre>'


class Heard(Silent):
    """Keeps what is said about data."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_a_note_says_which_data_it_is_about_where_there_are_two(held: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("x,y,label\n0.2,0.5,right\n0.6,0.5,right\n")
    both, own = Heard(), Heard()
    evaluate(held, other, count=32, reporter=both)
    assert [note.partition(": ")[0] for note in both.notes] == ["given data", "training data"]
    evaluate(held, count=32, reporter=own)
    assert [note.removeprefix("training data: ") for note in both.notes[1:]] == own.notes


def test_one_label_with_one_sample(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("x,y,label\n" + "0.5,0.5,many\n" * 60 + "-0.5,0.5,one\n")
    settings = {"train.device": "cpu", "data.copies": 1, "train.hold_out": 0.3}
    run = paragone.train("points", tmp_path / "few.csv", out=tmp_path / "run", samples=128, settings=settings)
    outcome = facts(evaluate(run.path, count=50))
    assert set(outcome["labels"]) == {"many"}  # the only sample of the other is needed for training
    assert "wants at least" in outcome["scores"]["kid"]["doubt"]
    (tmp_path / "few.csv").write_text("x,y,label\n0.5,0.5,many\n0.4,0.5,one\n")
    tiny = facts(evaluate(run.path, tmp_path / "few.csv", count=50))
    assert tiny["scores"]["kid"]["value"] is not None
    assert tiny["labels"]["one"]["scores"]["kid"]["value"] is None
    assert tiny["labels"]["one"]["scores"]["coverage"]["doubt"]


def test_data_that_is_gone_or_changed(held: Path, tmp_path: Path) -> None:
    run, data = tmp_path / "run", Path(json.loads((held / "config.json").read_text())["data"]["path"])
    shutil.copytree(held, run)
    moved = tmp_path / "moved.csv"
    shutil.copy(data, moved)
    config = json.loads((run / "config.json").read_text())
    config["data"]["path"] = str(tmp_path / "gone.csv")
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="--data"):
        evaluate(run, count=32)
    assert evaluate(run, moved, count=32).reference == "held-out"  # the same content elsewhere
    moved.write_text(GRID + "0.9,0.9,right\n")
    outcome = evaluate(run, moved, count=32)
    assert outcome.reference == "given"
    assert outcome.memorisation is None
    assert len(outcome.notes) == 2
    (tmp_path / "gone.csv").write_text(GRID + "0.9,0.9,right\n")
    with pytest.raises(DataError, match="has changed"):
        evaluate(run, count=32)


def test_wrong_use(held: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="bare"):
        evaluate(held, extractor="bear")
    with pytest.raises(DivergenceError, match="spoilt"):
        evaluate(held, extractor="spoilt")
    with pytest.raises(RunError, match="not of image"):
        evaluate(held, modality="image")
    with pytest.raises(UsageError, match="too few"):
        evaluate(held, count=1)
    with pytest.raises(RunError):
        evaluate(tmp_path)
    with pytest.raises(DataError):
        evaluate(held, tmp_path / "none.csv")


def test_no_best_weights(points_run: Path) -> None:
    with pytest.raises(UsageError, match="--keep-best"):
        evaluate(points_run, which="best")


def test_halves_stand_for_real_samples(evidence: object) -> None:
    points = torch.randn(80, 3, generator=torch.Generator().manual_seed(0))
    reference = Evidence(points.double(), None, lambda wanted: points[wanted])
    compared = compare(FEATURE_METRICS, reference.part(torch.arange(10)), reference, None, 0)
    assert compared.counts == {"generated": 10, "reference": 40, "real": 10}


@pytest.mark.parametrize(
    ("extension", "data", "shown"),
    [
        (".gif", b"GIF8", '<img alt="" src="data:image/gif;base64,R0lGOA==">'),
        (".mp3", b"a", '<audio controls preload="none" src="data:audio/mpeg;base64,YQ=="></audio>'),
        (".mp4", b"a", '<video controls preload="none" src="data:video/mp4;base64,YQ=="></video>'),
        (".abc", "<é>".encode(), '<pre dir="auto">&lt;é&gt;</pre>'),
        (".mid", b"MThd\xff" * 300, "<p>.mid, 1,500 bytes</p>"),
    ],
)
def test_a_page_shows_each_kind_of_file_as_it_can(extension: str, data: bytes, shown: str) -> None:
    assert _embed(data, extension) == shown


def test_report_is_one_file_that_shows_everything(held: Path, tmp_path: Path) -> None:
    outcome = evaluate(held, count=128)
    page = render(outcome)
    assert page.count("<svg") >= 8
    assert "src=" not in page.replace('src="data:', "")  # nothing is loaded from elsewhere
    assert str(json.loads((held / "config.json").read_text())["data"]["path"]) not in page  # where the data lies is nobody's business
    for told in ("KID", "coverage", "left", "New, or copied?", outcome.sampler.hash, "margin", "fingerprint"):
        assert told in page
    assert page.count('<figure class="pair">') == 64 + 24  # each beside its nearest training sample
    assert 'class="sheet"' in render(replace(outcome, memorisation=None, training=None))
    write_report(outcome, tmp_path / "deep" / "report.html")
    assert (tmp_path / "deep" / "report.html").read_text(encoding="utf-8") == page


class Page(HTMLParser):
    """What stands in the figures of a page; every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.captions: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "audio"):
            self.sources.append(str(dict(attributes)["src"]))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "figcaption":
            self.captions.append(data)


def test_of_what_shows_nothing_on_a_page_previews_are_shown(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def preview(writer: PointFiles, sample: torch.Tensor) -> list[tuple[str, bytes]]:
        return [(".png", b"picture"), (".ogg", json.dumps(sample.tolist()).encode())]

    monkeypatch.setattr(PointFiles, "preview", preview, raising=False)
    outcome = evaluate(held, count=80)
    page = Page()
    page.feed(render(outcome))
    assert page.open == []
    players = [base64.b64decode(source.split(",")[1]) for source in page.sources if source.startswith("data:audio/ogg;base64,")]
    assert len(page.sources) == 2 * len(players) == 2 * 2 * (64 + 24)
    assert outcome.memorisation is not None
    assert outcome.training is not None
    first = torch.arange(64)
    made, nearest = outcome.generated.read(first), outcome.training.read(outcome.memorisation.nearest[first])
    pairs = [json.dumps(sample.tolist()).encode() for pair in zip(made, nearest, strict=True) for sample in pair]
    assert players[:128] == pairs
    seeds = [int(caption.split(",")[0].removeprefix("seed ")) for caption in page.captions if caption.startswith("seed ")]
    assert seeds[:64] == list(range(64))
    assert seeds[64:] == outcome.memorisation.closeness.argsort(stable=True)[:24].tolist()


def test_previews_stand_alone_where_the_training_data_is_gone(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PointFiles, "preview", lambda writer, sample: [(".ogg", b"sound")], raising=False)
    page = render(replace(evaluate(held, count=40), memorisation=None, training=None))
    assert page.count("<audio") == page.count('<audio controls preload="none"') == 40
    monkeypatch.setattr(PointFiles, "loops", True, raising=False)
    assert render(replace(evaluate(held, count=40), memorisation=None, training=None)).count('<audio controls loop preload="none"') == 40
    assert "nearest training sample" not in page
