"""Make the bundled model of a run: ``python tests/benchmarks/starter_model.py runs/long``.

Keeps what sampling needs, the weights in half precision, and writes the model card
from the run's own settings and from ``create image evaluate`` of what is bundled.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import paragone
from paragone import files, weights
from paragone.run import Run

MODEL = Path(__file__).parents[2] / "plugins" / "paragone_image" / "starter" / "model"
COUNT = 1024


def bundle(run: Path, folder: Path, which: str = "last") -> None:
    """Copy a run's configuration, without its paths, and its weights in half precision."""
    opened = Run.open(run)
    tensors, facts = weights.read(opened.weights(which))
    config = {**opened.config, "data": {**opened.config["data"], "path": None}}
    folder.mkdir(parents=True, exist_ok=True)
    files.write(folder / "config.json", (json.dumps(config, indent=2) + "\n").encode())
    weights.save(folder / "generator.safetensors", {name: tensor.half() for name, tensor in tensors.items()}, facts)


def card(folder: Path, seconds: float, samples: int) -> str:
    """The model card, in Markdown."""
    config = json.loads((folder / "config.json").read_text())
    train, data = config["settings"]["train"], config["data"]
    outcome = paragone.evaluate(folder, count=COUNT).to_json()
    lines = [
        "# The bundled model",
        "",
        f"Makes 32×32 RGBA sprites of {len(config['labels'])} labels: {', '.join(config['labels'])}.",
        "",
        f"- data: the bundled sprites (CC0, see [their page](../LICENSE.md)), {data['samples']:,} trained on, "
        f"{data['held_out']:,} held out by content",
        "- licence of the weights: CC0 1.0, like the data",
        f"- preset: `{train['preset']}`, seed {train['seed']}, {samples:,} real samples seen, "
        f"{seconds / 60:.0f} minutes on {train['threads'] or 'all'} CPU core{'s' * (train['threads'] != 1)}",
        f"- weights: the moving average, {(folder / 'generator.safetensors').stat().st_size / 1e6:.1f} MB in half precision",
        f"- settings: [config.json](config.json), torch {config['torch']}",
        "",
        "## Scores",
        "",
        "```bash",
        f"create image evaluate -n {COUNT}",
        "```",
        "",
        f"in a folder without runs. {COUNT:,} made against {outcome['counts']['reference']:,} held-out sprites, "
        f"features {outcome['extractor']}, seed {outcome['seed']}; real: {outcome['counts']['real']:,} training sprites in their place.",
        "",
        "| metric | made | real | |",
        "|---|---|---|---|",
        *(f"| {name} | {_number(score)} | {_number(score['real'])} | {score['doubt']} |" for name, score in outcome["scores"].items()),
        "",
        "| label | KID × 1000 | coverage | variety |",
        "|---|---|---|---|",
        *(
            f"| {label} | {_number(row['scores']['kid'])} | {_number(row['scores']['coverage'])} | {_number(row['scores']['variety'])} |"
            for label, row in outcome["labels"].items()
        ),
        "",
        "The labels' own scores rest on few held-out sprites each.",
        "",
        "These scores flatter: the settings and this training were chosen with scores on the same held-out sprites, and by eye.",
        "",
        "## Copies",
        "",
        *_copies(outcome["memorisation"]),
        "",
    ]
    return "\n".join(lines)


def _number(score: dict[str, Any]) -> str:
    deviation = "" if score["deviation"] is None else f" ± {score['deviation']:.1f}"
    return "n/a" if score["value"] is None else f"{score['value']:.3g}{deviation}"


def _copies(copied: dict[str, Any]) -> list[str]:
    return [
        f"Distance to the nearest training sprite over that of held-out sprites: {copied['ratio']:.2f}. Near-copies: "
        f"{copied['near_copies']} of {COUNT:,}, where real sprites would have {copied['near_copies_expected']:.0f}; exact copies: "
        f"{copied['exact_copies']}.",
    ]


def main(run: str, which: str = "last") -> None:
    """Bundle ``run`` and write its card."""
    bundle(Path(run), MODEL, which)
    seconds = json.loads((Path(run) / "stats.jsonl").read_text().splitlines()[-1])["seconds"]
    samples = weights.read(MODEL / "generator.safetensors")[1]["samples"]
    files.write(MODEL / "MODEL_CARD.md", card(MODEL, seconds, samples).encode())
    print(MODEL)


if __name__ == "__main__":
    main(*sys.argv[1:])
