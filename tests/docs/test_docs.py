"""README and docs are true: every command and every example is run, only with a shorter budget."""

from __future__ import annotations

import importlib
import math
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from paragone import hooks
from paragone.settings import section_names
from paragone.testing.suite import CHECKS

from . import protocols
from .reference import page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BIN = Path(sys.executable).parent
MEASUREMENT = re.compile(r"(?:\w+=\S+ )*pytest (.*)")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.S | re.M)


def shorter(text: str) -> str:
    """The same, with two steps of training instead of minutes."""
    text = re.sub(r"--minutes \S+", "--samples 128", text)
    text = re.sub(r"--resume (\S+) --samples \S+", r"--resume \1 --samples 256", text)
    text = re.sub(r"(?<!resume )(\S+) --samples [\d_]{4,}", r"\1 --samples 128", text)
    text = re.sub(r"minutes=\d+", "samples=128", text)
    text = re.sub(r"evaluate (.*)-n 1024", r"evaluate \1-n 32", text)
    text = re.sub(r"^(create \w+ evaluate (?!.* -n ).*)$", r"\1 -n 32", text, flags=re.M)
    text = re.sub(r"count=\d+", "count=32", text)  # also that of train.best_count
    text = re.sub(r"(\.resume\(\S+) samples=\S+\)", r"\1 samples=256)", text)
    return re.sub(r"samples=\d[\d_]{3,}", "samples=128", text)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where a reader would stand: with ``drawings/cat`` and ``drawings/dog``, ``hits/kick`` and ``hits/snare``, a recording and a list."""
    here = tmp_path / "desk"
    for label, colour in (("cat", (200, 80, 40)), ("dog", (40, 80, 200))):
        (here / "drawings" / label).mkdir(parents=True)
        for index in range(12):
            picture = Image.new("RGBA", (32, 32))
            picture.paste((*colour, 255), (4 + index % 5, 6, 20 + index % 7, 28))
            picture.save(here / "drawings" / label / f"{index}.png")
    names = [
        first + second for first in ("Bel", "Mo", "Ra", "Tibi", "Lu", "Kas") for second in ("la", "ri", "no", "mo", "xa", "per", "kin")
    ]
    (here / "pets.txt").write_text("\n".join(names), encoding="utf-8")
    draw, time = np.random.default_rng(0), np.arange(11_025) / 22_050
    for label, pitch, hiss in (("kick", 60, 0.05), ("snare", 190, 0.5)):
        (here / "hits" / label).mkdir(parents=True)
        for index in range(12):
            wave = (1 - hiss) * np.sin(2 * np.pi * (pitch + index) * time) + hiss * draw.uniform(-1, 1, len(time))
            soundfile.write(here / "hits" / label / f"{index}.wav", wave * np.exp(-8 * time), 22_050)
    soundfile.write(here / "rain.wav", draw.uniform(-0.1, 0.1, 6 * 22_050), 22_050)
    (here / "dots.py").write_text(blocks(ROOT / "docs/one-file-plugin.md", "python")[0], encoding="utf-8")
    digits = here / "mnist"  # files of MNIST's names and format; the real ones may not be shipped
    digits.mkdir()
    for name, shape in (("images-idx3", (64, 28, 28)), ("labels-idx1", (64,))):
        header = struct.pack(f">I{len(shape)}I", 0x800 + len(shape), *shape)
        (digits / f"train-{name}-ubyte").write_bytes(header + bytes(index % 10 for index in range(math.prod(shape))))
    return here


def tried(text: str) -> str:
    """The same of a page of experiments: of those that end with the training it is checked that their settings exist.

    To train them all would take half as long as all other pages together.
    """
    needed = re.findall(r"create \w+ evaluate (\S+)", text)
    return re.sub(
        r"^(create \w+ train .*--out (\S+))$",
        lambda found: found[1] + (" --print-config" if found[2] not in needed else ""),
        text,
        flags=re.M,
    )


def run(command: str, desk: Path) -> None:
    environment = {**os.environ, "PARAGONE_MNIST": "mnist", "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=desk, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_readme_sets_up_in_two_commands() -> None:
    first, second = [block for block in blocks(ROOT / "README.md", "bash") if "venv" in block]
    assert "create image train" in first
    assert second.strip().endswith("&& pytest -n 2")
    assert all(len(block.strip().splitlines()) == 1 for block in (first, second))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_runs(path: Path, desk: Path) -> None:
    for block in blocks(path, "bash"):
        if "venv" in block:  # .ci/run runs the second of README's as it stands; of the first, all but the setting up
            if "create" not in block:
                continue
            block = block[block.index("create image train") :]
        text = shorter(block)
        for line in (tried(text) if path.stem.endswith("-tried") else text).strip().splitlines():
            if not MEASUREMENT.match(line):
                run(line, desk)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_measurement_is_there(path: Path, desk: Path) -> None:
    """What docs/benchmarks ask pytest for; it takes too long to run here."""
    lines = [line for block in blocks(path, "bash") for line in block.strip().splitlines()]
    asked = [shlex.split(found[1].split(" > ")[0]) for found in map(MEASUREMENT.match, lines) if found]
    if asked:
        script = f"import pytest\nfor each in {asked!r}:\n    assert pytest.main(['--collect-only', '-q', *each]) == 0, each"
        run(f"cd {ROOT} && {sys.executable} -c {shlex.quote(script)}", desk)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_example_runs(path: Path, desk: Path) -> None:
    code = "\n".join(blocks(path, "python"))
    if code:
        script = desk / f"{path.stem}.py"
        script.write_text(shorter(code))
        run(f"{sys.executable} {script}", desk)


def test_every_link_leads_somewhere() -> None:
    for path in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", path.read_text(encoding="utf-8")):
            page = path.parent / target if target else path
            assert page.exists(), f"{path.name}: {target}"
            assert not anchor or anchor in anchors(page), f"{path.name}: {target}#{anchor}"


def anchors(path: Path) -> set[str]:
    """What links may name in a page: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.*)", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_settings_page_is_what_the_code_says() -> None:
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == page(), "run: python tests/docs/reference.py > docs/settings.md"
    assert all(f"[{section}]" in page() for section in section_names())


def test_the_page_of_protocols_is_what_the_code_says() -> None:
    said = "run: PYTHONPATH=tests python -m docs.protocols > docs/protocols.md"
    assert (ROOT / "docs/protocols.md").read_text(encoding="utf-8") == protocols.page(), said
    assert "- extension: of one sample's file" in protocols.page()
    assert "encode(sample: torch.Tensor, provenance: Mapping[str, Any]) -> bytes" in protocols.page()


def test_every_hook_has_a_page_and_two_implementers() -> None:
    found = [name for name in vars(hooks) if name.startswith("paragone_")]
    assert found == [path.stem for path in sorted((ROOT / "docs/hooks").glob("*.md"))]
    for name in found:
        arguments = getattr(hooks, name).__code__.co_varnames
        text = (ROOT / "docs/hooks" / f"{name}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# `{name}(")
        assert all(argument in text for argument in arguments)
        implementers = set(re.findall(r"`([\w.]+\.plugin)`", text))
        assert len(implementers) >= 2, name
        for implementer in implementers:
            assert hasattr(getattr(importlib.import_module(implementer), name), "paragone_impl")


def test_every_check_of_the_contract_is_on_its_page() -> None:
    text = (ROOT / "docs/contract.md").read_text(encoding="utf-8")
    rows = [f"| `{check.name}` | {check.expected} | {'yes' if check.each_preset else ''} |" for check in CHECKS]
    assert "\n".join(rows) in text


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = project["dependencies"] + [item for extra in project["optional-dependencies"].values() for item in extra]
    text = (ROOT / "docs/dependencies.md").read_text()
    names = [re.match(r"[\w-]+", requirement)[0] for requirement in listed]  # type: ignore[index]  # every requirement begins with a name
    assert [name for name in names if not re.search(rf"\| ?.*\b{name}\b", text)] == []


def test_no_machine_or_registry_is_named() -> None:
    git = shutil.which("git")
    tracked = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split() if git else []
    if not tracked:
        pytest.skip("no checkout")
    banned = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "/wo" + "rk/", "/ro" + "ot/"]))
    for name in tracked:
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            assert not banned.search(content.decode("utf-8")), name
