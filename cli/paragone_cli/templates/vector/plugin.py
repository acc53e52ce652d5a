"""What my-medium is: names, settings, and where its code is. No torch here: `create --help` must stay quick."""

from dataclasses import dataclass

from paragone.evaluation.metrics import FEATURE_METRICS
from paragone.hooks import hookimpl
from paragone.modality import Extractor, Modality, Preset
from paragone.options import setting


@dataclass(frozen=True)
class Networks:
    latent: int = setting(8, "Length of the latent vector.", minimum=1)
    width: int = setting(128, "Units in each hidden layer.", minimum=1)


TRAINING = {"train.batch": 256, "penalty.r1": 0.1, "penalty.r2": 0.1, "generator.learning_rate": 1e-3, "discriminator.learning_rate": 1e-3}


@hookimpl
def paragone_modality() -> Modality:
    return Modality(
        name="my-medium",
        summary="Points in the plane.",
        presets=(Preset("small", "Two perceptrons.", "paragone_my_medium.model:build", Networks, TRAINING),),
        dataset="paragone_my_medium.model:open_data",
        make_starter="paragone_my_medium.model:make_starter",
        extractors=(Extractor("bare", "The numbers themselves.", "paragone.evaluation.bare:build"),),
        metrics=FEATURE_METRICS,
        api_version=1,
    )
