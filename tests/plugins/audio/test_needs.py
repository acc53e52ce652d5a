"""Where torchaudio does not work, sounds are a broken row that says why and what mends it, and nothing else suffers."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import paragone_audio
from paragone.errors import PluginError
from paragone_audio import needs

TOY = Path(__file__).resolve().parents[2] / "toy"
PLAIN = "pip install 'torch>=2.11,<2.13' 'torchaudio==2.11.*'"
FORCED = "pip install --force-reinstall 'torch>=2.11,<2.13' 'torchaudio==2.11.*'"

# what the real ones say
NO_CUDA = "raise OSError('libc10_cuda.so: cannot open shared object file: No such file or directory')"
OTHER_CUDA = (
    "raise RuntimeError('Detected that PyTorch and TorchAudio were compiled with different CUDA versions. '\n"
    "    'PyTorch has CUDA version 13.2 whereas TorchAudio has CUDA version 13.0.')"
)
OTHER_SYMBOLS = "raise OSError('libtorchaudio.so: undefined symbol: _ZNK5torch8autograd4Node4nameEv')"
HALF = "raise ImportError('Failed to load libtorchaudio')"
OTHER_API = "raise AttributeError(\"module 'torch' has no attribute 'float7'\")"
FAULTS = {
    "no_cuda": (NO_CUDA, "was built for CUDA, and torch 2.13.0+cpu was not (libc10_cuda.so"),
    "other_cuda": (OTHER_CUDA, "2.11.0+cu130 was built for another version of CUDA than torch 2.13.0+cpu (Detected"),
    "symbols": (OTHER_SYMBOLS, "2.11.0+cu130 does not fit torch 2.13.0+cpu (OSError: libtorchaudio.so"),
    "half": (HALF, "2.11.0+cu130 does not fit torch 2.13.0+cpu (ImportError: Failed to load libtorchaudio)"),
    "attribute": (OTHER_API, "2.11.0+cu130 does not fit torch 2.13.0+cpu (AttributeError: module 'torch' has no attribute 'float7'"),
    "hollow": ("", "2.11.0+cu130 does not fit torch 2.13.0+cpu (ModuleNotFoundError: No module named 'torchaudio.functional')"),
}


def package(folder: Path, name: str, source: str, version: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(source)
    (folder / name / "version.py").write_text(f"__version__ = '{version}'\n")


def complaint(tmp_path: Path, source: str, torch: str) -> list[str]:
    """The lines of what is said of a torchaudio 2.11.0+cu130 of that source."""
    package(tmp_path, "torchaudio", source, "2.11.0+cu130")
    package(tmp_path, "torch", "", torch)
    code = (
        "from paragone.errors import PluginError\nfrom paragone_audio.needs import check\ntry: check()\nexcept PluginError as e: print(e)"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", FAULTS)
def test_each_failure_is_told_with_its_reason_and_one_command(kind: str, tmp_path: Path) -> None:
    source, reason = FAULTS[kind]
    first, second = complaint(tmp_path, source, "2.13.0+cpu")
    assert first.startswith(f"torchaudio: {reason}")
    assert second == FORCED


@pytest.mark.parametrize("source", ["", "def melscale_fbanks(*given): raise RuntimeError('inside')", "raise SystemExit('boo')"])
def test_one_that_can_be_imported_and_does_not_work_is_told(source: str, tmp_path: Path) -> None:
    package(tmp_path, "torchaudio", "", "2.11.0+cu130")
    (tmp_path / "torchaudio" / "functional.py").write_text(source)
    code = (
        "import torch\nfrom paragone.errors import PluginError\nfrom paragone_audio import artefacts, config, needs, sound\n"
        "try: artefacts.Sounds(sound.spec_of(1024, 16000), config.AudioSample())\nexcept PluginError as e: print(e)"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("torchaudio: 2.11.0+cu130 does not fit torch ")
    assert second == FORCED


def test_a_missing_library_of_cuda_does_not_mean_that_torch_has_none(tmp_path: Path) -> None:
    first, _ = complaint(tmp_path, "raise OSError('libcudart.so.13: cannot open shared object file')", "2.12.1+cu128")
    assert first.startswith("torchaudio: 2.11.0+cu130 was built for another version of CUDA than torch 2.12.1+cu128 (libcudart.so.13")


def test_an_absent_one_is_noticed_without_importing_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    found, version = importlib.util.find_spec, "2.12.1"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torchaudio" else found(name))
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    with pytest.raises(PluginError, match="torchaudio: is not installed") as caught:
        needs.check()
    assert caught.value.fix == PLAIN
    version = "2.12.1+cpu"  # pip would leave that alone, and the next error come
    with pytest.raises(PluginError) as caught:
        needs.torchaudio()
    assert caught.value.fix == FORCED


def test_an_absent_soundfile_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "soundfile.py").write_text("raise OSError('sndfile library not found')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "soundfile", raising=False)
    with pytest.raises(PluginError, match=r"soundfile: cannot be imported .*not found\)\npip install --force-reinstall soundfile"):
        needs.soundfile()
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "soundfile" else found(name))
    with pytest.raises(PluginError, match="soundfile: is not installed"):
        needs.check()


@pytest.mark.parametrize(
    ("torch", "audio", "trusted"),
    [
        ("2.12.1+cu130", "2.11.0+cu130", True), ("2.11.0", "2.11.0", True), ("2.12.1+cpu", "2.11.0+cu130", False),
        ("2.15.0+cu132", "2.11.0+cu130", False), ("2.13.0+cu130", "2.11.0+cu130", False), ("2.12.1+cu130", "2.10.0+cu130", False),
    ],
)  # fmt: skip
def test_only_a_pair_that_belongs_together_is_trusted_unseen(
    torch: str, audio: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "torch", "", torch)
    package(tmp_path, "torchaudio", "", audio)
    found = importlib.util.find_spec

    def find(name: str) -> object:
        return importlib.util.spec_from_file_location(name, tmp_path / name / "__init__.py") if name.startswith("torch") else found(name)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    tried: list[str] = []
    monkeypatch.setattr(needs, "torchaudio", lambda: tried.append("imported"))
    needs.check()
    assert tried == ([] if trusted else ["imported"])


def test_the_real_pair_is_checked_without_importing_it() -> None:
    heavy = {"torch", "torchaudio", "numpy", "soundfile"}
    code = f"import sys; from paragone_audio.needs import check; check(); print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def create(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(TOY)]), "PARAGONE_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", "paragone_cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=60)


def test_the_command_line_says_it_and_other_media_work(tmp_path: Path) -> None:
    package(tmp_path, "torchaudio", NO_CUDA, "2.11.0+cpu")
    rows = {row["name"]: row for row in json.loads(create(tmp_path, "plugins", "--json").stdout)}
    assert (rows["audio"]["state"], rows["audio"]["fix"]) == ("broken", FORCED)
    said = r"(2\.11\.0\+cpu )?was built for (another version of )?CUDA"  # torch is the real one, with CUDA or without
    assert re.match(f"torchaudio {said}", rows["audio"]["reason"])
    assert {row["state"] for name, row in rows.items() if name != "audio"} == {"ok"}
    refused = create(tmp_path, "audio", "train", "--dry-run")
    assert refused.returncode == 3
    assert re.search(f"torchaudio: {said}", refused.stderr)
    assert FORCED in refused.stderr
    assert create(tmp_path, "audio", "train", "--help").returncode == 0
    assert create(tmp_path, "points", "train", "--dry-run").returncode == 0


def test_one_module_imports_it() -> None:
    importers = []
    for file in sorted(Path(paragone_audio.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            importers += [file.name for name in names if name.partition(".")[0] == "torchaudio"]
    assert importers == ["needs.py"]
