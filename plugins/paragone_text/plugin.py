"""The declaration of texts. No torch here."""

from __future__ import annotations

from paragone.hooks import hookimpl
from paragone.modality import Modality

from .config import TextData, TextSample
from .measures import EXTRACTORS, METRICS
from .presets import LINES, MLE, NAMES, RELGAN


@hookimpl
def paragone_modality() -> Modality:
    """Texts: lines, tables and JSON in; lines out."""
    return Modality(
        name="text",
        summary="Words: names, titles, lines.",
        presets=(NAMES, LINES, MLE, RELGAN),
        dataset="paragone_text.dataset:open_dataset",
        artefacts="paragone_text.artefacts:Lines",
        data_config=TextData,
        sample_config=TextSample,
        choosing="paragone_text.choosing:choose",
        lines=True,
        starter="paragone_text:starter/towns.tsv",
        model="paragone_text:starter/model",
        extractors=EXTRACTORS,
        metrics=METRICS,
    )
