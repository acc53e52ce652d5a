"""The shape of the house: what may stand where, and who may import whom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_only_packages_stand_in_the_three_rooms() -> None:
    for room in ("core", "plugins", "cli"):
        assert [path.name for path in (ROOT / room).iterdir() if path.is_file()] == []
        for package in (ROOT / room).iterdir():
            assert (package / "__init__.py").exists() or package.name == "__pycache__"
            assert (package / "py.typed").exists() or package.name == "__pycache__"


def test_import_contracts_hold() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_module_imports_alone() -> None:
    packages = [path for room in ("core", "plugins", "cli") for path in (ROOT / room).iterdir()]
    files = [path.relative_to(package.parent) for package in packages for path in package.rglob("*.py") if "templates" not in path.parts]
    modules = sorted(".".join(file.with_suffix("").parts) for file in files if not file.stem.startswith("__"))
    assert len(modules) > 200
    code = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [loaded for loaded in sys.modules if loaded.startswith("paragone")]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""
    subprocess.run([sys.executable, "-c", code, *modules], check=True)
