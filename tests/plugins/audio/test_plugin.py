"""What the declaration of sounds promises."""

from __future__ import annotations

import subprocess
import sys

from paragone.registry import registry


def test_importing_the_declaration_imports_nothing_heavy() -> None:
    heavy = ["torch", "torchaudio", "numpy", "soundfile"]
    code = f"import sys, paragone_audio.plugin as p; p.paragone_modality(); print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_sounds_have_a_starter_and_are_checked() -> None:
    medium = registry().modality("audio")
    assert medium.has_starter
    assert medium.check == "paragone_audio.needs:check"
    assert not medium.lines
