from __future__ import annotations

import dataclasses
import importlib.metadata
import json

import pytest

from paragone.registry import Registry, load
from paragone_cli import plugins

from .conftest import Create


@pytest.fixture
def mixed(toy: object, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry with one plugin that works and one that does not."""
    names = {"points": "toy_plugin.plugin", "etching": "no_such_package.plugin"}
    found = load([importlib.metadata.EntryPoint(name, value, "paragone.plugins") for name, value in names.items()])
    monkeypatch.setattr(plugins, "registry", lambda: found)
    return found


def test_a_plain_list(create: Create, mixed: Registry) -> None:
    result = create("plugins")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].split() == ["plugin", "state", "api", "media", "package", "version"]
    assert lines[1].split()[:4] == ["points", "ok", "1", "points"]
    assert lines[2].split()[:2] == ["etching", "broken"]
    assert lines[3].strip().startswith("ModuleNotFoundError")
    assert "Traceback" not in result.out
    assert result.err == ""


def test_json_has_everything(create: Create, mixed: Registry) -> None:
    rows = json.loads(create("plugins", "--json", "--verbose").out)
    assert rows == [row.to_json() for row in mixed.plugins]
    assert "Traceback" in rows[1]["traceback"]


def test_a_medium_that_cannot_work_here_is_broken_with_its_reason(create: Create, mixed: Registry) -> None:
    mixed.modalities["points"] = dataclasses.replace(mixed.modalities["points"], check="no_such_module:check")
    rows = json.loads(create("plugins", "--json").out)
    assert [row["state"] for row in rows] == ["broken", "broken"]
    assert rows[0]["reason"] == "no_such_module:check cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"
    assert "no_such_module:check cannot be loaded" in create("plugins").out


def test_verbose_shows_where_it_fails(create: Create, mixed: Registry) -> None:
    assert "Traceback" in create("plugins", "--verbose").out


def test_a_table_for_a_person(create: Create, mixed: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    plugins._print_table(mixed.plugins)
    table = capsys.readouterr().out
    assert "points" in table
    assert "broken" in table
    assert "┃" in table
