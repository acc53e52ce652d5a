from __future__ import annotations

import errno
import sys

import pytest

from paragone.errors import DataError, Interrupted, PluginError, RunError, UsageError
from paragone_cli.faults import explain


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (DataError("holds no pictures", where="dir", fix="Add some."), 1, "error: dir: holds no pictures\nAdd some.\n"),
        (UsageError("bad"), 2, "error: bad\n"),
        (PluginError("absent"), 3, "error: absent\n"),
        (RunError("torn"), 4, "error: torn\n"),
        (Interrupted("stopped; the state is saved"), 130, "stopped; the state is saved\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (
            OSError(errno.ENOSPC, "No space left", "a.png"),
            1,
            "error: a.png: the disk is full\nFree some space, or write to another place.\n",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "runs"), 1, "error: runs: Permission denied\n"),
        (ValueError("two\nlines"), 1, "error: internal fault: ValueError: two lines; run again with --debug and report it\n"),
        (AssertionError(), 1, "error: internal fault: AssertionError; run again with --debug and report it\n"),
    ],
)
def test_every_fault_is_a_line_or_two_and_a_code(error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(error) == code
    captured = capsys.readouterr()
    assert captured.err == text
    assert captured.out == ""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_too_little_memory_names_the_knobs(
    error: BaseException, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for command, advice in ((["create", "image", "train"], "--accumulate"), (["create", "image"], "fewer samples")):
        monkeypatch.setattr(sys, "argv", command)
        assert explain(error) == 1
        assert advice in capsys.readouterr().err


def test_a_reader_that_left_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(BrokenPipeError()) == 1
    assert capsys.readouterr().err == ""
