"""Make the bundled model of a run: ``python tests/benchmarks/starter_model.py runs/long``.

Keeps what sampling needs, the weights in half precision, and writes the model card
from the run's own settings and from ``create MEDIUM evaluate`` of what is bundled.
``python tests/benchmarks/starter_model.py image`` measures again what is bundled, after metrics have changed.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paragone
from paragone import files, weights
from paragone.registry import registry
from paragone.run import Run

PLUGINS = Path(__file__).parents[2] / "plugins"
COUNT = 1024


@dataclass(frozen=True)
class Medium:
    """What differs between the cards.

    Attributes:
        makes: what the model makes.
        samples: what its samples are called.
        data: where the data is from, and its licence.
        licence: of the weights.
        critic: whether sampling can make use of the discriminator too.
    """

    makes: str
    samples: str
    data: str
    licence: str
    critic: bool = False


MEDIA = {
    "image": Medium(
        "32×32 RGBA sprites", "sprites", "the bundled sprites (CC0, see [their page](../LICENSE.md))", "CC0 1.0, like the data"
    ),
    "text": Medium(
        "town names of up to 20 letters",
        "names",
        "the bundled towns (Data from GeoNames, geonames.org, CC BY 4.0, see [their page](../LICENSE.md))",
        "CC BY 4.0, like the data",
        critic=True,
    ),
    "audio": Medium(
        "drum hits of 1.2 s at 16 kHz",
        "sounds",
        "the bundled drums (FluidR3 GM, MIT, and Sonic Pi, CC0; see [their page](../LICENSE.md))",
        "MIT, like the data",
    ),
}


def bundle(run: Run, folder: Path, which: str = "last") -> None:
    """Copy a run's configuration, without its paths, and its weights in half precision."""
    config = {**run.config, "data": {**run.config["data"], "path": None}}
    folder.mkdir(parents=True, exist_ok=True)
    files.write(folder / "config.json", (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode())
    tensors, facts = weights.read(run.weights(which))
    weights.save(folder / "generator.safetensors", {name: tensor.half() for name, tensor in tensors.items()}, facts)
    if MEDIA[run.modality].critic:
        tensors, _ = weights.read(run.state, "discriminator.")
        weights.save(folder / "discriminator.safetensors", {name: tensor.half() for name, tensor in tensors.items()}, facts)


def card(folder: Path, medium: Medium, seconds: float, samples: int) -> str:
    """The model card, in Markdown."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    train, data = config["settings"]["train"], config["data"]
    outcome = paragone.evaluate(folder, count=COUNT).to_json()
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors")) / 1e6
    shown = list(next(iter(outcome["labels"].values()))["scores"])
    titles = {metric.name: metric.title or metric.name for metric in registry().modality(config["modality"]).metrics}
    lines = [
        "# The bundled model",
        "",
        f"Makes {medium.makes} of {len(config['labels'])} labels: {', '.join(config['labels'])}.",
        "",
        f"- data: {medium.data}, {data['samples']:,} trained on, {data['held_out']:,} held out by content",
        f"- licence of the weights: {medium.licence}",
        f"- preset: `{train['preset']}`, seed {train['seed']}, {samples:,} real samples seen, "
        f"{seconds / 60:.0f} minutes on {train['threads'] or 'all'} CPU core{'s' * (train['threads'] != 1)}",
        f"- weights: the moving average{' and the discriminator' * medium.critic}, {size:.1f} MB in half precision",
        f"- settings: [config.json](config.json), torch {config['torch']}",
        "",
        "## Scores",
        "",
        "```bash",
        f"create {config['modality']} evaluate -n {COUNT}",
        "```",
        "",
        f"in a folder without runs. {COUNT:,} made against {outcome['counts']['reference']:,} held-out {medium.samples}, "
        f"features {outcome['extractor']}, seed {outcome['seed']}; real: {outcome['counts']['real']:,} training ones instead.",
        "",
        "| metric | made | real | |",
        "|---|---|---|---|",
        *(
            f"| {titles[name]} | {_number(score)} | {_number(score['real'])} | {score['doubt']} |"
            for name, score in outcome["scores"].items()
        ),
        "",
        f"| label | {' | '.join(f'{titles[name]} | real' for name in shown)} |",
        "|---" * (2 * len(shown) + 1) + "|",
        *(f"| {label} | {' | '.join(_beside(row['scores'][name]) for name in shown)} |" for label, row in outcome["labels"].items()),
        "",
        f"? rests on too few held-out {medium.samples} of that label to be trusted.",
        "",
        f"These scores flatter: the settings and this training were chosen with scores on the same held-out {medium.samples}, and by eye.",
        "",
        "## Copies",
        "",
        *_copies(outcome["memorisation"], medium.samples),
        "",
    ]
    return "\n".join(lines)


def _number(score: dict[str, Any]) -> str:
    deviation = "" if score["deviation"] is None else f" ± {score['deviation']:.2g}"
    return "n/a" if score["value"] is None else f"{score['value']:.3g}{deviation}"


def _beside(score: dict[str, Any]) -> str:
    """A label's score and the real one; doubtful ones are marked."""
    pair = (score, score["real"])
    return " | ".join("n/a" if one is None else _number(one) + "?" * bool(one["value"] is not None and one["doubt"]) for one in pair)


def _copies(copied: dict[str, Any], samples: str) -> list[str]:
    return [
        f"Distance to the nearest training sample over that of held-out {samples}: {copied['ratio']:.2f}. Near-copies: "
        f"{copied['near_copies']} of {COUNT:,}, where real {samples} would have {copied['near_copies_expected']:.0f}; exact copies: "
        f"{copied['exact_copies']}.",
    ]


def main(path: str, which: str = "last") -> None:
    """Bundle the run at ``path`` and write its card; of a medium's name, write the card of what is bundled again."""
    modality = path if path in MEDIA else Run.open(Path(path)).modality
    folder = PLUGINS / f"paragone_{modality}" / "starter" / "model"
    if path in MEDIA:
        (minutes,) = re.findall(r"(\d+) minutes on", (folder / "MODEL_CARD.md").read_text(encoding="utf-8"))
        seconds = 60 * float(minutes)
    else:
        run = Run.open(Path(path))
        bundle(run, folder, which)
        seconds = json.loads(run.stats.read_text().splitlines()[-1])["seconds"]
    samples = weights.read(folder / "generator.safetensors")[1]["samples"]
    files.write(folder / "MODEL_CARD.md", card(folder, MEDIA[modality], seconds, samples).encode())
    print(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
