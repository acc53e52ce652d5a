"""Maps of many points. No torch here: it is asked before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from paragone.errors import UsageError
from toy_plugin.plugin import PointOrMapSample

if TYPE_CHECKING:
    from paragone.batch import Batch


class Map:
    """All points of a batch in one file, and those of each label in another."""

    count, most = 3, 5

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self, batch: Batch) -> dict[Path, bytes]:
        by_label: dict[str, list[list[float]]] = {}
        for label, sample in zip(batch.labels, batch.samples.tolist(), strict=True):
            by_label.setdefault(label or "", []).append(sample)
        content = {self.path.with_name(f"{label}.json"): json.dumps(points).encode() for label, points in by_label.items()}
        return {self.path: json.dumps(by_label).encode(), **content}


def collect(options: PointOrMapSample) -> Map | None:
    if options.map.endswith(".exe"):
        raise UsageError("is no place for a map", where="--map")
    maker = Map(Path(options.map)) if options.map else None
    if maker and maker.path.name == "small.json":
        maker.labels = 1
    return maker
