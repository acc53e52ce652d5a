from __future__ import annotations

import json
import os
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy_plugin.maps import Map
from toy_plugin.model import PointFiles

import paragone
from paragone import files, sampler
from paragone.batch import Batch
from paragone.errors import DivergenceError, OutputError, PluginError, UsageError
from paragone.generating import CHUNK
from paragone.writing import SHEET_LIMIT, distinct_names, save_all, write


@pytest.fixture(scope="module")
def model(points_run: Path) -> paragone.Sampler:
    return paragone.load(points_run)


@pytest.fixture(autouse=True)
def _chunk_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "best_count", lambda *of: CHUNK)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def written(out: Path) -> list[int]:
    """The seeds of the samples in ``out``, all of them whole; no other file may be there."""
    for path in out.iterdir():
        assert json.loads(path.read_text())["provenance"]["seed"] == int(path.stem)
    return sorted(int(path.stem) for path in out.iterdir())


def test_nothing_is_overwritten_silently(model: paragone.Sampler, tmp_path: Path) -> None:
    model.sample([1]).save(tmp_path)
    model.sample([1]).save(tmp_path)  # the very same file: nothing is lost
    with pytest.raises(OutputError, match=r"1\.json: is there already"):
        model.sample([1], truncation=0.5).save(tmp_path)
    kept = json.loads((tmp_path / "1.json").read_text())
    assert kept["provenance"]["truncation"] == 1.0
    model.sample([1], truncation=0.5).save(tmp_path, overwrite=True)
    assert json.loads((tmp_path / "1.json").read_text())["provenance"]["truncation"] == 0.5
    for seeds in ([2, 3], [2, 3], [4, 5]):
        model.sample(seeds).save(tmp_path)
    assert {path.name for path in tmp_path.glob("sheet*")} == {"sheet.json", "sheet-2.json"}


def test_samples_of_one_seed_and_several_labels_keep_files_of_their_own(model: paragone.Sampler, tmp_path: Path) -> None:
    both = Batch.joined([model.sample([0, 1], label) for label in model.labels])
    paths = both.save(tmp_path)
    assert [path.name for path in paths] == ["left-0.json", "left-1.json", "right-0.json", "right-1.json", "sheet.json"]
    for path, sample in zip(paths, both.samples, strict=False):
        assert json.loads(path.read_text())["point"] == pytest.approx(sample.tolist(), abs=1e-6)
    odd = [replace(request, label=label) for label in ("a b", "a_b", "A b") for request in both.requests[:2]]
    assert list(map(distinct_names(odd), odd)) == ["a_b-0", "a_b-1", "a_b-2-0", "a_b-2-1", "A_b-3-0", "A_b-3-1"]
    with pytest.raises(UsageError, match="the same seed and label"):
        Batch.joined([model.sample([0], "left"), model.sample([0], "left")]).save(tmp_path / "twice")
    assert not (tmp_path / "twice").exists()


def test_a_sheet_holds_what_every_sample_was_asked_for_with(model: paragone.Sampler, tmp_path: Path) -> None:
    mixed = Batch.joined([model.walk(3, 9, 2), model.sample([1], truncation=0.5)])
    facts = json.loads(mixed.save(tmp_path / "mixed")[-1].read_text())["provenance"]
    assert facts["seed"] == [3, 3, 1]
    assert [step and step["step"] for step in facts["walk"]] == [0, 1, None]
    assert facts["truncation"] == [1.0, 1.0, 0.5]
    own = model.sample(range(8))
    facts = json.loads(own.save(tmp_path / "own")[-1].read_text())["provenance"]
    assert facts["label"] == own.labels
    assert facts["truncation"] == 1.0


def test_a_folder_in_the_way_of_a_file_is_named(model: paragone.Sampler, tmp_path: Path) -> None:
    (tmp_path / "1.json").mkdir()
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=r"1\.json: is a folder .*\nChoose another name"):
            model.sample([1]).save(tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.rglob("*")] == ["1.json"]


def test_any_number_goes_to_disk_and_progress_is_told(model: paragone.Sampler, tmp_path: Path) -> None:
    told: list[int] = []
    paths = save_all(model, range(100), tmp_path, progress=told.append)
    assert len(paths) == 101
    assert told == [16, 32, 48, 64, 80, 96, 100]
    assert len(json.loads(paths[-1].read_text())["points"]) == 64
    with pytest.raises(UsageError, match="given twice"):
        save_all(model, [1, 1], tmp_path)


def test_options_reach_the_writer(model: paragone.Sampler, tmp_path: Path) -> None:
    options = model.modality.sample_config(digits=2)
    (path,) = model.sample([1]).save(tmp_path, options)
    assert all(round(value, 2) == value for value in json.loads(path.read_text())["point"])


def test_paths_are_in_order_and_bytes_those_of_one_alone(model: paragone.Sampler, tmp_path: Path) -> None:
    seeds = [*range(70, 20, -1), 3]
    paths = save_all(model, seeds, tmp_path / "all")
    assert [path.name for path in paths] == [*(f"{seed}.json" for seed in seeds), "sheet.json"]
    (alone,) = model.sample([21]).save(tmp_path / "one")
    assert alone.read_bytes() == (tmp_path / "all" / "21.json").read_bytes()


def test_files_are_encoded_elsewhere_and_progress_is_told_here(
    model: paragone.Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, threads, here = PointFiles.encode, set(), threading.get_ident()

    def watched(self: PointFiles, *arguments: Any) -> bytes:
        threads.add(threading.get_ident())
        return encode(self, *arguments)

    monkeypatch.setattr(PointFiles, "encode", watched)
    told: list[int] = []
    save_all(model, range(50), tmp_path, progress=lambda _: told.append(threading.get_ident()))
    assert set(told) == {here}
    assert len(threads) == 1
    assert here not in threads


def test_samples_are_not_synced_one_by_one(model: paragone.Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("this would take most of the time"))
    assert len(save_all(model, range(20), tmp_path)) == 21


def test_memory_does_not_grow_with_their_number(model: paragone.Sampler, tmp_path: Path) -> None:
    def most_alive(count: int) -> int:
        alive = most = 0

        def gone() -> None:
            nonlocal alive
            alive -= 1

        def watched(batches: Iterator[Batch]) -> Iterator[Batch]:
            nonlocal alive, most
            for batch in batches:
                alive, most = alive + 1, max(most, alive + 1)
                weakref.finalize(batch, gone)
                yield batch

        write(model, watched(model.stream(range(count))), tmp_path / str(count))
        return most

    in_flight = 4  # being made, handed over, being written, and the loop's own
    for count in (320, 3200):
        assert most_alive(count) <= SHEET_LIMIT // CHUNK + in_flight


def test_a_full_disk_stops_it_at_once(model: paragone.Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = files.replace

    def full(path: Path, *arguments: Any, **named: Any) -> None:
        if path.stem == "37":
            raise OutputError("cannot be written: No space left on device")
        replace(path, *arguments, **named)

    monkeypatch.setattr(files, "replace", full)
    told: list[int] = []
    with pytest.raises(OutputError, match="No space left"):
        save_all(model, range(1000), tmp_path, progress=told.append)
    assert written(tmp_path) == list(range(37))
    assert told == [16, 32]


def test_a_file_in_the_way_stops_it_there(model: paragone.Sampler, tmp_path: Path) -> None:
    (tmp_path / "20.json").write_text('{"provenance": {"seed": 20}}')
    with pytest.raises(OutputError, match=r"20\.json: is there already"):
        save_all(model, range(1000), tmp_path)
    assert written(tmp_path) == list(range(21))
    assert "point" not in (tmp_path / "20.json").read_text()


def test_what_was_made_before_a_fault_is_written(model: paragone.Sampler, tmp_path: Path) -> None:
    def batches() -> Iterator[Batch]:
        for number, batch in enumerate(model.stream(range(1000))):
            if number == 3:
                raise DivergenceError("the generator makes values that are not finite")
            yield batch

    with pytest.raises(DivergenceError):
        write(model, batches(), tmp_path)
    assert written(tmp_path) == list(range(48))


def test_an_interruption_leaves_whole_files_and_no_more(model: paragone.Sampler, tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        if done >= 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_all(model, range(1000), tmp_path, progress=interrupt)
    there = written(tmp_path)
    assert there == list(range(len(there)))
    assert 32 <= len(there) <= 64


def test_what_is_made_of_all_together_is_written_together(model: paragone.Sampler, tmp_path: Path) -> None:
    options = model.modality.sample_config(map=str(tmp_path / "maps" / "all.json"))
    batch = Batch.joined([*model.stream([4, 5], "right", options=options), *model.stream([6], "left", options=options)])
    paths = batch.collect()
    assert [path.name for path in paths] == ["all.json", "right.json", "left.json"]
    right, left = json.loads((tmp_path / "maps" / "right.json").read_text()), json.loads((tmp_path / "maps" / "left.json").read_text())
    assert right + left == batch.samples.tolist()
    assert batch.collect() == paths  # the very same files: nothing is lost


def test_one_file_in_the_way_and_none_is_written(model: paragone.Sampler, tmp_path: Path) -> None:
    (tmp_path / "right.json").write_text("mine")
    batch = model.sample([4, 5], "right")
    with pytest.raises(UsageError, match="nothing that points makes of many samples"):
        batch.collect()
    options = model.modality.sample_config(map=str(tmp_path / "all.json"))
    with pytest.raises(OutputError, match=r"right\.json: is there already"):
        batch.collect(options)
    assert [path.name for path in tmp_path.iterdir()] == ["right.json"]
    assert len(batch.collect(options, overwrite=True)) == 2
    assert json.loads((tmp_path / "right.json").read_text()) == batch.samples.tolist()


def test_what_fails_in_a_collector_is_the_plugin_s_fault(model: paragone.Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Map, "files", lambda self, batch: {}["nothing"])
    with pytest.raises(PluginError, match="collect: fails: KeyError"):
        model.sample([1]).collect(model.modality.sample_config(map="all.json"))
