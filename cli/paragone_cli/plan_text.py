"""A training in words: what is planned, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paragone import weights
from paragone.artefacts import PLAYED
from paragone.run import Run
from paragone.stats_log import read_stats

_LABELS_SHOWN = 12


def summary(plan: Mapping[str, Any]) -> str:
    """One line for the start of a training.

    Args:
        plan: what :meth:`paragone.api.Plan.to_json` gives.
    """
    data = plan["data"]
    labels = f" with {len(data['labels'])} labels" if data["labels"] else ""
    clusters = f" in {plan['clusters']} clusters" if plan["clusters"] else ""
    what = f"{plan['modality']} {plan['preset']}: {data['samples']:,} samples{labels}{clusters} ({data['spec']})"
    among = f" by {plan['processes']} processes" if plan["processes"] > 1 else ""
    return f"{what} on {plan['device']} in {plan['precision']}{among} → {plan['out']}"


def lines(plan: Mapping[str, Any]) -> list[str]:
    """The whole plan, one fact a line.

    Args:
        plan: as for :func:`summary`.
    """
    data, train, count = plan["data"], plan["settings"]["train"], plan["parameters"]
    shown = ", ".join(data["labels"][:_LABELS_SHOWN]) + (", …" if len(data["labels"]) > _LABELS_SHOWN else "")
    budget = f"{train['minutes']:g} minutes" if train["minutes"] is not None else f"{train['samples']:,} samples"
    facts = {
        "medium": plan["modality"],
        "preset": plan["preset"],
        "data": f"{data['path'] or 'starter set'}, {data['samples']:,} samples",
        "sample": data["spec"],
        "labels": f"{len(data['labels'])}: {shown}" if data["labels"] else "none",
        "clusters": f"{plan['clusters']} of like samples" if plan["clusters"] else "none",
        "generator": f"{count['generator']:,} parameters",
        "discriminator": f"{count['discriminator']:,} parameters",
        "device": f"{plan['device']}, {plan['precision']}",
        "budget": f"{budget}, {train['batch']} samples a step",
        **({"pace": _pace(plan["pace"], train, data["samples"])} if plan.get("pace") else {}),
        "out": plan["out"],
    }
    if plan["processes"] > 1:
        facts["processes"] = f"{plan['processes']}, {train['batch'] // plan['processes']} samples of a step each"
    return [f"{name:<14} {fact}" for name, fact in facts.items()]


def _pace(pace: float, train: Mapping[str, Any], samples: int) -> str:
    """What a budget comes to at so many samples a second."""
    shown = train["samples"] or pace * 60 * train["minutes"]
    often = f"each of {samples:,} about {_rounded(shown / samples)} times"
    return f"about {_rounded(pace)} samples a second here: {_rounded(shown)} in {_minutes(shown / pace)}, {often}"


def _minutes(seconds: float) -> str:
    return f"{_rounded(seconds / 60)} minutes" if seconds < 7200 else f"{_rounded(seconds / 3600)} hours"


def _rounded(number: float) -> str:
    """To two digits: more would not be true."""
    return f"{float(f'{number:.2g}'):,.10g}"


def outcome(run: Run) -> dict[str, Any]:
    """What a finished training came to over all its sessions, as JSON values.

    Path, samples, seconds, health, the newest sheet, and the newest medley where the medium is heard.

    Raises:
        RunError: if its state cannot be read.
    """
    state, told = weights.facts(run.state), read_stats(run.stats)
    kept = sorted(run.samples.glob("[!.]*"))
    seen = [path for path in kept if path.suffix not in PLAYED] or kept  # a sheet may itself be one to hear
    sheet = seen[-1] if seen else None
    medleys = [path for path in kept if sheet and path.stem == sheet.stem and path.suffix in PLAYED and path != sheet]
    return {
        "path": str(run.path),
        "samples": state["samples"],
        "seconds": round(state["seconds"], 3),
        "health": told[-1].health if told else "",
        "sheet": str(sheet) if sheet else None,
        "medley": str(medleys[0]) if medleys else None,
    }
