"""One forward pass of each player before a training begins, on a few samples: what does not fit is told with the plugin's name.

Without it the first step would fail somewhere in the engine, after a run folder was made, and nobody
could say whose fault it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import nn

from .errors import PluginError
from .modality import TELL_THE_AUTHOR, running
from .players import latent_size
from .tokens import TokenGenerator
from .trainer import Trainer


def rehearse(trainer: Trainer, code: str) -> None:
    """Call the players once, in the precision of the training; their weights and buffers stay as they are.

    Args:
        trainer: that has not taken a step since it was made.
        code: import string of what built the players.

    Raises:
        PluginError: if a player fails, or what it returns has another shape than the contract asks for.
    """
    spec, device = trainer.dataset.spec, trainer.execution.device
    count = 2 * trainer.settings.train.group  # batch normalisation wants two at least, and discriminators that compare want whole groups
    samples, label = trainer.dataset.batch(torch.arange(count) % len(trainer.dataset), device)
    devices = [device] if device.type == "cuda" else []
    with _kept(trainer.modules.values()), torch.random.fork_rng(devices), torch.no_grad(), trainer.execution.autocast(), running(code):
        generator, discriminator = trainer.modules["generator"], trainer.modules["discriminator"]
        latent = torch.randn(count, latent_size(generator), device=device)
        made = generator(latent, label)
        _expect(code, "the generator's samples", made, (count, *spec.shape))
        if made.is_floating_point() != (spec.tokens is None):
            raise PluginError(f"the generator's samples are {made.dtype} where {spec.dtype} was wanted", where=code, fix=TELL_THE_AUTHOR)
        for seen in (samples, made):
            _expect(code, "the discriminator's logits", discriminator(seen, label), (count,))
        if spec.tokens is not None:
            scored = cast(TokenGenerator, generator).logits(latent, label, made)
            _expect(code, "the generator's logits", scored, (count, *trainer.game.estimator.shape))
            if trainer.settings.tokens.relaxation != "none":
                told = discriminator(trainer.game.estimator.seen(samples, differentiable=True), label)
                _expect(code, "the discriminator's logits of rows", told, (count,))
        if "encoder" in trainer.modules:
            found = trainer.modules["encoder"](samples, label)
            if not isinstance(found, tuple | list) or len(found) != 2:
                raise PluginError("the encoder returns no pair of mean and logarithm of the variance", where=code, fix=TELL_THE_AUTHOR)
            for part in found:
                _expect(code, "what the encoder returns", part, (count, latent_size(generator)))


def _expect(code: str, what: str, found: object, shape: tuple[int, ...]) -> None:
    is_so = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
    if is_so != shape:
        raise PluginError(f"{what} have the shape {is_so} where {shape} was wanted", where=code, fix=TELL_THE_AUTHOR)


@contextmanager
def _kept(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Afterwards every buffer, such as the averages of batch normalisation, is what it was."""
    before = [(buffer, buffer.clone()) for module in modules for buffer in module.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in before:
                buffer.copy_(value)
