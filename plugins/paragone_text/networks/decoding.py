"""Token by token: what all generators of texts have in common."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from paragone.spec import SampleSpec
from paragone.tokens import draw

NEVER = -1e4
"""Added to the logit of a token that cannot be; minus infinity would make its derivative no number."""


class Drawing(nn.Module):
    """A generator that draws one token after another. Satisfies :class:`paragone.tokens.TokenGenerator`.

    The last L entries of the latent draw the tokens, one each; what comes before is
    the subclass's own. It implements :meth:`begin`, :meth:`step` and ``logits``.

    Attributes:
        latent_size: ``code`` + L.
        dropout_size: 0 unless the subclass says otherwise.
        length, vocabulary, padding: L and V of a sample, and what follows its end.
        code: entries of the latent before the noise.
    """

    dropout_size = 0

    def __init__(self, spec: SampleSpec, code: int = 0) -> None:
        super().__init__()
        axis = spec.tokens
        if axis is None or axis.vocabulary is None:
            raise ValueError(f"expected the spec of a text, got {spec}")
        self.length, self.vocabulary, self.padding = axis.size, axis.vocabulary, axis.padding
        self.code, self.latent_size = code, code + axis.size

    @property
    def start(self) -> int:
        """Stands before the first token: one more than there are tokens."""
        return self.vocabulary

    def noise(self, latent: torch.Tensor) -> torch.Tensor:
        """The part of the latent that draws: ``(B, L)``."""
        return latent[:, self.code :]

    def begin(self, latent: torch.Tensor, label: torch.Tensor | None) -> Any:
        """The state before the first token."""
        raise NotImplementedError

    def step(self, state: Any, previous: torch.Tensor, position: int) -> tuple[torch.Tensor, Any]:
        """Logits ``(B, V)`` of the token at ``position``, and the next state.

        Args:
            state: as :meth:`begin` or the last step left it.
            previous: ``(B,)`` int64, the token before; :attr:`start` at the first position.
            position: counted from 0.
        """
        raise NotImplementedError

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        """``(B, latent_size)``, ``(B,)`` → ``(B, L)`` int64."""
        return self.decode(latent, label)

    @torch.no_grad()
    def decode(
        self, latent: torch.Tensor, label: torch.Tensor | None, temperature: float = 1.0, allowed: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Draw a text for each latent.

        Args:
            latent, label: as for :meth:`forward`.
            temperature: below 1 likelier tokens, above 1 less likely ones.
            allowed: ``(P, V)`` truth values: only these tokens may stand at the first P positions.

        Returns:
            ``(B, L)`` int64.
        """
        noise, state = self.noise(latent), self.begin(latent, label)
        previous = torch.full((len(latent),), self.start, dtype=torch.int64, device=latent.device)
        ended = torch.zeros_like(previous, dtype=torch.bool)
        tokens = torch.full((len(latent), self.length), self.padding or 0, dtype=torch.int64, device=latent.device)
        for position in range(self.length):
            logits, state = self.step(state, previous, position)
            if position == 0:
                logits = self.opened(logits[:, None])[:, 0]
            if allowed is not None and position < len(allowed):
                logits = logits.float().masked_fill(~allowed[position], -torch.inf)
            previous = draw(logits, noise[:, position], temperature, ordered=not self.training)
            if self.padding is not None:
                previous = previous.masked_fill(ended, self.padding)
                ended = ended | (previous == self.padding)
            tokens[:, position] = previous
            if self.padding is not None and bool(ended.all()):
                break
        return tokens

    def opened(self, logits: torch.Tensor) -> torch.Tensor:
        """``(B, T, V)`` logits without the chance that a text ends before it has begun: nothing is no text."""
        if self.padding is None:
            return logits
        never = torch.zeros_like(logits[:1])
        never[0, 0, self.padding] = NEVER
        return logits + never

    def shifted(self, tokens: torch.Tensor) -> torch.Tensor:
        """``(B, L)`` tokens, each moved one place on, with :attr:`start` before them."""
        first = torch.full_like(tokens[:, :1], self.start)
        return torch.cat([first, tokens[:, :-1]], 1)
