"""``--processes`` and ``torchrun``, for real: what a user sees, and what is left on the disk."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from processes import turns

from paragone import weights
from paragone.errors import ProcessError, ToldElsewhere
from paragone_cli.launching import loopback_interface, outcome
from paragone_cli.training import train_flags, words

from .conftest import Create

ENDLESS = ["--samples", "64000000", "--set", "train.save_seconds=0", "--set", "train.stats_every=64"]
TORCHRUN = [str(Path(sys.executable).with_name("torchrun")), "--nproc-per-node", "2"]
CREATE = ["-m", "paragone_cli", "points", "train", "--device", "cpu"]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(toy: Path) -> Iterator[Start]:
    """Start a command in the empty folder; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*command: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, cwd=toy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                each.kill()
        process.communicate()


def both(*arguments: str) -> list[str]:
    return [sys.executable, *CREATE, *arguments, "--processes", "2"]


def until_it_trains(out: Path, process: subprocess.Popen[str], lines: int = 2) -> list[psutil.Process]:
    """Wait for some statistics; the processes that train, by rank."""
    stats, left = out / "stats.jsonl", turns(60)
    while not stats.exists() or stats.read_text().count("\n") < lines:
        assert process.poll() is None, process.communicate()
        time.sleep(next(left))
    children = psutil.Process(process.pid).children()
    return sorted((child for child in children if "paragone_cli" in child.cmdline()), key=lambda child: child.environ()["RANK"])


def end_of(process: subprocess.Popen[str], seconds: float = 60.0) -> tuple[str, str]:
    """What it wrote to stdout and stderr; the test fails if it has not ended by then."""
    for tenth in turns(seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=tenth)
    raise AssertionError(f"after {seconds} seconds it still runs")


def told(err: str) -> list[str]:
    """The lines, but for one that only a machine of one core has."""
    return [line for line in err.splitlines() if not line.startswith("note: 2 processes on 1 core")]


def test_it_trains_and_says_so_once(start: Start, toy: Path) -> None:
    process = start(*both("--samples", "256", "--json", "--set", "train.stats_every=64"))
    out, err = end_of(process)
    assert process.returncode == 0, err
    facts = json.loads(out)
    assert (facts["path"], facts["samples"]) == ("runs/points-1", 256)
    assert [line for line in err.splitlines() if "by 2 processes" in line] == told(err)[1:2]
    assert sum(line.startswith("done: 256 samples") for line in err.splitlines()) == 1
    assert all(word not in err for word in ("torch", "Traceback", "WARNING", "rank"))
    assert weights.read(toy / "runs/points-1/state.safetensors")[1]["samples"] == 256


def test_a_signal_saves_and_ends_with_130(start: Start, toy: Path) -> None:
    process = start(*both(*ENDLESS, "--out", "mine", "--quiet", "--set", "train.save_seconds=1e9"))
    until_it_trains(toy / "mine", process)
    process.send_signal(signal.SIGINT)
    out, err = end_of(process, 20)
    assert process.returncode == 130, err
    assert out == ""
    facts = weights.read(toy / "mine/state.safetensors")[1]
    assert facts["step"] > 0
    assert told(err) == [f"mine: stopped after {facts['samples']:,} samples; the state is saved", "Continue with --resume mine"]


def test_a_killed_process_ends_it(start: Start, toy: Path) -> None:
    process = start(*both(*ENDLESS, "--out", "mine", "--quiet"))
    ranks = until_it_trains(toy / "mine", process)
    ranks[1].kill()
    _, err = end_of(process, 20)  # after 30 torch's launcher would kill one that hangs
    assert process.returncode == 1
    assert err.splitlines()[-1] == "What was saved is intact: continue with --resume and the run's folder."
    assert len(told(err)) == 2
    assert weights.read(toy / "mine/state.safetensors")[1]["step"] > 0
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in ranks)


def test_nobody_else_on_the_network_reaches_them(start: Start, toy: Path) -> None:
    process = start(*both(*ENDLESS, "--out", "mine", "--quiet"))
    ranks = until_it_trains(toy / "mine", process)
    for each, name in zip([psutil.Process(process.pid), *ranks], ("the launcher", "process 0", "process 1"), strict=True):
        listening = {opened.laddr.ip for opened in each.net_connections() if opened.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}, name
    # this machine's own name may stand for the loopback anyway
    assert {each.environ()[f"{kind}_SOCKET_IFNAME"] for each in ranks for kind in ("GLOO", "NCCL")} == {loopback_interface()}
    assert (loopback_interface() == "lo") >= psutil.LINUX


def test_processes_without_their_launcher_save_and_stop(start: Start, toy: Path) -> None:
    process = start(*both(*ENDLESS, "--out", "mine", "--set", "train.save_seconds=1e9"))
    ranks = until_it_trains(toy / "mine", process)
    process.kill()
    stuck = all(psutil.wait_procs(ranks, timeout=tenth)[1] for tenth in turns(20))
    for each in ranks if stuck else ():
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    assert not stuck
    assert weights.read(toy / "mine/state.safetensors")[1]["step"] > 0


def test_an_error_is_told_once(start: Start) -> None:
    process = start(*both("--quiet", "--out", "/proc/mine", "--samples", "64"))
    out, err = end_of(process)
    assert (process.returncode, out) == (1, ""), err
    assert told(err)[0].startswith("error: /proc/mine: cannot be written")
    assert len(told(err)) == 2, err


def test_torchrun_resumes_after_a_killed_process(start: Start, toy: Path) -> None:
    """``--max-restarts``: the same command line goes on in the folder that it made, named or not."""
    process = start(*TORCHRUN, "--max-restarts", "1", *CREATE, "--samples", "6400", *ENDLESS[2:])
    ranks = until_it_trains(toy / "runs/points-1", process)
    ranks[1].kill()
    out, err = end_of(process, 90)
    assert process.returncode == 0, err
    assert out == "runs/points-1\n"
    assert [path.name for path in (toy / "runs").iterdir()] == ["points-1"]
    assert weights.read(toy / "runs/points-1/state.safetensors")[1]["samples"] == 6400
    stats = [json.loads(line)["samples"] for line in (toy / "runs/points-1/stats.jsonl").read_text().splitlines()]
    assert stats == list(range(64, 6401, 64))


def test_torchrun_tells_a_slip_once(start: Start) -> None:
    process = start(*TORCHRUN, *CREATE, "--samples", "64", "--set", "train.bacth=3")
    out, err = end_of(process)
    assert (process.returncode, out) == (1, "")
    assert err.count("Did you mean 'train.batch'?") == 1


def test_a_slip_starts_nothing(create: Create, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = create("points", "train", "--processes", "3", "--batch", "64")
    assert result.code == 2
    assert "a batch of 64 cannot be shared evenly by 3 processes" in result.err
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    result = create("points", "train", "--processes", "2")
    assert result.code == 2
    assert "--processes: is given to a process of torchrun" in result.err
    assert not (toy / "runs").exists()


def test_a_dry_run_starts_nothing(create: Create, toy: Path) -> None:
    result = create("points", "train", "--processes", "2", "--dry-run")
    assert "processes      2, 32 samples of a step each" in result.out
    assert create("points", "train", "--processes", "2", "--print-config").code == 0
    assert not (toy / "runs").exists()


def test_the_processes_get_the_same_arguments(toy: Path) -> None:
    from paragone.registry import registry

    flags = train_flags(registry().modality("points"))
    values: Mapping[str, object] = {flag.variable: None for flag in flags} | {
        "train__batch": "32",
        "train__compile": False,
        "cli__quiet": True,
        "cli__out": "-odd name",
        "cli__processes": "2",
        "assignments": ["penalty.r1=1"],
        "data": "-folder",
    }
    assert sorted(words(flags, values)[:-2]) == sorted(["--batch=32", "--no-compile", "--quiet", "--out=-odd name", "--set=penalty.r1=1"])
    assert words(flags, values)[-2:] == ["--", "-folder"]


def test_how_processes_end_in_words() -> None:
    assert isinstance(outcome([4, -15]), ToldElsewhere)
    assert outcome([4, -15]).exit_code == 4
    killed = outcome([-9, -15])
    assert type(killed) is ProcessError
    assert "was killed (SIGKILL)" in str(killed)
