"""The registry against real distributions on a real path, good and bad."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from paragone import hooks
from paragone.errors import PluginError
from paragone.registry import Registry, load, registry

GOOD = """
from dataclasses import dataclass
from paragone.hooks import hookimpl
from paragone.modality import Modality, Preset
@dataclass(frozen=True)
class Empty: pass
@hookimpl
def paragone_modality():
    return Modality("{name}", "A test.", (Preset("p", "P.", "m:b", Empty),), "m:d", "m:a", Empty, Empty, api_version={api})
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """``install(module, source)``: a distribution with one plugin, on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PARAGONE_STRICT_PLUGINS", raising=False)

    def make(module: str, source: str, entry: str | None = None) -> Registry:
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[paragone.plugins]\n{entry or module} = {module}\n")
        importlib.invalidate_caches()
        found = importlib.metadata.entry_points(group=hooks.ENTRY_POINTS)
        return load(sorted(found, key=lambda point: point.value))

    yield make
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


def row(found: Registry, name: str) -> object:
    return next(status for status in found.plugins if status.name == name)


def test_a_third_partys_plugin_is_found_like_any_other(install) -> None:  # type: ignore[no-untyped-def]  # fixture
    found = install("acme_good", GOOD.format(name="acme", api=1))
    assert row(found, "acme_good").state == "ok"
    assert row(found, "acme_good").modalities == ("acme",)
    assert found.modality("acme").name == "acme"
    assert found.versions["acme"] == "acme_good 1.0"
    assert {"image", "points"} <= found.modalities.keys()


@pytest.mark.parametrize(
    ("name", "source", "state", "reason"),
    [
        ("import", "import nothing_of_that_name", "broken", "ModuleNotFoundError"),
        ("oserror", "raise OSError('libfoo.so: cannot open')", "broken", "libfoo.so"),
        ("syntax", "def (", "broken", "SyntaxError"),
        ("exit", "import sys; sys.exit(3)", "broken", "SystemExit: 3"),
        ("nohook", "x = 1", "broken", "implements no hook"),
        ("rubbish", "from paragone.hooks import hookimpl\n@hookimpl\ndef paragone_modality():\n    return 42", "broken", "returned int"),
        (
            "raises",
            "from paragone.hooks import hookimpl\n@hookimpl\ndef paragone_modality():\n    raise KeyError('x')",
            "broken",
            "KeyError",
        ),
        ("unknown", "from paragone.hooks import hookimpl\n@hookimpl\ndef paragone_modalty():\n    return 1", "broken", "unknown hook"),
        ("old", GOOD.format(name="acme-old", api=99), "incompatible", "plugin API 99"),
        ("twice", GOOD.format(name="image", api=1), "broken", "another plugin already provides 'image'"),
        ("badname", GOOD.format(name="Bad Name", api=1), "broken", "cannot be the name"),
        ("type", GOOD.format(name="acme", api=1).replace("pass", "size: list = None"), "broken", "unsupported type"),
        ("key", GOOD.format(name="acme", api=1).replace('"m:b", Empty', '"m:b", Empty, {"train.bach": 1}'), "broken", "train.bach"),
        ("reserved", GOOD.format(name="plugins", api=1), "broken", "cannot be the name"),
    ],
)
def test_a_bad_plugin_is_a_row_and_hurts_nobody(install, name: str, source: str, state: str, reason: str) -> None:  # type: ignore[no-untyped-def]  # fixture
    found = install(f"zz_{name}", source)
    status = row(found, f"zz_{name}")
    assert status.state == state
    assert reason in status.reason
    assert status.fix
    assert "Traceback" in status.traceback
    assert {"image", "points"} <= found.modalities.keys()
    assert "acme-old" not in found.modalities
    with pytest.raises(PluginError, match="the plugin is") as caught:
        found.modality(f"zz_{name}")
    assert caught.value.exit_code == 3


def test_block_allow_and_strict(install, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]  # fixture
    points = importlib.metadata.entry_points(group=hooks.ENTRY_POINTS)
    monkeypatch.setenv("PARAGONE_BLOCK_PLUGINS", "image, other")
    found = load(points)
    assert row(found, "image").state == "blocked"
    assert set(found.modalities) == {"points"}
    monkeypatch.delenv("PARAGONE_BLOCK_PLUGINS")
    monkeypatch.setenv("PARAGONE_PLUGINS", "image")
    assert set(load(points).modalities) == {"image"}
    monkeypatch.delenv("PARAGONE_PLUGINS")
    monkeypatch.setenv("PARAGONE_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="plugin zz_strict: ModuleNotFoundError"):
        install("zz_strict", "import nothing_of_that_name")


def test_an_absent_medium_names_the_nearest() -> None:
    with pytest.raises(PluginError, match=r"unknown medium 'imgae'\nDid you mean 'image'") as caught:
        registry().modality("imgae")
    assert caught.value.exit_code == 3


def test_listing_plugins_imports_no_torch() -> None:
    code = "import sys, paragone.registry as r; print(sorted(r.registry().modalities), {'torch', 'numpy', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['image', 'points'] set()"
