"""Each hook, by the example on its page: what is documented works, and nothing of it is left out."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest

from paragone import hooks
from paragone.modality import Extractor, Metric, Modality, Preset
from paragone.registry import load

PAGES = Path(__file__).parents[2] / "docs" / "hooks"


def page(hook: str) -> str:
    return (PAGES / f"{hook}.md").read_text(encoding="utf-8")


def test_every_hook_has_a_test_here() -> None:
    found = [name for name in vars(hooks) if name.startswith("paragone_")]
    assert [name for name in found if f"test_{name}" not in globals()] == []


def test_paragone_modality(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", page("paragone_modality"), re.S | re.M)
    (tmp_path / "example_plugin.py").write_text(example.replace('name="points"', 'name="example"'))
    monkeypatch.syspath_prepend(str(tmp_path))
    found = load([importlib.metadata.EntryPoint("example", "example_plugin", hooks.ENTRY_POINTS)])
    sys.modules.pop("example_plugin")
    assert [row.state for row in found.plugins] == ["ok"]
    modality = found.modality("example")
    assert modality.presets[0].settings == {"train.batch": 256}
    assert modality.dataset == "paragone_points.model:open_points"


@pytest.mark.parametrize("kind", [Modality, Preset, Extractor, Metric])
def test_every_field_of_a_declaration_is_documented(kind: type) -> None:
    text = page("paragone_modality")
    table = text[text.index(f"| field of `{kind.__name__}`") :].partition("\n\n")[0]
    listed = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(listed) == sorted(field.name for field in dataclasses.fields(kind))
