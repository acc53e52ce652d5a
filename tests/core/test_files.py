from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paragone import files
from paragone.errors import OutputError


def test_replaces_whole_files_and_leaves_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    files.write(target, b"one")
    files.write(target, b"two")
    assert target.read_bytes() == b"two"
    assert os.listdir(target.parent) == ["file"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    files.write(target, b"good")

    def fail(temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"No space left on device\nFree some space"):
        files.replace(target, fail)
    assert target.read_bytes() == b"good"
    assert os.listdir(tmp_path) == ["file"]


def test_where_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        files.write(tmp_path / "file" / "below", b"")
    with pytest.raises(OutputError, match="cannot be written"):
        files.append(tmp_path / "absent" / "log", "line")


LIMITED = """
import resource, signal, sys
from pathlib import Path
from paragone import files
from paragone.errors import OutputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    files.write(Path(sys.argv[1]), b"x" * 5000)
except OutputError as error:
    print(error)
"""


def test_a_real_limit_of_the_operating_system(tmp_path: Path) -> None:
    """A file-size limit stops the write half-way, as a full disk does."""
    assert resource.RLIMIT_FSIZE is not None
    assert signal.SIGXFSZ
    target = tmp_path / "file"
    target.write_bytes(b"good")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(target)], capture_output=True, text=True, check=True)
    assert "cannot be written: File too large" in done.stdout
    assert target.read_bytes() == b"good"
    assert os.listdir(tmp_path) == ["file"]


def test_a_temporary_file_has_a_name_that_nobody_foresees(tmp_path: Path) -> None:
    names: list[str] = []
    for _ in range(2):
        files.replace(tmp_path / "a", lambda temporary: (names.append(temporary.name), temporary.write_bytes(b"x")))
    assert len(set(names)) == 2
    assert all(name.startswith(".a.") and name.endswith(".tmp") for name in names)  # `sweep` knows them
