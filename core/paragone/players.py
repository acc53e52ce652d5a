"""The two players, as the engine sees them.

Any ``torch.nn.Module`` with these signatures will do. What a sample looks like
is between the players: the engine never opens one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

import torch
from torch import nn

from .errors import UsageError

Module = TypeVar("Module", bound=nn.Module)


class Generator(Protocol):
    """Makes samples.

    Attributes:
        latent_size: length of the latent vector, at least 1.
        blends: whether ``label`` may also be ``(B, classes)`` float32, shares that sum to 1; without the attribute it may not.

    Several threads may call it at once when it samples: a call must not leave anything on the module.
    """

    latent_size: int

    def __call__(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """Samples for ``latent``.

        Args:
            latent: ``(B, latent_size)`` float32, standard normal.
            label: ``(B,)`` int64 label numbers, ``None`` for data without labels.

        Returns:
            ``(B, *spec.shape)`` in ``[spec.low, spec.high]``.
        """
        ...


def fused(network: Module) -> Module:
    """``network``, whose weights will not change any more, with what depends on them alone worked out once.

    A layer that has such a thing has a method ``fuse_for_sampling()``. It keeps what comes of it
    where ``state_dict`` does not see it, and drops it when it is trained or filled again.
    """
    for layer in list(network.modules()):
        fuse = getattr(layer, "fuse_for_sampling", None)
        if callable(fuse):
            fuse()
    return network


def latent_size(generator: nn.Module) -> int:
    """The generator's :attr:`Generator.latent_size`, which the type of a module hides."""
    return cast(Generator, generator).latent_size


class Discriminator(Protocol):
    """Judges samples.

    A discriminator whose operations have no second derivative says so with a
    class attribute ``twice_differentiable = False``; then only the
    finite-difference penalties can be used with it.

    One that compares the samples of groups says how many are in one with an attribute
    ``compares``: then no group holds both reals and fakes.

    One whose features are to measure reconstructions also has
    ``judge(sample, label) -> (logits, maps)``: the same logits, and a list of feature
    maps ``(B, *any)``, so that both come from one pass.
    """

    def __call__(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """One logit a sample; larger means more likely real.

        Args:
            sample: ``(B, *spec.shape)``, in or near ``[spec.low, spec.high]``.
            label: ``(B,)`` int64, or ``None``.

        Returns:
            ``(B,)`` logits.
        """
        ...


class Encoder(Protocol):
    """Finds a latent that the generator would turn into a given sample. Only training needs it."""

    def __call__(self, sample: torch.Tensor, label: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Where the latent of ``sample`` is, as a normal distribution.

        Args:
            sample: ``(B, *spec.shape)``.
            label: ``(B,)`` int64, or ``None``.

        Returns:
            Mean and logarithm of the variance, each ``(B, latent_size)``.
        """
        ...


class Augmentation(Protocol):
    """Changes samples before the discriminator sees them, differentiably.

    It is a pure function: everything random comes in through ``uniforms``, so
    that micro-batches, ranks and resumed runs all see the same changes.

    Attributes:
        uniforms_per_sample: how many random numbers one sample needs.
    """

    uniforms_per_sample: int

    def __call__(self, sample: torch.Tensor, uniforms: torch.Tensor, p: float) -> torch.Tensor:
        """``sample``, each change applied with probability ``p``.

        Args:
            sample: ``(B, *spec.shape)``.
            uniforms: ``(B, uniforms_per_sample)`` float32 in ``[0, 1)``.
            p: probability of each change, 0 to 1; 0 returns ``sample`` as it is.
        """
        ...


@dataclass
class Players:
    """What a preset's ``build`` returns.

    Attributes:
        generator: satisfies :class:`Generator`.
        discriminator: satisfies :class:`Discriminator`.
        augmentation: satisfies :class:`Augmentation`, or ``None``.
        batch_statistics: whether a player mixes the samples of a batch (batch
            normalisation). Such a pair trains differently when its batch is split.
        encoder: satisfies :class:`Encoder`, for the settings in ``[reconstruction]``; or ``None``.
    """

    generator: nn.Module
    discriminator: nn.Module
    augmentation: Augmentation | None = None
    batch_statistics: bool = False
    encoder: nn.Module | None = None


def refuse_labels(labels: int, preset: str, instead: str) -> None:
    """For the ``build`` of networks that cannot be told what to make.

    Args:
        labels: how many there are to be told, of labels or of clusters.
        preset: its name.
        instead: presets that can.

    Raises:
        UsageError: if there are any.
    """
    if labels:
        fix = f"Leave train.conditional and train.clusters out, or use the preset {instead}."
        raise UsageError("cannot learn labels or clusters", where=f"preset {preset}", fix=fix)
