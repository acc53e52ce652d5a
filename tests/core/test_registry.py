"""The registry against real distributions on a real path, good and bad."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paragone import hooks
from paragone.errors import PluginError
from paragone.modality import API_VERSION, require, resolve
from paragone.opening import open_data
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


ACME = GOOD.format(name="acme", api=1)
LISTED = "@dataclass(frozen=True)\nclass Listed:\n    sizes: tuple[int, ...] = ()\n@hookimpl"
METRIC = "from paragone.modality import Metric\n" + ACME.replace("api_version", "metrics=(METRIC,), api_version").replace(
    "METRIC", 'Metric("{}", "M.", "{}", "{}")'
)


HOOK = "from paragone.hooks import hookimpl\n@hookimpl\ndef paragone_modality():\n{}"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """``install(module, source)``: a distribution with one plugin, on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PARAGONE_STRICT_PLUGINS", raising=False)

    def make(module: str, source: str, entry: str | None = None, value: str | None = None, metadata: bool = True) -> Registry:
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        if metadata:
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[paragone.plugins]\n{entry or module} = {value or module}\n")
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
        (
            "none",
            "from paragone.hooks import hookimpl\n@hookimpl\ndef paragone_modality():\n    return None",
            "broken",
            "returned NoneType",
        ),
        ("runtime", "raise RuntimeError('two\\nlines')", "broken", "RuntimeError: two"),
        ("arguments", "from paragone.hooks import hookimpl\n@hookimpl\ndef paragone_modality(more):\n    return 1", "broken", "more"),
        ("old", GOOD.format(name="acme-old", api=99), "incompatible", "plugin API 99"),
        ("twice", GOOD.format(name="image", api=1), "broken", "another plugin already provides 'image'"),
        ("badname", GOOD.format(name="Bad Name", api=1), "broken", "cannot be the name"),
        ("type", GOOD.format(name="acme", api=1).replace("pass", "size: list = None"), "broken", "unsupported type"),
        ("key", GOOD.format(name="acme", api=1).replace('"m:b", Empty', '"m:b", Empty, {"train.bach": 1}'), "broken", "train.bach"),
        ("comma", ACME.replace("Empty),), ", "Empty)), "), "broken", "presets must be a tuple of Preset: is a comma missing?"),
        ("function", ACME.replace('"m:d"', "print"), "broken", "dataset is <built-in function print>; an import string such as"),
        ("string", ACME.replace('"m:d"', '"m.d"'), "broken", "dataset is 'm.d'; an import string such as"),
        ("build", ACME.replace('"m:b"', "len"), "broken", "build of preset p is <built-in function len>"),
        ("class", ACME.replace("Empty),)", "str),)"), "broken", "config of preset p is <class 'str'>; a dataclass"),
        ("field", ACME.replace("@hookimpl", LISTED).replace("Empty),)", "Listed),)"), "broken", "Listed.sizes has the unsupported type"),
        ("nameless", ACME.replace('"acme"', "None"), "broken", "None cannot be the name"),
        ("presets", ACME.replace("Empty),)", 'Empty), Preset("p", "P.", "m:c", Empty))'), "broken", "two of the presets are called 'p'"),
        (
            "metric",
            METRIC.format("m", "m:m", "lower").replace('"),), api', '")), api'),
            "broken",
            "metrics must be a tuple of Metric: is a comma missing?",
        ),
        ("better", METRIC.format("m", "m:m", "down"), "broken", "better of metric m is 'down'; one of lower, higher, real was wanted"),
        ("taken", METRIC.format("samples", "m:m", "lower"), "broken", "a metric cannot be called 'samples'"),
        ("measure", METRIC.format("m", "m", "lower"), "broken", "measure of metric m is 'm'"),
        ("reserved", GOOD.format(name="plugins", api=1), "broken", "`create plugins` means something else"),
        ("silent", ACME.replace('"A test."', "__doc__"), "broken", "summary is None; a text was wanted"),
        ("mute", ACME.replace('"P."', "None"), "broken", "summary of p among the presets is None; a text was wanted"),
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
    assert set(found.modalities) == {"audio", "points", "text"}
    monkeypatch.setenv("PARAGONE_BLOCK_PLUGINS", "paragone:image")
    assert row(load(points), "image").state == "blocked"
    monkeypatch.delenv("PARAGONE_BLOCK_PLUGINS")
    monkeypatch.setenv("PARAGONE_PLUGINS", "image")
    assert set(load(points).modalities) == {"image"}
    monkeypatch.delenv("PARAGONE_PLUGINS")
    monkeypatch.setenv("PARAGONE_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="plugin zz_strict: ModuleNotFoundError"):
        install("zz_strict", "import nothing_of_that_name")


def test_two_packages_with_one_name(install, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]  # fixture
    found = install("aa_thief", GOOD.format(name="image", api=1), entry="image")  # it sorts before ours
    ours, theirs = (next(row for row in found.plugins if row.distribution == name) for name in ("paragone", "aa_thief"))
    assert (ours.state, theirs.state) == ("ok", "broken")
    assert "another plugin already provides 'image': that of paragone " in theirs.reason
    assert theirs.fix.endswith("PARAGONE_BLOCK_PLUGINS=aa_thief:image.")
    monkeypatch.setenv("PARAGONE_BLOCK_PLUGINS", "paragone:image, aa_thief:imag")
    found = load(importlib.metadata.entry_points(group=hooks.ENTRY_POINTS))
    assert found.versions["image"] == "aa_thief 1.0"
    assert found.slips == ["aa_thief:imag"]


def test_an_older_and_a_newer_contract_say_what_to_upgrade(install) -> None:  # type: ignore[no-untyped-def]  # fixture
    install("zz_older", GOOD.format(name="older", api=0))
    found = install("zz_newer", GOOD.format(name="newer", api=API_VERSION + 1))
    assert "pip install --upgrade zz_older" in row(found, "zz_older").fix
    assert "pip install --upgrade paragone" in row(found, "zz_newer").fix
    with pytest.raises(PluginError, match=r"unknown medium 'nothing'.*\nKnown: .*Not working: zz_newer, zz_older") as caught:
        found.modality("nothing")
    assert caught.value.exit_code == 3


def test_the_same_entry_point_from_two_packages_hides_neither(install, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # fixture
    install("zz_one", GOOD.format(name="one", api=1), entry="same")
    found = install("zz_two", GOOD.format(name="two", api=1), entry="same")
    rows = [status for status in found.plugins if status.name == "same"]
    assert [(status.distribution, status.state) for status in rows] == [("zz_one", "ok"), ("zz_two", "ok")]
    assert {"one", "two"} <= found.modalities.keys()


def test_a_missing_extra_is_named(install, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # fixture
    install("zz_extra", "import sound_magic.core")
    metadata = tmp_path / "zz_extra-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text() + "Provides-Extra: magic\nRequires-Dist: Sound-Magic>=2; extra == 'magic'\n")
    importlib.invalidate_caches()
    found = load(importlib.metadata.entry_points(group=hooks.ENTRY_POINTS))
    assert row(found, "zz_extra").reason == "ModuleNotFoundError: No module named 'sound_magic'"
    assert row(found, "zz_extra").fix == "Install its extra: pip install 'zz_extra[magic]'"


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("zz_slow", "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass", "takes 0.3 s to import"),
        ("zz_torch", "import torch", "its declaration imports torch"),
    ],
)
def test_a_slow_plugin_works_and_is_told_of(install, tmp_path: Path, name: str, line: str, reason: str) -> None:  # type: ignore[no-untyped-def]  # fixture
    install(name, f"{line}\n{GOOD.format(name='acme', api=1)}")
    code = f"import paragone.registry as r; print([row for row in r.registry().plugins if row.name == {name!r}][0])"
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert "state='ok'" in done.stdout, done.stderr
    assert reason in done.stdout
    assert "tell its author" in done.stdout
    strict = {**os.environ, "PYTHONPATH": path, "PARAGONE_STRICT_PLUGINS": "1"}
    refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=strict)
    assert "PluginError" in refused.stderr
    assert reason in refused.stderr


def first_party() -> list[str]:
    return sorted(point.name for point in importlib.metadata.distribution("paragone").entry_points if point.group == hooks.ENTRY_POINTS)


@pytest.mark.parametrize("name", first_party())
def test_without_one_of_our_own_the_rest_passes_its_tests(name: str) -> None:
    tests = Path(__file__).parents[1]
    others = [str(tests / "plugins" / other / "test_plugin.py") for other in first_party() if other != name]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests / "core/testing/test_contract.py"), *others]
    command += ["-k", "not two_processes and not r3gan"]  # what takes longest
    environment = {**os.environ, "PARAGONE_BLOCK_PLUGINS": name}
    done = subprocess.run(command, cwd=tests.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    told = subprocess.run([sys.executable, "-m", "paragone_cli", name], env=environment, capture_output=True, text=True)
    assert told.returncode == 3
    assert "the plugin is blocked" in told.stderr


def test_a_medium_that_cannot_work_here_is_a_broken_row_and_opens_nothing(install) -> None:  # type: ignore[no-untyped-def]  # fixture
    refusal = (
        "print('noise')\nfrom paragone.errors import PluginError\ndef check(): raise PluginError('is too quiet', where='moon', fix='Wait.')"
    )
    found = install("zz_moon", GOOD.format(name="moon", api=1).replace("Empty, Empty,", "Empty, Empty, check='zz_moon_check:check',"))
    (Path(sys.modules["zz_moon"].__file__ or "").parent / "zz_moon_check.py").write_text(refusal)
    importlib.invalidate_caches()
    assert row(found, "zz_moon").state == "ok"
    checked = {status.name: status for status in found.checked()}
    assert (checked["zz_moon"].state, checked["zz_moon"].reason, checked["zz_moon"].fix) == ("broken", "moon is too quiet", "Wait.")
    assert "Traceback" in checked["zz_moon"].traceback
    assert checked["points"].state == checked["image"].state == "ok"
    with pytest.raises(PluginError, match=r"moon: is too quiet\nWait\.") as caught:  # its dataset, m:d, cannot even be imported
        open_data(found.modality("moon"), None, Path("anything"), print)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("value", ["zz-dashed.plugin", "zz_dashed.plugin:", "zz dashed", "1/0"])
def test_an_entry_point_that_is_no_module_is_a_row(install, value: str) -> None:  # type: ignore[no-untyped-def]  # fixture
    found = install("zz_dashed", ACME, value=value)
    assert row(found, "zz_dashed").state == "broken"
    assert row(found, "zz_dashed").reason.startswith("ImportError: its entry point is ")
    assert {"image", "points"} <= found.modalities.keys()


def test_what_is_left_of_a_package_may_have_no_name(install) -> None:  # type: ignore[no-untyped-def]  # fixture
    found = install("zz_half", "import nothing_of_that_name", metadata=False)
    half = row(found, "zz_half")
    assert (half.state, half.distribution, half.version) == ("broken", "?", "?")
    assert row(found, "image").state == "ok"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import ctypes; ctypes.CDLL('libnothing.so.3')", "zz_moon_check:check fails: OSError: libnothing.so.3"),
        ("from paragone.errors import UsageError; raise UsageError('is no moon', where='PATH')", "PATH is no moon"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_whatever_a_check_raises_is_a_broken_row(install, monkeypatch: pytest.MonkeyPatch, body: str, reason: str) -> None:  # type: ignore[no-untyped-def]  # fixture
    found = install("zz_moon", ACME.replace("Empty, Empty,", "Empty, Empty, check='zz_moon_check:check',"))
    (Path(sys.modules["zz_moon"].__file__ or "").parent / "zz_moon_check.py").write_text(f"def check():\n    {body}\n")
    importlib.invalidate_caches()
    checked = {status.name: status for status in found.checked()}
    assert checked["zz_moon"].state == "broken"
    assert checked["zz_moon"].reason.startswith(reason)
    assert checked["zz_moon"].fix
    assert checked["points"].state == "ok"
    monkeypatch.setenv("PARAGONE_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="plugin zz_moon: "):
        found.checked()


def test_an_import_string_may_name_what_a_class_holds() -> None:
    assert resolve("pathlib:Path.home")() == Path.home()


def test_a_check_that_fails_in_its_own_way_is_the_plugin_s_fault() -> None:
    medium = dataclasses.replace(registry().modality("points"), check="math:nothing_of_that_name")
    with pytest.raises(PluginError, match="math:nothing_of_that_name: cannot be loaded"):
        require(medium)
    with pytest.raises(PluginError, match="math:sqrt: fails: TypeError"):
        require(dataclasses.replace(medium, check="math:sqrt"))
    require(dataclasses.replace(medium, check=None))


def test_an_absent_medium_names_the_nearest() -> None:
    with pytest.raises(PluginError, match=r"unknown medium 'imgae'\nDid you mean 'image'") as caught:
        registry().modality("imgae")
    assert caught.value.exit_code == 3


def test_listing_plugins_imports_no_torch() -> None:
    code = "import sys, paragone.registry as r; print(sorted(r.registry().modalities), {'torch', 'numpy', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['audio', 'image', 'points', 'text'] set()"
