"""The declaration of pictures. No torch here."""

from __future__ import annotations

from paragone.evaluation.metrics import FEATURE_METRICS
from paragone.hooks import hookimpl
from paragone.modality import Extractor, Modality

from .config import PictureData, PictureSample
from .presets import ARTICLE, DCGAN, R3GAN, SMALL


@hookimpl
def paragone_modality() -> Modality:
    """Pictures: PNG, JPEG, WebP, GIF, BMP, IDX and npz in; PNG out."""
    return Modality(
        name="image",
        summary="Pictures: drawings, sprites, photos.",
        presets=(SMALL, DCGAN, ARTICLE, R3GAN),
        dataset="paragone_image.dataset:open_dataset",
        artefacts="paragone_image.artefacts:Pictures",
        data_config=PictureData,
        sample_config=PictureSample,
        starter="paragone_image:starter/sprites.zip",
        model="paragone_image:starter/model",
        extractors=(
            Extractor(
                "efficientnet-lite0",
                "EfficientNet-Lite0 on ImageNet, offline (extra: evaluate).",
                "paragone_image.extractors.efficientnet:build",
            ),
            Extractor(
                "inception",
                "Inception v3, for scores to be compared with papers (extra: inception).",
                "paragone_image.extractors.inception:build",
            ),
            Extractor("pixels", "The bare pixels; needs nothing, says little.", "paragone_image.extractors.pixels:build"),
        ),
        metrics=FEATURE_METRICS,
        embedding="paragone_image.embedding:embed",
    )
