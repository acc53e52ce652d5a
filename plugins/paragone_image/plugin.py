"""The declaration of pictures. No torch here."""

from __future__ import annotations

from paragone.hooks import hookimpl
from paragone.modality import Modality

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
    )
