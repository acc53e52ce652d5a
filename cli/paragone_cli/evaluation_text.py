"""An evaluation in words and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paragone.modality import Modality

_AGAINST = {"held-out": "held-out samples", "given": "samples of the data given", "training": "samples it was trained on"}


def table(facts: Mapping[str, Any], modality: Modality) -> list[str]:
    """Lines of text: the scores, those of each label, what was copied, and what to keep in mind.

    Args:
        facts: what :meth:`paragone.evaluation.evaluate.Evaluation.to_json` gives.
        modality: that declares the metrics.
    """
    counts, titles = facts["counts"], {metric.name: metric.title or metric.name for metric in modality.metrics}
    aims = {metric.name: metric.aim for metric in modality.metrics}
    lines = [
        f"{facts['run']}, {facts['weights']} weights ({facts['hash']})",
        f"{counts['generated']:,} generated against {counts['reference']:,} {_AGAINST[facts['reference']]}; "
        f"for comparison {counts['real']:,} real ones",
        f"features {facts['extractor']}, seed {facts['seed']}",
        "",
    ]
    rows = [["", "generated", "real", ""]]
    for name, score in facts["scores"].items():
        rows.append([titles[name], figure(score), figure(score["real"]), _remark(score) or aims[name]])
    lines += aligned(rows)
    if facts["labels"]:
        lines += ["", *aligned(_label_rows(facts, titles))]
        scores = [score for row in facts["labels"].values() for score in row["scores"].values()]
        if any(_doubted(score) or _doubted(score["real"]) for score in scores):
            lines.append("? too few samples of that label: not to be trusted")
    return [*lines, "", *_copies(facts["memorisation"], counts["generated"]), *(f"note: {note}" for note in facts["notes"])]


def figure(score: Mapping[str, Any] | None) -> str:
    """``61.2 ± 4.0``; ``n/a`` where there is no value."""
    if score is None or score["value"] is None:
        return "n/a"
    digits = 1 if abs(score["value"]) >= 10 else 3
    deviation = "" if score["deviation"] is None else f" ± {score['deviation']:.{digits}f}"
    return f"{score['value']:.{digits}f}{deviation}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with the columns under each other, the first one to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    last = len(widths) - 1
    padded = ([cell.ljust(widths[i]) if i in (0, last) else cell.rjust(widths[i]) for i, cell in enumerate(row)] for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def _remark(score: Mapping[str, Any]) -> str:
    """Why a score, or the one beside it, is not to be trusted; empty if they are."""
    doubt, real = score["doubt"], (score["real"] or {}).get("doubt", "")
    told = [f"doubtful: {doubt}" if doubt else "", f"real doubtful: {real}" if real and real != doubt else ""]
    return "; ".join(filter(None, told))


def _doubted(score: Mapping[str, Any] | None) -> bool:
    """Whether there is a number that cannot be trusted."""
    return score is not None and score["value"] is not None and bool(score["doubt"])


def _label_rows(facts: Mapping[str, Any], titles: Mapping[str, str]) -> list[list[str]]:
    names = list(next(iter(facts["labels"].values()))["scores"])
    rows = [["label", "generated", "reference", *(heading for name in names for heading in (titles[name], "real")), ""]]
    for label, row in facts["labels"].items():
        cells = []
        for name in names:
            score = row["scores"][name]
            cells += [figure(one) + "?" * _doubted(one) for one in (score, score["real"])]
        rows.append([label, f"{row['counts']['generated']:,}", f"{row['counts']['reference']:,}", *cells, ""])
    return rows


def _copies(copied: Mapping[str, Any] | None, generated: int) -> list[str]:
    if copied is None:
        return []
    real = "held-out samples" if copied["baseline"] == "held-out" else "training samples to each other"
    ratio = "n/a" if copied["ratio"] is None else f"{copied['ratio']:.2f}"
    lines = [
        f"distance to the nearest training sample, over that of {real}: {ratio} (a copy: 0, new: about 1 or more)",
        f"near-copies: {copied['near_copies']} of {generated:,} (real samples would have {copied['near_copies_expected']:.0f}), "
        f"exact copies: {copied['exact_copies']}",
    ]
    return [*lines, f"doubtful: {copied['doubt']}"] if copied["doubt"] else lines
