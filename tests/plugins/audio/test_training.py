"""A whole way: odd data, a short training, sounds, and an evaluation."""

from __future__ import annotations

import numpy as np
import soundfile

import paragone

from .conftest import Opener, hit


def test_a_label_with_one_file_is_learned_made_and_judged(opener: Opener) -> None:
    rng = np.random.default_rng(0)
    for label, count in (("kick", 15), ("snare", 15), ("gong", 1)):
        for number in range(count):
            opener.sound(f"set/{label}/{number}.wav", hit(frequency=300 + 20 * number) + rng.normal(0, 0.01, 1600))
    settings = {
        "train.device": "cpu",
        "train.threads": 1,
        "train.hold_out": 0.3,
        "train.cluster_size": 4,
        "data.rate": 8000,
        "data.seconds": 0.128,
        "network.width": 8,
    }
    run = paragone.train("audio", opener.folder / "set", out=opener.folder / "run", samples=64, settings=settings)
    assert run.config["labels"] == ["gong", "kick", "snare"]
    assert soundfile.info(run.path / "real.flac").frames == 3 * 2 * (1024 + 800)  # two of each label, a tenth of a second apart
    assert [path.suffix for path in sorted(run.samples.iterdir())] == [".flac", ".png"]
    made = paragone.load(run.path).sample(range(3), label="gong")
    assert made.labels == ["gong"] * 3
    assert made.samples.abs().amax() > 0.1
    outcome = paragone.evaluate(run.path, count=24)
    scores = outcome.to_json()
    assert scores["scores"]["kid"]["value"] is not None
    for label, row in outcome.labels.items():  # of one that was held out whole, or of which there is one, no more than that is said
        for name, score in row.generated.items():
            assert score.value is not None or score.doubt, (label, name)
