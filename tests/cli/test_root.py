from __future__ import annotations

import importlib.metadata

import pytest

import paragone
from paragone.registry import load, registry
from paragone_cli import root
from paragone_cli.root import build_root

from .conftest import Create


def test_the_bare_command_shows_what_there_is(create: Create) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        result = create(*arguments)
        assert result.code == 0
        assert result.err == ""
        for words in ("points", "Points in the plane.", "plugins", "--version"):
            assert words in result.out


def test_version(create: Create) -> None:
    assert create("--version").out == f"create {paragone.__version__}\n"


def test_an_unknown_medium_names_the_nearest(create: Create) -> None:
    result = create("pionts")
    assert result.code == 3
    assert result.err.startswith("error: unknown medium 'pionts'\nDid you mean 'points'?")
    assert result.out == ""


def test_a_slip_in_plugins(create: Create) -> None:
    result = create("plugin")
    assert result.code == 3
    assert "Did you mean `create plugins`?" in result.err


def test_a_broken_medium_is_asked_for(create: Create, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = load([importlib.metadata.EntryPoint("etching", "no_such_package.plugin", "paragone.plugins")])
    monkeypatch.setattr(root, "registry", lambda: broken)
    result = create("etching", "train", "--minutes", "1")
    assert result.code == 3
    assert result.err.startswith("error: etching: the plugin is broken: ModuleNotFoundError")
    assert "Install the package" in result.err
    assert "etching" not in create("--help").out


def test_a_blocked_medium_is_asked_for(create: Create, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARAGONE_BLOCK_PLUGINS", "points")
    registry.cache_clear()
    result = create("points")
    assert result.code == 3
    assert "PARAGONE_BLOCK_PLUGINS" in result.err


def test_an_unknown_flag(create: Create) -> None:
    result = create("--zzz")
    assert result.code == 2
    assert result.err == "error: No such option: --zzz\nTry `create --help`.\n"
    result = create("points", "--sed", "3")
    assert result.code == 2
    assert "--seed" in result.err
    assert result.err.endswith("Try `create points --help`.\n")


def test_every_builder_resolves(toy: object) -> None:
    """Stubs are built late: a dead one would be found only by the one who runs it."""
    group = build_root()
    assert set(group.builders) == {*registry().modalities, "plugins", "new-plugin"}
    for name, build in group.builders.items():
        command = build()
        assert command.help, name
        for verb, build_verb in getattr(command, "builders", {}).items():
            assert build_verb().help, f"{name} {verb}"
