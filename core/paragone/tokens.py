"""Samples of tokens: what generators of them are asked, and the sums that every one of them needs.

A sample is ``(L,)`` int64, each entry one of V tokens. Where a discriminator is to be
differentiated it sees rows of V numbers instead, ``(L, V)``: 1 for the token that
stands there, 0 for the others, or anything in between.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import nn
from torch.nn.functional import cross_entropy, embedding, one_hot


class TokenGenerator(Protocol):
    """A generator whose samples are tokens.

    What is random about a sample comes from the latent alone, the draw of each token
    too (:func:`draw`): then it can be made again from its seed.

    Attributes:
        latent_size: length of the latent vector, at least 1.
        dropout_size: uniform numbers that one sample needs for dropout in training; 0 for none.
    """

    latent_size: int
    dropout_size: int

    def __call__(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """Samples for ``latent``: ``(B, L)`` int64 from ``(B, latent_size)`` and ``(B,)`` or ``None``."""
        ...

    def logits(
        self, latent: torch.Tensor, label: torch.Tensor | None, tokens: torch.Tensor, dropout: torch.Tensor | None = None
    ) -> torch.Tensor:
        """What each token could have been, given the latent and the tokens before it.

        Args:
            latent, label: as above.
            tokens: ``(B, L)`` int64; position t may depend on those before t only.
            dropout: ``(B, dropout_size)`` uniform in ``[0, 1)``; ``None``: nothing is dropped.

        Returns:
            ``(B, L, V)`` logits.
        """
        ...


class TokenEmbedding(nn.Module):
    """Vectors for tokens, or for rows of weights over them: the first layer of a discriminator of tokens.

    Args:
        vocabulary: V.
        width: of a vector.
    """

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(vocabulary, width) / math.sqrt(width))

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        """``(B, L)`` int64, or ``(B, L, V)`` floats → ``(B, L, width)``."""
        if sample.dtype == torch.int64:
            return embedding(sample, self.weight)
        return sample @ self.weight


def rows(tokens: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """``(B, L)`` int64 as ``(B, L, V)`` float32: 1 for the token that stands there."""
    return one_hot(tokens, vocabulary).float()


def draw(logits: torch.Tensor, noise: torch.Tensor, temperature: float = 1.0, ordered: bool = True) -> torch.Tensor:
    """A token for each row of logits, as a function of normal noise.

    The tokens are laid side by side in the order of their probability, the likeliest
    first, and 2Φ(|ε|) − 1, which is uniform, points at one of them: the inverse of a
    cumulative distribution. So noise of 0 means the likeliest token, and noise that is
    made smaller, by truncation, means likelier ones.

    Args:
        logits: ``(B, V)``.
        noise: ``(B,)`` standard normal.
        temperature: the logits are divided by it.
        ordered: ``False`` leaves the tokens in the order of their numbers, for those who draw at random anyway: sorting takes the longest.

    Returns:
        ``(B,)`` int64.
    """
    logits, tokens = logits.float() / temperature, None
    if ordered:
        logits, tokens = logits.sort(dim=1, descending=True, stable=True)
    point = torch.erf(noise.float().abs() / math.sqrt(2.0))  # 2Φ(|ε|) − 1
    sums = logits.softmax(1).cumsum(1)
    # a sum of rounded chances may end below the point: then it is the last token that has a chance
    place = (sums <= point[:, None].minimum(sums[:, -1:] * (1 - 2**-23))).sum(1)
    return place if tokens is None else tokens.gather(1, place[:, None])[:, 0]


def written(tokens: torch.Tensor, padding: int | None) -> torch.Tensor:
    """``(B, L)`` truth values: up to the first padding, which says that the sample ends, and it too."""
    if padding is None:
        return torch.ones_like(tokens, dtype=torch.bool)
    return (tokens == padding).cumsum(1) - (tokens == padding).long() == 0


def negative_log_likelihood(logits: torch.Tensor, tokens: torch.Tensor, padding: int | None) -> torch.Tensor:
    """−Σ log p(token) of each sample, in nats, ``(B,)``; nothing is asked of what follows its end.

    Args:
        logits: ``(B, L, V)``.
        tokens: ``(B, L)`` int64.
        padding: as in :class:`paragone.spec.Axis`.
    """
    each = cross_entropy(logits.float().flatten(0, 1), tokens.flatten(), reduction="none").view(tokens.shape)
    return (each * written(tokens, padding)).sum(1)


def closed(tokens: torch.Tensor, padding: int | None) -> torch.Tensor:
    """``tokens`` with nothing but padding after their end."""
    return tokens if padding is None else tokens.masked_fill(~written(tokens, padding), padding)
