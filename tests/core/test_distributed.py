"""Several processes are one training: real processes with gloo on loopback."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import works
from PIL import Image
from processes import Ended, together

from paragone import api, weights
from paragone.distributed import Processes
from paragone.errors import UsageError
from paragone.parts import part_size
from paragone.run import Run
from paragone.world import World

# Adam divides a gradient by its own size: with the usual ε, rounding in one near 0 becomes a full step
LARGE_STEPS = {
    f"{player}.{key}": value for player in ("generator", "discriminator") for key, value in (("epsilon", 0.1), ("learning_rate", 0.02))
}
ALL = {
    **LARGE_STEPS,
    "train.batch": 32,
    "train.accumulate": 2,
    "train.group": 2,
    "penalty.r1": 0.1,
    "penalty.r2": 0.1,
    "augment.mode": "adaptive",
    "augment.p": 0.2,
    "augment.ramp": 1000,
    "augment.target": 0.0,
    "reconstruction.features": 1.0,
    "reconstruction.samples": 1.0,
    "ema.half_life": 100.0,
}
LONG = {**ALL, "train.samples": 640, "train.stats_every": 96}
SAVING = {"train.batch": 32, "train.save_seconds": 0.0, "train.samples": 6400, "penalty.r1": 0.1}


def furthest(first: dict[str, Any], second: dict[str, Any]) -> float:
    """The largest difference of two states' entries."""
    assert first.keys() == second.keys()
    return max(float(np.abs(value - second[name]).max()) for name, value in first.items() if value.size)


def on_disk(out: Path) -> dict[str, Any]:
    return {name: tensor.numpy() for name, tensor in weights.read(Run.open(out).state)[0].items()}


def told_by(ended: list[Ended]) -> list[int]:
    """The processes that tell the user what happened."""
    return [rank for rank, each in enumerate(ended) if each.error and "ToldElsewhere" not in each.error]


@pytest.fixture(scope="module")
def alone() -> Ended:
    """One process after 20 steps of everything: penalties by double backward, accumulation, groups, augmentation, reconstruction."""
    return together(works.advance, ALL, 20, size=1)[0]


def test_what_only_some_processes_have_is_pooled() -> None:
    ended = together(works.pool, [["a"], ["a", "a longer näme"], []], size=3)
    expected = {"a": pytest.approx([2 / 3, 1 / 3]), "a longer näme": pytest.approx([1 / 3, 1 / 3])}
    assert [each.value for each in ended] == [expected] * 3, [each.error for each in ended]
    assert [each.value for each in together(works.pool, [[], []])] == [{}, {}]


def test_two_processes_are_one(alone: Ended) -> None:
    one = alone
    two = together(works.advance, ALL, 20)
    assert [one.error, *(each.error for each in two)] == ["", "", ""]
    assert furthest(one.value["tensors"], two[0].value["tensors"]) < 1e-5
    assert furthest(two[0].value["tensors"], two[1].value["tensors"]) == 0
    assert one.value["p"] == two[0].value["p"] == two[1].value["p"]
    assert one.value["p"] not in (0.2, 0.0, 0.8), "the controller had something to do"
    assert two[0].value["means"] == two[1].value["means"]
    for name in ("loss_generator", "loss_discriminator", "penalty", "r_t", "reconstruction", "divergence", "gradient_generator"):
        assert two[0].value["means"][name] == pytest.approx(one.value["means"][name], rel=1e-4), name


def test_that_test_can_fail(alone: Ended) -> None:
    two = together(works.advance_without_averaging, ALL, 20)
    assert furthest(alone.value["tensors"], two[0].value["tensors"]) > 1e-2


def test_a_gradient_that_one_process_lacks_counts_as_zero() -> None:
    """Of eight samples one is a reconstruction: only one process has an encoder's gradient."""
    settings = {**ALL, "train.batch": 8, "train.group": 1, "reconstruction.share": 0.125}
    (one,) = together(works.advance, settings, 10, size=1)
    two = together(works.advance, settings, 10)
    assert [each.error for each in two] == ["", ""]
    assert furthest(one.value["tensors"], two[1].value["tensors"]) < 1e-5


def test_two_processes_are_told_of_the_same_instances() -> None:
    settings = {**ALL, "train.clusters": 25, "train.neighbours": 5}
    (one,) = together(works.advance, settings, 10, size=1)
    two = together(works.advance, settings, 10)
    assert [one.error, *(each.error for each in two)] == ["", "", ""]
    assert one.value["tensors"]["generator.label.codes"].shape == (2500, 2)
    assert furthest(one.value["tensors"], two[0].value["tensors"]) < 1e-5
    assert furthest(two[0].value["tensors"], two[1].value["tensors"]) == 0


def test_batch_statistics_are_kept_the_same() -> None:
    two = together(works.advance, {"network.batch_norm": True, "train.batch": 32}, 5)
    first, second = (each.value["tensors"] for each in two)
    assert furthest(first, second) == 0
    assert np.abs(first["generator.rest.0.running_mean"]).max() > 0


def test_a_process_reads_only_its_own_part() -> None:
    settings = {"train.batch": 32, "train.accumulate": 2}
    whole = works.what_is_read(settings)
    first, second = (each.value for each in together(works.what_is_read, settings))
    assert [len(part) for part in first + second] == [8] * 8
    for turn in (0, 2):
        parts = first[turn : turn + 2] + second[turn : turn + 2]
        assert list(chain(*parts)) == list(chain(*whole[turn : turn + 2]))


def test_one_process_builds_the_cache(tmp_path: Path) -> None:
    for index in range(8):
        Image.new("RGB", (32, 32), (index * 30, 0, 0)).save(tmp_path / f"{index}.png")
    first, second = together(works.open_pictures, str(tmp_path))
    assert (first.error, second.error) == ("", "")
    assert len(first.value) == 2
    assert second.value == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training by one process that never stopped."""
    out = tmp_path_factory.mktemp("whole") / "run"
    assert [each.error for each in together(works.train, str(out), LONG, size=1)] == [""]
    return out


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_another_number_of_processes_goes_on(whole: Path, before: int, after: int, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = together(works.train, str(out), LONG, "terminate the last", size=before)
    assert {each.code for each in first} == {130}
    assert 0 < weights.read(out / "state.safetensors")[1]["samples"] < 640
    then = together(works.resume, str(out), {}, size=after)
    assert [each.error for each in then] == [""] * after
    one, other = on_disk(whole), on_disk(out)
    kept = [name for name in one if not name.startswith(("adam", "meters"))]
    assert furthest(*({name: each[name] for name in kept} for each in (one, other))) < 1e-5
    for name in one:
        if name.startswith("adam"):
            np.testing.assert_allclose(other[name], one[name], rtol=1e-3, atol=1e-3)
        elif name.startswith("meters"):  # sum and weight
            assert other[name][0] / other[name][1] == pytest.approx(one[name][0] / one[name][1], rel=1e-3), name
    lines = [[json.loads(line) for line in Run.open(each).stats.read_text().splitlines()] for each in (whole, out)]
    assert [line["samples"] for line in lines[0]] == [line["samples"] for line in lines[1]] == list(range(96, 641, 96))
    for one_line, other_line in zip(*lines, strict=True):
        for name in ("loss_discriminator", "loss_generator", "r_t", "penalty", "reconstruction", "augment_p"):
            assert other_line[name] == pytest.approx(one_line[name], rel=1e-3), name


@pytest.mark.parametrize(
    ("mishap", "teller", "words", "code"),
    [
        ("nan in 1", 0, "DivergenceError: step 5: the loss of the discriminator is not finite", 1),
        ("weight in 1", 0, "ProcessError: generator's weights: not the same in process 1 as in process 0", 1),
        ("full disk in 0", 0, "OutputError: .*No space left", 1),
        ("unreadable data in 1", 1, r"OSError: .*Input/output error.*\[process 1 of 2\]", 1),
        ("terminate the last", 0, "Interrupted: .*stopped after 192 samples; the state is saved", 130),
    ],
)
def test_all_end_together_and_one_says_why(mishap: str, teller: int, words: str, code: int, tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = together(works.train, str(out), SAVING, mishap, limit=30)
    assert told_by(ended) == [teller], [each.error for each in ended]
    assert re.search(words, ended[teller].error, re.S), ended[teller].error
    assert [each.code for each in ended] == [code, code]
    tensors, facts = weights.read(out / "state.safetensors")
    assert facts["step"] == {"full disk in 0": 5, "terminate the last": 6}.get(mishap, 5)
    assert all(np.isfinite(tensor.numpy()).all() for tensor in tensors.values())
    assert not (tmp_path / "notes-1").exists(), "only the first process speaks"
    api.resume(out, layers=[("test", {"train.samples": 640})])
    assert weights.read(out / "state.safetensors")[1]["samples"] == 640


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_ends_the_others(victim: int, tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = together(works.train, str(out), SAVING, f"kill {victim}", limit=30)
    assert ended[victim].code == -9
    assert "LostError: another process of this training has ended" in ended[1 - victim].error
    assert weights.read(out / "state.safetensors")[1]["step"] == 5


def test_without_a_launcher(tmp_path: Path) -> None:
    """A cluster may start processes itself: then the first one keeps what the others ask."""
    ended = together(works.train, str(tmp_path / "run"), {**SAVING, "train.samples": 64}, launcher=False)
    assert [each.value for each in ended] == [str(tmp_path / "run")] * 2
    ended = together(works.train, str(tmp_path / "run"), SAVING, launcher=False)
    assert told_by(ended) == [0]
    assert "is not empty" in ended[1].error


def test_what_the_first_process_finds_wrong_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "diary").write_text("")
    for out, data, words in (("run", None, "is not empty"), ("new", "absent.csv", "holds no points")):
        ended = together(works.train, str(tmp_path / out), SAVING, "", data, limit=30)
        assert told_by(ended) == [0]
        assert words in ended[0].error
        assert words in ended[1].error
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["diary"]


def test_a_batch_that_cannot_be_shared(tmp_path: Path) -> None:
    assert part_size(64, 2, 4, 2) == 16
    with pytest.raises(UsageError, match=r"train\.batch: a batch of 30 cannot be shared evenly by 2 processes in 2 parts each"):
        part_size(30, 2, 1, 2)
    with pytest.raises(UsageError, match=r"parts of 3 samples cannot be made of groups of 2"):
        part_size(6, 1, 2, 2)
    ended = together(works.train, str(tmp_path / "run"), {**SAVING, "train.batch": 33}, limit=30)
    assert told_by(ended) == [0]
    assert [each.code for each in ended] == [2, 2]
    assert not (tmp_path / "run").exists()


def test_the_world_as_torchrun_tells_it() -> None:
    told = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}
    assert World.here({}) == World()
    assert World.here({"RANK": "0", "WORLD_SIZE": "2"}) == World(), "some other program's variables"
    assert World.here(told) == World(3, 4, 1, 2)
    assert World.here({**told, "RANK": "0"}).hosts_store, "there is no launcher that would"
    assert not World.here({**told, "RANK": "0", "TORCHELASTIC_USE_AGENT_STORE": "True"}).hosts_store
    again = World.here({**told, "TORCHELASTIC_RESTART_COUNT": "2", "TORCHELASTIC_RUN_ID": "x"})
    assert (again.restarts, again.launch) == (2, "x")
    assert World(local_size=10**6).cores == 1


@pytest.mark.parametrize(
    ("asked", "cards", "got"),
    [
        ("cpu", 2, "cpu"),
        ("auto", 0, "cpu"),
        ("auto", 2, "cuda:1"),
        ("cuda", 2, "cuda:1"),
        ("cuda:0", 2, "cuda:0"),  # whoever names one means it
        ("cuda", 1, "2 processes cannot share 1 GPUs"),
        ("mps", 0, "cannot be used by several processes"),
    ],
)
def test_each_process_has_a_card_of_its_own(asked: str, cards: int, got: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cards > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    ranks = Processes.__new__(Processes)
    ranks.world = World(rank=3, size=4, local_rank=1, local_size=2)
    if " " in got:
        with pytest.raises(UsageError, match=got):
            ranks.device(asked)
    else:
        assert ranks.device(asked) == got
        assert taken == ([1] if got == "cuda:1" else [])
