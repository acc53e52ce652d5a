"""``inception``: the InceptionV3 of the papers' FID, through torch-fidelity; its weights come over the network, once.

Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer
Vision"; Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule
Converge to a Local Nash Equilibrium", for its use in FID.

Pictures are resized by :func:`.resize.to_rgb`, bicubic and antialiased, to the
299 × 299 that the network takes, and rounded to 8 bits, which is all that
torch-fidelity accepts. Its own resizing (bilinear as in TensorFlow 1, which
aliases) then has nothing left to do. So scores follow Parmar et al. 2022
("clean-fid") and not the older FID, which resizes by that bilinear kernel.
"""

from __future__ import annotations

import sys
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import nn

from paragone.errors import ParagoneError, UsageError
from paragone.execution import Execution
from paragone.spec import SampleSpec

from .frozen import FrozenNetwork, check_weights

SIDE, FEATURES = 299, 2048
DIGEST = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"


class Inception(nn.Module):
    """``(B, 3, 299, 299)`` float32 in [0, 1] → ``(B, 2048)`` float32, after the last pooling.

    Args:
        network: torch-fidelity's, built for the one feature ``"2048"``.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """See the class."""
        (features,) = self.network(picture.mul(255).round().to(torch.uint8))
        return features


def build(spec: SampleSpec, execution: Execution) -> FrozenNetwork:
    """InceptionV3 up to its last pooling: 2048 features of a picture resized to 299 × 299 (see the module).

    Args:
        spec: of a picture, ``(C, H, W)`` float32 in [-1, 1] with C of 1, 3 or 4.
        execution: its device is used; the arithmetic is float32.

    Raises:
        UsageError: if torch-fidelity is not installed.
        ParagoneError: if the weights cannot be downloaded, or the file of them is damaged.
        ValueError: if ``spec`` is not that of a picture.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3
    except ImportError as error:
        raise UsageError(
            f"needs the package torch-fidelity ({error})", where="extractor inception", fix='Run: pip install "paragone[inception]"'
        ) from error
    path = fetch(URL_INCEPTION_V3)
    check_weights(path, DIGEST, "Delete the file: it will be downloaded again.")
    network = Inception(FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(path)))
    return FrozenNetwork("inception-v1", FEATURES, SIDE, network, spec=spec, execution=execution)


def fetch(url: str) -> Path:
    """The file at ``url``, downloaded to where torch, and so torch-fidelity, keeps weights, unless it is there.

    Raises:
        ParagoneError: if it could not be downloaded.
    """
    address = urlparse(url)
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(address.path).name
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # it writes under another name, and renames what has the right digest
        torch.hub.download_url_to_file(url, str(path), hash_prefix=DIGEST, progress=sys.stderr.isatty())
    except (OSError, HTTPException, RuntimeError) as error:
        raise ParagoneError(
            f"its weights could not be downloaded from {address.hostname} ({error})",
            where="extractor inception",
            fix=f"Go online once, or put {path.name} into {path.parent}; without either, use --extractor efficientnet-lite0.",
        ) from error
    return path
