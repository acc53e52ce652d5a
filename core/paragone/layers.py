"""Small pieces that networks of several media are built from."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

Layer = TypeVar("Layer", nn.Linear, nn.Conv1d, nn.Conv2d)

SLOPE = 0.2
"""Of the leaky ReLU below 0."""

GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""What keeps the size of numbers through a layer and the leaky ReLU before it."""


def initialise(layer: Layer, gain: float = GAIN) -> Layer:
    """Weights from N(0, gain² / fan in), biases 0. He et al. 2015, equation 15."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def perceptron(inputs: int, width: int) -> nn.Sequential:
    """Two layers with the leaky ReLU after each, ``(B, inputs)`` → ``(B, width)``: what turns latent and label into a style."""
    first, second = initialise(nn.Linear(inputs, width)), initialise(nn.Linear(width, width))
    return nn.Sequential(first, nn.LeakyReLU(SLOPE), second, nn.LeakyReLU(SLOPE))


def leaky_clamp(x: torch.Tensor, slope: float = 0.1) -> torch.Tensor:
    """x within [-1, 1], and a tenth of what goes beyond.

    tanh cannot reach the ends of the range, and where it is nearly there its gradient
    is gone: a generator of sprites that painted everything empty stayed so.
    """
    inside = x.clamp(-1, 1)
    return inside + slope * (x - inside)


def group_deviation(x: torch.Tensor, group: int) -> torch.Tensor:
    """How much the samples of a group differ: the mean over features of their standard deviation.

    Karras et al. 2018 (progressive growing), section 3, for groups of consecutive samples.

    Args:
        x: ``(B, F)``.
        group: samples in a group; where B is no multiple of it, the greatest common divisor.

    Returns:
        ``(B, 1)`` float32, the same for all samples of a group.
    """
    size = math.gcd(len(x), group)
    groups = x.float().view(-1, size, x.shape[1])  # (B/G, G, F)
    deviation = ((groups - groups.mean(1, keepdim=True)).square().mean(1) + 1e-8).sqrt().mean(1)  # (B/G,)
    return deviation.repeat_interleave(size)[:, None]


class LabelEmbedding(nn.Embedding):
    """Rows for the numbers that a network is told, ``(B,)`` int64 → ``(B, D)``, and for what lies between them.

    The numbers of instances (:mod:`paragone.instances`) get no rows of their own, since too few samples teach each: theirs are
    the row of their cluster and a linear map of what describes them (Casanova et al. 2021, arXiv 2109.05070, section 3).

    Args:
        labels: how many numbers there are.
        size: of a row, D.
        deviation: of a row's values before any training.
    """

    groups: torch.Tensor
    codes: torch.Tensor

    def __init__(self, labels: int, size: int, deviation: float = 1.0) -> None:
        super().__init__(labels, size)
        self.weight.data.mul_(deviation)
        self.deviation = deviation
        self.line: nn.Linear | None = None

    def describe_instances(self, groups: torch.Tensor, codes: torch.Tensor) -> None:
        """Be told of instances from now on; before any training.

        Args:
            groups: ``(labels,)`` int64, the cluster of each.
            codes: ``(labels, K)`` float32, about 1 in size, what describes each.
        """
        half = math.sqrt(0.5)  # both parts together vary as much as one did
        self.num_embeddings = int(groups.max()) + 1
        self.weight = nn.Parameter(half * self.weight.detach()[: self.num_embeddings])
        self.register_buffer("groups", groups)
        self.register_buffer("codes", codes)
        self.line = nn.Linear(codes.shape[1], self.embedding_dim, bias=False)
        nn.init.normal_(self.line.weight, 0.0, half * self.deviation / math.sqrt(codes.shape[1]))

    def forward(self, label: torch.Tensor) -> torch.Tensor:
        """The rows of ``label``.

        Args:
            label: ``(B,)`` int64, or ``(B, labels)`` float32, shares of each that sum to 1 in each row.

        Returns:
            ``(B, D)``.
        """
        if self.line is None:
            return label @ self.weight if label.is_floating_point() else super().forward(label)
        if label.is_floating_point():
            return label @ (self.weight[self.groups] + self.line(self.codes))
        return super().forward(self.groups[label]) + self.line(self.codes[label])
