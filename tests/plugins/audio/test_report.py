"""The page of an evaluation of sounds, in a real browser where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import paragone
from paragone.evaluation.report import render
from paragone.opening import bundled
from paragone.registry import registry

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

LOADED = """<script>
window.onload = async () => {
  const sounds = [...document.querySelectorAll("audio")], pictures = [...document.images];
  await Promise.all(sounds.map(sound => new Promise(done => {
    sound.onloadedmetadata = sound.onerror = done; sound.preload = "metadata"; sound.load();
  })));
  const long = sounds.filter(sound => Math.abs(sound.duration - 1.216) < 0.01).length;
  const drawn = pictures.filter(picture => picture.naturalWidth > 0).length;
  document.title = `${long} of ${sounds.length} sounds, ${drawn} of ${pictures.length} pictures`;
};
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
def test_a_browser_plays_and_shows_everything(tmp_path: Path) -> None:
    outcome = paragone.evaluate(bundled(registry().modality("audio").model or ""), count=24, device="cpu")
    page = tmp_path / "page.html"
    page.write_text(render(outcome).replace("</body>", f"{LOADED}</body>"), encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    shown = subprocess.run(
        [*command, "--virtual-time-budget=60000", "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120
    ).stdout
    count = 2 * (24 + 24)  # each beside its nearest, and the nearest ones again
    assert re.findall("<title>(.*)</title>", shown) == [f"{count} of {count} sounds, {count} of {count} pictures"]
