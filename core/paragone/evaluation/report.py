"""An evaluation as one HTML file that needs nothing else: no network, no second file."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch

from .. import files
from ..artefacts import SHOWN, Artefacts, Lines, writer_of
from ..stats_log import read_lines, read_stats
from .curves import curve
from .evaluate import Compared, Evaluation
from .evidence import Score

SHEET = 64
PAIRS = 24
CURVES = ("margin", "loss_generator", "loss_discriminator", "diversity", "augment_p", "r_t", "gradient_generator", "gradient_discriminator")
"""Statistics of the training that are drawn."""

_AGAINST = {"held-out": "samples held out of the training", "given": "the data given", "training": "the samples it was trained on"}
_BESIDE = "with its nearest training sample to the right, and the distance between the two over the typical one"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse } th, td { padding: .25rem .75rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child, td.words, .facts td { text-align: left } td.doubtful { color: #a40 }
.tiles { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0 } figcaption { font-size: .8rem; color: #555 }
.pair img, .pair video { width: 6rem }
.pair img { image-rendering: pixelated; background: repeating-conic-gradient(#eee 0 25%, #fff 0 50%) 0 0 / 1rem 1rem }
.previews { display: grid; grid-template-columns: 15rem 15rem; gap: .25rem .5rem } .previews figcaption { grid-column: span 2 }
.previews video { width: 100% }
.previews img, .previews audio { display: block; width: 100%; height: auto; image-rendering: auto } .previews audio { height: 2rem }
.sheet img { max-width: 100%; image-rendering: pixelated } svg { background: #f7f7f7 }
pre { overflow: auto; background: #f7f7f7; padding: 1rem }
"""


def write_report(evaluation: Evaluation, path: Path) -> None:
    """Write :func:`render` to ``path``; an old file stays until the new one is complete.

    Raises:
        OutputError: if it cannot be written.
    """
    files.write(path, render(evaluation).encode("utf-8", "replace"))


def render(evaluation: Evaluation) -> str:
    """The whole page: samples, scores, labels, copies, curves, provenance."""
    run, sampler = evaluation.sampler.run, evaluation.sampler
    artefacts = writer_of(sampler.modality, sampler.spec, sampler.modality.sample_config())
    counts = evaluation.total.counts
    facts = {
        "Generated": f"{counts['generated']:,} samples, seeds {evaluation.seed} to {evaluation.seed + counts['generated'] - 1}",
        "Compared with": f"{counts['reference']:,} of {_AGAINST[evaluation.reference]}",
        "Real for comparison": f"{counts['real']:,} samples",
        "Features": evaluation.extractor,
        "Weights": f"{sampler.which}, {sampler.hash}",
    }
    parts = [
        f"<h1>How good is {_text(run.path.name)}?</h1>",
        f'<div class="facts">{_table([[name, value] for name, value in facts.items()])}</div>',
        *(f"<p>Note: {_text(note)}</p>" for note in evaluation.notes),
        "<h2>Samples</h2>",
        _sheet(evaluation, artefacts),
        "<h2>Scores</h2>",
        "<p>No generator can be expected to do better than real samples do.</p>",
        _scores(evaluation),
        _labels(evaluation),
        _copies(evaluation, artefacts),
        "<h2>The training</h2>",
        _curves(evaluation),
        "<h2>Provenance</h2>",
        _details("config.json", {**run.config, "data": {**run.config["data"], "path": None}}),  # where it lies is nobody's business
        _details("all numbers", {**evaluation.to_json(), "run": run.path.name}),
    ]
    title = f"{_text(run.path.name)}: evaluation"
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _sheet(evaluation: Evaluation, artefacts: Artefacts) -> str:
    shown = torch.arange(min(SHEET, len(evaluation.generated)))
    paired = bool(evaluation.memorisation and evaluation.training)
    if paired or hasattr(artefacts, "preview"):
        return (f"<p>Each {_BESIDE}.</p>" if paired else "") + _tiles(evaluation, artefacts, shown)
    data = artefacts.sheet(evaluation.generated.read(shown), 8, (), {})
    return f'<div class="sheet">{_embed(data, artefacts.sheet_extension)}</div>'


def _scores(evaluation: Evaluation) -> str:
    rows: list[list[str]] = [["", "generated", "real", ""]]
    for metric in evaluation.metrics:
        score, real = evaluation.total.generated[metric.name], evaluation.total.real.get(metric.name)
        about = f"{metric.summary} {metric.aim.capitalize()}."
        doubt = f"doubtful: {score.doubt}" if score.doubt else f"doubtful, the real one: {real.doubt}" if real and real.doubt else about
        rows.append([metric.title or metric.name, _figure(score), _figure(real), doubt])
    return _table(rows)


def _labels(evaluation: Evaluation) -> str:
    if not evaluation.labels:
        return ""
    single = [metric for metric in evaluation.metrics if metric.per_label]
    rows = [["label", "generated", "reference", *(name for metric in single for name in (metric.title or metric.name, "real"))]]
    for label, compared in evaluation.labels.items():
        counts = [f"{compared.counts['generated']:,}", f"{compared.counts['reference']:,}"]
        rows.append([label, *counts, *_cells(compared, [metric.name for metric in single])])
    return f"<h2>Each label by itself</h2>{_table(rows)}<p>? too few samples of that label to trust the number.</p>"


def _cells(compared: Compared, names: Iterable[str]) -> list[str]:
    scores = (score for name in names for score in (compared.generated[name], compared.real.get(name)))
    return [_figure(score) + "?" * (score is not None and score.value is not None and bool(score.doubt)) for score in scores]


def _copies(evaluation: Evaluation, artefacts: Artefacts) -> str:
    copied = evaluation.memorisation
    if copied is None or evaluation.training is None:
        return ""
    real = "held-out samples have" if copied.baseline == "held-out" else "training samples have from each other"
    rows = [
        [
            f"median distance to the nearest training sample, over that which {real}",
            "n/a" if copied.ratio is None else f"{copied.ratio:.2f}",
        ],
        ["near-copies (as near as the nearest 1 % of real samples)", f"{copied.near_copies} (real: {copied.expected:.0f})"],
        ["exact copies", str(copied.exact)],
    ]
    # the nearest ones first: if anything was copied, it is among them
    order = copied.closeness.argsort(stable=True)[:PAIRS]
    doubt = f"<p>Doubtful: {_text(copied.doubt)}.</p>" if copied.doubt else ""
    told = f"<p>The samples that come nearest to the training set, each {_BESIDE}.</p>"
    return f"<h2>New, or copied?</h2>{_table(rows)}{doubt}{told}{_tiles(evaluation, artefacts, order)}"


def _tiles(evaluation: Evaluation, artefacts: Artefacts, order: torch.Tensor) -> str:
    """The generated samples ``order``, each beside its nearest training sample where that is known."""
    copied, labels, numbers = evaluation.memorisation, evaluation.sampler.labels, evaluation.generated.numbers
    shown = [evaluation.generated.read(order)]
    if copied is not None and evaluation.training is not None:
        shown.append(evaluation.training.read(copied.nearest[order]))
    kind = "previews" if hasattr(artefacts, "preview") else "pair"
    figures = []
    for row, index in enumerate(order.tolist()):
        name = "" if numbers is None or not labels else f", {labels[int(numbers[index])]}"
        distance = "" if copied is None or copied.ratio is None else f": {float(copied.closeness[index]):.2f}"
        caption = f"seed {evaluation.seed + index}{name}{distance}"
        parts = "".join(_show(artefacts, samples[row], evaluation.sampler.modality.lines) for samples in shown)
        figures.append(f'<figure class="{kind}">{parts}<figcaption>{_text(caption)}</figcaption></figure>')
    return f'<div class="tiles">{"".join(figures)}</div>'


def _show(artefacts: Artefacts, sample: torch.Tensor, line: bool) -> str:
    """One sample: its line, its file, or what the medium has a page show instead; see :class:`paragone.artefacts.Previewed`."""
    if line:
        return _embed(cast(Lines, artefacts).line(sample).encode(), ".txt")
    if not hasattr(artefacts, "preview"):
        return _embed(artefacts.encode(sample, {}), artefacts.extension)
    loops = getattr(artefacts, "loops", False)
    return f"<div>{''.join(_embed(data, extension, loops) for extension, data in artefacts.preview(sample))}</div>"


def _curves(evaluation: Evaluation) -> str:
    run = evaluation.sampler.run
    history = read_stats(run.stats)
    series: dict[str, list[tuple[float, float]]] = {name: [(stats.samples, getattr(stats, name)) for stats in history] for name in CURVES}
    looks: dict[str, list[tuple[float, float]]] = {}
    for line in read_lines(run.scores):
        samples = line.get("samples") if isinstance(line, dict) else None
        if isinstance(samples, int) and abs(samples) < 2**63:
            for name, value in line.items():
                if isinstance(value, float) and math.isfinite(value):
                    looks.setdefault(name, []).append((samples, value))
    drawn = [curve(name.replace("_", " "), sorted(set(points))) for name, points in {**looks, **series}.items() if len(points) > 1]
    return f'<div class="tiles">{"".join(drawn)}</div>' if drawn else "<p>It kept no statistics.</p>"


def _details(title: str, facts: Mapping[str, Any]) -> str:
    return f"<details><summary>{title}</summary><pre>{_text(json.dumps(facts, indent=2, ensure_ascii=False))}</pre></details>"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells; a first row with an empty or plain-word first cell and more than two columns is a heading."""
    lines = []
    for number, row in enumerate(rows):
        tag = "th" if number == 0 and len(row) > 2 else "td"
        lines.append("<tr>" + "".join(f"<{tag}{_kind(cell)}>{_text(cell)}</{tag}>" for cell in row) + "</tr>")
    return f"<table>{''.join(lines)}</table>"


def _kind(cell: str) -> str:
    if cell.startswith("doubtful"):
        return ' class="words doubtful"'
    return ' class="words"' if len(cell) > 24 else ""


def _figure(score: Score | None) -> str:
    if score is None or score.value is None:
        return "n/a"
    digits = 1 if abs(score.value) >= 10 else 3
    return f"{score.value:.{digits}f}" + ("" if score.deviation is None else f" ± {score.deviation:.{digits}f}")


def _embed(data: bytes, extension: str, loops: bool = False) -> str:
    """A file inside the page: a picture, a sound, a film, or else text; of what no browser shows, how large it is."""
    kind = SHOWN.get(extension)
    if kind is None:
        with contextlib.suppress(UnicodeDecodeError):
            return f'<pre dir="auto">{_text(data.decode())}</pre>'
        return f"<p>{_text(extension)}, {len(data):,} bytes</p>"
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    if kind.startswith(("audio", "video")):
        player = kind.partition("/")[0]
        return f'<{player} controls{" loop" * loops} preload="none" src="{source}"></{player}>'
    return f'<img alt="" src="{source}">'


def _text(text: str) -> str:
    return html.escape(text)
