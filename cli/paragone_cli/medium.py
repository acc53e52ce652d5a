"""``create MEDIUM``: built from the medium's declaration, whatever it is."""

from __future__ import annotations

from functools import partial
from typing import Any

from paragone.errors import UsageError
from paragone.modality import Modality
from paragone.options import nearest_error

from . import sampling
from .flags import with_parameters
from .groups import CONTEXT, DEBUG, HELP, LazyGroup, Stub, lazy_group


def build_medium(modality: Modality) -> LazyGroup:
    """The group of one medium: it makes samples by itself, and lists its verbs."""
    flags = sampling.flags(modality)
    parameters = [CONTEXT, *(flag.parameter() for flag in flags), DEBUG, HELP]
    stubs = [Stub("train", "Learn from your own examples.", "Commands", partial(_build_train, modality))]
    if modality.metrics and modality.extractors:
        stubs.append(Stub("evaluate", "Measure how good a training's samples are.", "Commands", partial(_build_evaluate, modality)))
    callback = with_parameters(partial(sampling.run, modality, flags), parameters)
    return lazy_group(callback, sampling.help_text(modality), stubs, partial(_unknown, modality, [stub.name for stub in stubs]))


def _build_train(modality: Modality) -> Any:
    from .training import build_train

    return build_train(modality)


def _build_evaluate(modality: Modality) -> Any:
    from .evaluating import build_evaluate

    return build_evaluate(modality)


def _unknown(modality: Modality, verbs: list[str], name: str) -> UsageError:
    if name == "evaluate":
        what = "declares no metrics or no feature extractor, so nothing can be measured"
        return UsageError(
            what, where=modality.name, fix="Its author can add both: see `extractors` and `metrics` of paragone.modality.Modality."
        )
    return nearest_error("command", name, verbs)
