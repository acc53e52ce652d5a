from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from toy_plugin.maps import Map

from .conftest import Create


def test_paths_on_stdout_and_nothing_else(create: Create, trained: Path, toy: Path) -> None:
    result = create("points", "--run", str(trained), "--seed", "4", "-n", "3", "--out", "made")
    assert result.code == 0, result.err
    assert result.out.splitlines() == ["made/4.json", "made/5.json", "made/6.json", "made/sheet.json"]
    assert result.err == ""
    assert sorted(path.name for path in (toy / "made").iterdir()) == ["4.json", "5.json", "6.json", "sheet.json"]


def test_json_is_one_object(create: Create, trained: Path) -> None:
    result = create("points", "--run", str(trained), "--seeds", "0,4-5", "--label", "left", "--json")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    assert facts["run"] == str(trained)
    assert facts["hash"]
    assert facts["files"] == [{"path": f"out/{seed}.json", "seed": seed, "label": "left"} for seed in (0, 4, 5)]
    assert facts["sheet"] == "out/sheet.json"


def test_one_sample_has_no_sheet_and_a_label_of_its_own(create: Create, trained: Path) -> None:
    facts = json.loads(create("points", "--run", str(trained), "--seed", "1", "-n", "1", "--json").out)
    assert facts["sheet"] is None
    assert [file["label"] in ("left", "right") for file in facts["files"]] == [True]


def test_a_chosen_seed_is_told_and_gives_the_same_again(create: Create, trained: Path) -> None:
    first = create("points", "--run", str(trained), "-n", "1", "--out", "one")
    assert first.err.startswith("seed ")
    seed = first.err.split()[1].rstrip(":")
    again = create("points", "--run", str(trained), "-n", "1", "--seed", seed, "--out", "two")
    assert Path(first.out.strip()).read_bytes() == Path(again.out.strip()).read_bytes()


def test_a_walk_makes_a_file_a_step(create: Create, trained: Path) -> None:
    result = create("points", "--run", str(trained), "--walk", "3,9", "-n", "4", "--json")
    assert result.code == 0, result.err
    assert result.err == ""
    facts = json.loads(result.out)
    assert [file["path"] for file in facts["files"]] == [f"out/3-to-9-{step}-of-4.json" for step in (1, 2, 3, 4)]
    assert [file["walk"] for file in facts["files"]] == [{"to": 9, "step": step, "of": 4} for step in range(4)]
    ends = json.loads(create("points", "--run", str(trained), "--seeds", "3,9", "--json").out)["files"]
    points = [json.loads(Path(file["path"]).read_text())["point"] for file in (*ends, facts["files"][0], facts["files"][-1])]
    assert points[:2] == points[2:]
    assert [file["label"] for file in ends] == [facts["files"][place]["label"] for place in (0, -1)]


def test_more_like_one_that_was_made(create: Create, toy: Path) -> None:
    settings = ("--set", "train.clusters=100", "--set", "train.cluster_size=4")
    assert create("points", "train", "--samples", "640", *settings, "--out", "clustered").code == 0
    asked = ("points", "--run", "clustered", "--seeds", "5,6,7", "--json")
    alike, plain = (json.loads(create(*asked, *more).out)["files"] for more in (("--like", "5", "--out", "a"), ("--out", "b")))
    assert [file["like"] for file in alike] == [5, 5, 5]
    assert {file["label"] for file in alike} == {plain[0]["label"]}
    points = [[json.loads(Path(file["path"]).read_text())["point"] for file in files] for files in (alike, plain)]
    assert points[0][0] == points[1][0]
    assert "like" not in plain[0]


def test_the_newest_run_is_taken(create: Create, trained: Path, toy: Path) -> None:
    shutil.copytree(trained, toy / "runs" / "mine")
    facts = json.loads(create("points", "--seed", "1", "--json").out)
    assert facts["run"] == "runs/mine"
    assert len(facts["files"]) == 8


def test_the_medium_s_own_flags_reach_its_files(create: Create, trained: Path) -> None:
    result = create("points", "--run", str(trained), "--seed", "1", "-n", "1", "--digits", "2")
    assert all(round(value, 2) == value for value in json.loads(Path(result.out.strip()).read_text())["point"])
    result = create("points", "--run", str(trained), "--digits", "99")
    assert result.code == 2
    assert result.err.startswith("error: --digits: 99 is out of range")


def test_nothing_is_overwritten_unless_told(create: Create, trained: Path, toy: Path) -> None:
    (toy / "out").mkdir()
    (toy / "out" / "3.json").write_text("mine")
    arguments = ["points", "--run", str(trained), "--seed", "3", "-n", "1"]
    result = create(*arguments)
    assert result.code == 1
    assert "--overwrite" in result.err
    assert (toy / "out" / "3.json").read_text() == "mine"
    assert create(*arguments, "--overwrite").code == 0
    assert (toy / "out" / "3.json").read_text() != "mine"


def test_what_is_made_of_all_has_some_of_every_label_and_no_folder_of_files(create: Create, trained: Path, toy: Path) -> None:
    result = create("points", "--run", str(trained), "--seed", "4", "--map", "maps/all.json", "--json")
    assert result.code == 0, result.err
    assert [file["path"] for file in json.loads(result.out)["files"]] == ["maps/all.json", "maps/left.json", "maps/right.json"]
    points = json.loads((toy / "maps" / "all.json").read_text())
    assert [path.name for path in toy.iterdir()] == ["maps"]
    create("points", "--run", str(trained), "--seed", "4", "-n", "3", "--label", "right", "--digits", "17")
    alone = [json.loads((toy / "out" / f"{seed}.json").read_text())["point"] for seed in (4, 5, 6)]
    assert points["right"] == alone
    assert len(points["left"]) == 3


def test_what_is_to_be_alike_is_of_the_first_seed_s_kind(create: Create, toy: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Map, "alike", True, raising=False)
    settings = ("--set", "train.clusters=100", "--set", "train.cluster_size=4")
    assert create("points", "train", "--samples", "640", *settings, "--out", "clustered").code == 0
    made = {}
    for name, more in {"all": (), "kind": ("--like", "4"), "other": ("--like", "9")}.items():
        result = create("points", "--run", "clustered", "--seeds", "4,5,6", "--map", f"{name}/all.json", *more)
        assert result.code == 0, result.err
        made[name] = json.loads((toy / name / "all.json").read_text())
    assert made["all"] == made["kind"] != made["other"]
    assert create("points", "--run", str(trained), "--map", "plain/all.json").code == 0  # a run without clusters has no kinds


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        (["-n", "2"], {"left": 2, "right": 2}),
        (["--label", "left"], {"left": 3}),
        (["--seeds", "1,7"], {"left": 2, "right": 2}),
        (["--walk", "1,7"], {"left": 3, "right": 3}),
    ],
)
def test_how_many_of_each_label_are_together(
    create: Create, trained: Path, toy: Path, arguments: list[str], counts: dict[str, int]
) -> None:
    result = create("points", "--run", str(trained), "--map", "all.json", *arguments)
    assert result.code == 0, result.err
    assert {label: len(points) for label, points in json.loads((toy / "all.json").read_text()).items()} == counts
    assert result.out.splitlines() == ["all.json", *(f"{label}.json" for label in counts)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seeds", "0-3", "--seed", "1"], "--seeds: cannot be used together with --seed"),
        (["--seeds", "0-3", "-n", "2"], "--seeds: cannot be used together with --count"),
        (["--seeds", "5-1"], "runs backwards"),
        (["--seeds", "-4"], "neither a seed"),
        (["--seed", "-1"], "--seed: -1 is out of range"),
        (["--seed", "x"], "--seed: 'x' is not a whole number"),
        (["-n", "0"], "--count: 0 is out of range"),
        (["-n", "-3"], "--count: -3 is out of range"),
        (["-n", "99999999999"], "--count: 99999999999 is out of range"),
        (["--truncation", "0"], "--truncation: 0.0 is out of range"),
        (["--truncation", "2.1"], "--truncation: 2.1 is out of range"),
        (["--truncation", "nan"], "--truncation: nan is not a number"),
        (["--walk", "3,9", "--seed", "1"], "--walk: cannot be used together with --seed"),
        (["--walk", "3,9", "--seeds", "1"], "--walk: cannot be used together with --seeds"),
        (["--walk", "3,9", "-n", "1"], "--count: a walk has 2 steps at least"),
        (["--walk", "3"], "--walk: '3' is no pair of seeds"),
        (["--walk", "3,-9"], "--walk: '3,-9' is no pair of seeds"),
        (["--walk", "3,4,5"], "--walk: '3,4,5' is no pair of seeds"),
        (["--walk", f"3,{2**63}"], "is no pair of seeds"),
        (["--like", "-1"], "--like: -1 is out of range"),
        (["--like", "x"], "--like: 'x' is not a whole number"),
        (["--seed"], "requires an argument"),
        (["--map", "a.json", "--out", "b"], "--out: "),
        (["--map", "a.json", "-n", "6"], "--count: there is room for 5 of each label"),
        (["--map", "a.json", "--seeds", "1-6"], "--seeds: there is room for 5 of each label"),
        (["--map", "a.exe"], "--map: is no place for a map"),
    ],
)
def test_a_slip_is_told_before_anything_is_loaded(create: Create, arguments: list[str], words: str) -> None:
    result = create("points", *arguments)  # there is no run at all: none is looked for
    assert result.code == 2
    assert words in result.err
    assert result.err.startswith("error: ")
    assert result.out == ""
    assert "Traceback" not in result.err


def test_labels_that_there_is_no_room_for_are_told_before_anything_is_made(create: Create, trained: Path, toy: Path) -> None:
    result = create("points", "--run", str(trained), "--map", "small.json")
    assert result.code == 2
    assert "there is room for 1 labels, not 2\nAsk for one with --label." in result.err
    assert create("points", "--run", str(trained), "--map", "small.json", "--label", "left").code == 0


def test_an_unknown_label_names_the_nearest(create: Create, trained: Path, toy: Path) -> None:
    result = create("points", "--run", str(trained), "--label", "lef")
    assert result.code == 2
    assert "Did you mean 'left'?" in result.err
    assert not (toy / "out").exists()


def test_without_a_run_it_says_how_to_get_one(create: Create) -> None:
    result = create("points")
    assert result.code == 4
    assert "create points train" in result.err


def test_a_folder_that_is_no_run(create: Create, toy: Path) -> None:
    result = create("points", "--run", str(toy))
    assert result.code == 4
    assert result.err.startswith(f"error: {toy}: ")


def test_flags_before_a_verb_are_refused(create: Create) -> None:
    result = create("points", "--seed", "3", "train")
    assert result.code == 2
    assert result.err == "error: --seed: stands before 'train', where it would have no effect\nWrite the flags of 'train' after it.\n"


def test_an_unknown_verb_names_the_nearest(create: Create) -> None:
    result = create("points", "trian")
    assert result.code == 2
    assert "Did you mean 'train'?" in result.err
