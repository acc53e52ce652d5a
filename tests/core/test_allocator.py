from __future__ import annotations

import platform
import subprocess
import sys

CODE = "from paragone.allocator import keep_freed_memory; print(keep_freed_memory())"


def test_glibc_understands_and_others_are_left_alone() -> None:
    said = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout.strip()
    assert said == str(platform.libc_ver()[0] == "glibc")
