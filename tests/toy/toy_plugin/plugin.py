"""The declaration. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from paragone.evaluation.metrics import FEATURE_METRICS
from paragone.hooks import hookimpl
from paragone.modality import Extractor, Modality, Preset
from paragone.options import setting


@dataclass(frozen=True)
class PointData:
    """``[data]``: a file of mode centres, and how many points are scattered round each."""

    copies: int = setting(100, "Points round each centre.", minimum=1)
    spread: float = setting(0.01, "Standard deviation round a centre.", minimum=0.0)


@dataclass(frozen=True)
class PointSample:
    """How points are written."""

    digits: int = setting(6, "Decimal places.", minimum=1, maximum=17)


@dataclass(frozen=True)
class PointOrMapSample(PointSample):
    """The same, or a map of them."""

    map: str = setting("", "Draw a map of them instead: one file for all, and one for each label.", metavar="FILE")


@dataclass(frozen=True)
class PointNetwork:
    """``[network]``: two multilayer perceptrons."""

    latent: int = setting(2, "Length of the latent vector.", minimum=1)
    width: int = setting(64, "Hidden units a layer.", minimum=1)
    depth: int = setting(1, "Hidden layers after the first.", minimum=0)
    fourier: int = setting(0, "Random Fourier features that the discriminator sees; 0: the bare coordinates.", minimum=0)
    batch_norm: bool = setting(False, "Normalise the generator over the batch.")
    fail_at: int = setting(0, "The discriminator returns NaN from this call on; 0: never.", minimum=0)


@hookimpl
def paragone_modality() -> Modality:
    """Points, with one preset."""
    return Modality(
        name="points",
        summary="Points in the plane.",
        presets=(
            Preset("mlp", "Two small perceptrons.", "toy_plugin.model:build", PointNetwork),
            Preset("wide", "Two larger perceptrons.", "toy_plugin.model:build", PointNetwork, {"network.width": 128, "train.batch": 32}),
        ),
        dataset="toy_plugin.model:open_points",
        artefacts="toy_plugin.model:PointFiles",
        data_config=PointData,
        sample_config=PointOrMapSample,
        collecting="toy_plugin.maps:collect",
        starter="toy_plugin:grid.csv",
        extractors=(
            Extractor("bare", "The coordinates.", "toy_plugin.model:bare"),
            Extractor("spoilt", "Features that are no numbers.", "toy_plugin.model:spoilt"),
        ),
        metrics=FEATURE_METRICS,
        embedding="toy_plugin.model:embed",
    )
