"""DCGAN as PyTorch's own tutorial teaches it, for 32×32 RGBA, in a loop without an engine.

Radford et al. 2016. Binary cross-entropy, Adam with a rate of 2e-4 and β1 of 0.5,
batches of 128, a latent vector of 100, 64 channels at the largest size, weights
from N(0, 0.02²). The tutorial's pictures have 64 pixels: here the widest stage is
left out. fp32, no moving average, sampled in training mode, as there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from .. import knobs
from .runner import Sprites, Trained, parameters

LATENT, WIDTH, BATCH, RATE, BETAS = 100, 64, 128, 2e-4, (0.5, 0.999)


def generator() -> nn.Sequential:
    """``(B, 100, 1, 1)`` → ``(B, 4, 32, 32)`` in [-1, 1]."""
    layers: list[nn.Module] = []
    for before, after, stride, padding in ((LATENT, 4 * WIDTH, 1, 0), (4 * WIDTH, 2 * WIDTH, 2, 1), (2 * WIDTH, WIDTH, 2, 1)):
        layers += [nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(WIDTH, 4, 4, 2, 1, bias=False), nn.Tanh()).apply(_initialise)


def discriminator() -> nn.Sequential:
    """``(B, 4, 32, 32)`` → ``(B, 1, 1, 1)`` logits; the tutorial's sigmoid is part of the loss here."""
    layers: list[nn.Module] = [nn.Conv2d(4, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for before, after in ((WIDTH, 2 * WIDTH), (2 * WIDTH, 4 * WIDTH)):
        layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(4 * WIDTH, 1, 4, 1, 0, bias=False)).apply(_initialise)


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


def run(sprites: Sprites, budgets: Sequence[float], seed: int, scratch: Path) -> Iterator[Trained]:
    """See :data:`runner.Runner`."""
    watch, shown = knobs.Watch.start(), 0
    torch.manual_seed(seed)
    paint, judge = generator(), discriminator()
    adam_paint, adam_judge = (torch.optim.Adam(network.parameters(), RATE, BETAS) for network in (paint, judge))
    one, zero = torch.ones(BATCH), torch.zeros(BATCH)

    def sample(count: int) -> tuple[torch.Tensor, None]:
        latents = torch.randn(count, LATENT, 1, 1, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            return torch.cat([paint(part) for part in latents.split(64)]), None

    for seconds in budgets:
        while watch.wall < seconds:
            for indices in torch.randperm(len(sprites.pictures)).split(BATCH):
                if len(indices) < BATCH or watch.wall >= seconds:
                    break
                adam_judge.zero_grad()
                cross_entropy(judge(sprites.pictures[indices]).flatten(), one).backward()
                fake = paint(torch.randn(BATCH, LATENT, 1, 1))
                cross_entropy(judge(fake.detach()).flatten(), zero).backward()
                adam_judge.step()
                adam_paint.zero_grad()
                cross_entropy(judge(fake).flatten(), one).backward()
                adam_paint.step()
                shown += BATCH
        with watch.paused():
            yield Trained(sample, watch.wall, watch.cpu, shown, parameters(paint))
