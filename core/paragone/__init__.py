"""Paragone: one adversarial-training engine for every medium.

>>> import paragone
>>> run = paragone.train("image", "sprites.zip", minutes=10, out="runs/sprites")  # doctest: +SKIP
>>> model = paragone.load("runs/sprites")                                         # doctest: +SKIP
>>> model.sample(seeds=range(16), truncation=0.8).save("out/")                    # doctest: +SKIP

Importing this package imports no torch: that happens when one of the names
below is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import load, resume, sample, train
    from .batch import Batch
    from .errors import ParagoneError
    from .evaluation.evaluate import Evaluation, evaluate
    from .run import Run
    from .sampler import Sampler

__version__ = "0.1.0"
__all__ = ["Batch", "Evaluation", "ParagoneError", "Run", "Sampler", "__version__", "evaluate", "load", "resume", "sample", "train"]

_HOMES = {
    "Batch": "batch",
    "Evaluation": "evaluation.evaluate",
    "ParagoneError": "errors",
    "Run": "run",
    "Sampler": "sampler",
    "evaluate": "evaluation.evaluate",
    "load": "api",
    "resume": "api",
    "sample": "api",
    "train": "api",
}


if not TYPE_CHECKING:  # else a type checker would take any name for one of these

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
