"""The declaration of sounds. No torch here."""

from __future__ import annotations

from paragone.hooks import hookimpl
from paragone.modality import Modality

from .config import AudioData, AudioSample
from .measures import EXTRACTORS, METRICS
from .presets import SMALL, STUDIO, WAVEGAN


@hookimpl
def paragone_modality() -> Modality:
    """Sounds: WAV, FLAC, OGG, MP3 and AIFF in; WAV, FLAC or OGG out."""
    return Modality(
        name="audio",
        summary="Sound: drum hits, notes, birds, effects.",
        presets=(SMALL, STUDIO, WAVEGAN),
        dataset="paragone_audio.dataset:open_dataset",
        artefacts="paragone_audio.artefacts:Sounds",
        data_config=AudioData,
        sample_config=AudioSample,
        collecting="paragone_audio.kit:collect",
        check="paragone_audio.needs:check",
        starter="paragone_audio:starter/drums.zip",
        model="paragone_audio:starter/model",
        extractors=EXTRACTORS,
        metrics=METRICS,
        embedding="paragone_audio.embedding:embed",
    )
