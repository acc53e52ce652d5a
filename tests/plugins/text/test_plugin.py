"""What the declaration of texts promises."""

from __future__ import annotations

import subprocess
import sys

import pytest

from paragone import api
from paragone.errors import UsageError
from paragone.registry import registry


def test_importing_the_declaration_imports_no_torch() -> None:
    heavy = ["torch", "numpy", "tokenizers", "regex"]
    code = f"import sys, paragone_text.plugin as p; p.paragone_modality(); print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_texts_are_lines_with_a_starter() -> None:
    medium = registry().modality("text")
    assert medium.lines
    assert medium.has_starter
    assert [preset.name for preset in medium.presets] == ["names", "lines", "mle", "relgan"]


def test_nothing_is_kept_by_a_metric_that_only_wants_to_be_as_the_real_one() -> None:
    with pytest.raises(UsageError, match="neither more nor less of novel is better"):
        api.plan("text", layers=[("test", {"train.keep_best": "novel"})])
