"""What my-medium is: names, settings, and where its code is. No torch here: `create --help` must stay quick."""

from dataclasses import dataclass

from paragone.evaluation.metrics import FEATURE_METRICS
from paragone.hooks import hookimpl
from paragone.modality import Extractor, Modality, Preset
from paragone.options import setting


@dataclass(frozen=True)
class Networks:
    latent: int = setting(16, "Length of the latent vector.", minimum=1)
    width: int = setting(64, "Channels of the convolutions.", minimum=1)


TRAINING = {"penalty.fd_r1": 1.0, "penalty.fd_r2": 1.0, "generator.learning_rate": 1e-3, "discriminator.learning_rate": 1e-3}


@hookimpl
def paragone_modality() -> Modality:
    return Modality(
        name="my-medium",
        summary="Sounds of an eighth of a second.",
        presets=(Preset("small", "Two small convolutional networks.", "paragone_my_medium.model:build", Networks, TRAINING),),
        dataset="paragone_my_medium.model:open_data",
        make_starter="paragone_my_medium.model:make_starter",
        artefacts="paragone_my_medium.model:Sounds",
        extractors=(Extractor("bare", "The numbers themselves.", "paragone.evaluation.bare:build"),),
        metrics=FEATURE_METRICS,
        api_version=1,
    )
