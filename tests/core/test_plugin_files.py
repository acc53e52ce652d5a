"""Plugins that are one file: found only when asked for, and as well behaved as any."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paragone import plugin_files
from paragone.errors import PluginError
from paragone.registry import load

EXAMPLE = Path(__file__).parents[2] / "docs" / "one-file-plugin.md"


@pytest.fixture
def dots(tmp_path: Path) -> Iterator[Path]:
    (source,) = re.findall(r"^```python\n(.*?)^```", EXAMPLE.read_text(encoding="utf-8"), re.S | re.M)
    path = tmp_path / "dots.py"
    path.write_text(source)
    yield path
    sys.modules.pop("dots", None)


def test_a_file_is_a_row_and_its_import_strings_work(dots: Path) -> None:
    found = load([], [dots])
    (row,) = found.plugins
    assert (row.name, row.state, row.distribution, row.modalities) == ("dots", "ok", "dots.py", ("dots",))
    assert row.version == plugin_files.version(dots)
    assert row.reason == ""  # it imports torch at its top, which a file may
    from paragone.modality import resolve

    assert resolve(found.modality("dots").dataset) is sys.modules["dots"].open_dots


def test_a_broken_file_is_a_row_and_leaves_no_module(tmp_path: Path) -> None:
    broken = tmp_path / "broken_dots.py"
    broken.write_text("import torch\n1 / 0\n")
    (row,) = load([], [broken]).plugins
    assert (row.state, row.reason) == ("broken", "ZeroDivisionError: division by zero")
    assert "create plugins --verbose" in row.fix
    assert "broken_dots.py" in row.traceback
    assert "broken_dots" not in sys.modules


@pytest.mark.parametrize("name", ["json.py", "paragone.py", "two words.py", "1st.py"])
def test_a_name_that_is_taken_or_no_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x = 1\n")
    (row,) = load([], [tmp_path / name]).plugins
    assert row.state == "broken"
    assert "module" in row.reason
    assert "Give it another name" in row.fix
    with pytest.raises(PluginError):
        plugin_files.load(tmp_path / name)


def test_what_the_environment_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(plugin_files.FILES, "")
    monkeypatch.delenv(plugin_files.USER, raising=False)
    monkeypatch.setattr(plugin_files, "user_folder", lambda: tmp_path / "plugins")
    (tmp_path / "plugins").mkdir()
    for name in ("b.py", "a.py", "notes.txt"):
        (tmp_path / "plugins" / name).write_text("")
    assert plugin_files.wanted() == []
    plugin_files.add(tmp_path / "mine.py")
    plugin_files.add(tmp_path / "mine.py")
    assert plugin_files.wanted() == [tmp_path / "mine.py"]
    monkeypatch.setenv(plugin_files.USER, "1")
    assert plugin_files.wanted() == [tmp_path / "mine.py", tmp_path / "plugins" / "a.py", tmp_path / "plugins" / "b.py"]


def test_the_users_folder_is_of_this_program() -> None:
    assert plugin_files.user_folder().parts[-2:] == ("paragone", "plugins")


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    assert plugin_files.version(path) == "?"
    path.write_text("a = 1")
    before = plugin_files.version(path)
    path.write_text("a = 2")
    assert re.fullmatch("[0-9a-f]{12}", before)
    assert plugin_files.version(path) != before
