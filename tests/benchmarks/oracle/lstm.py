"""The synthetic oracle: an LSTM with random weights, which writes the data and then marks what others write.

Yu et al. 2017 (SeqGAN), section 5.1: one layer, 5000 tokens, vectors of 32 numbers,
every weight and every bias drawn from N(0, 1), sequences of 20 tokens without an end.
The step that SeqGAN's own code takes, for row vectors x and h:

    i = σ(x·Wi + h·Ui + bi)          f = σ(x·Wf + h·Uf + bf)
    o = σ(x·Wog + h·Uog + bog)       c̃ = tanh(x·Wc + h·Uc + bc)
    c ← f·c + i·c̃                    h ← o·tanh(c)
    p(next token) = softmax(h·Wo + bo)

h and c begin at 0, and the first x is the embedding of token 0. There is one bias for
each gate: torch's LSTM has two, whose sum has a standard deviation of √2.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from paragone.randomness import generator_for

VOCABULARY, WIDTH, LENGTH, START = 5000, 32, 20, 0
GATES = ("i", "f", "og", "c")
NAMES = ("emb", *(kind + gate for gate in GATES for kind in ("w", "u", "b")), "wo", "bo")
"""The fifteen tensors, in the order of SeqGAN's file."""

Shapes = Mapping[str, tuple[int, ...]]


def shapes(vocabulary: int, embedding: int, hidden: int) -> Shapes:
    """The shape of each tensor of :data:`NAMES`."""
    kinds = {"w": (embedding, hidden), "u": (hidden, hidden), "b": (hidden,)}
    gates = {kind + gate: shape for gate in GATES for kind, shape in kinds.items()}
    return {"emb": (vocabulary, embedding), **gates, "wo": (hidden, vocabulary), "bo": (vocabulary,)}


class Oracle:
    """A known distribution over sequences of tokens.

    Args:
        weights: the tensors of :data:`NAMES`, all of one floating-point type, in which everything is computed.
    """

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        self.weights = dict(weights)
        self.vocabulary = len(weights["emb"])
        gates = {kind: torch.cat([weights[kind + gate] for gate in GATES], -1) for kind in ("w", "u", "b")}
        # what each token adds to the four gates: a lookup instead of a product
        self._inputs = weights["emb"] @ gates["w"] + gates["b"]  # (V, 4·hidden)
        self._recurrent = gates["u"]  # (hidden, 4·hidden)

    @classmethod
    def random(cls, seed: int, vocabulary: int = VOCABULARY, width: int = WIDTH) -> Oracle:
        """The oracle of ``seed``, every number from N(0, 1).

        Drawn in double precision: torch's shortcuts for single precision differ between processors.
        """
        each = shapes(vocabulary, width, width)
        drawn = {name: torch.randn(each[name], dtype=torch.float64, generator=generator_for(seed, "oracle", name)) for name in NAMES}
        return cls({name: value.float() for name, value in drawn.items()})

    def step(self, token: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """(h, c) after ``token``: each ``(B, hidden)``, from ``(B,)`` int64 and the (h, c) before."""
        h, c = state
        i, f, o, candidate = (self._inputs[token] + h @ self._recurrent).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * candidate.tanh()
        return o.sigmoid() * c.tanh(), c

    def begin(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(h, c) of ``count`` empty sequences."""
        nothing = self._inputs.new_zeros(count, len(self._recurrent))
        return self.step(torch.full((count,), START), (nothing, nothing))

    def next(self, h: torch.Tensor) -> torch.Tensor:
        """``(B, hidden)`` → ``(B, V)`` logits of the next token."""
        return torch.addmm(self.weights["bo"], h, self.weights["wo"])

    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """``(B, L)`` int64 → ``(B, L, V)``: what could have stood at each place, given the tokens before it."""
        state = self.begin(len(tokens))
        hidden = [state[0]]
        for token in tokens.T[:-1]:
            state = self.step(token, state)
            hidden.append(state[0])
        return self.next(torch.stack(hidden, 1).flatten(0, 1)).view(*tokens.shape, -1)

    def sample(self, count: int, seed: int, length: int = LENGTH, chunk: int = 500) -> torch.Tensor:
        """``(count, length)`` int64 drawn from the oracle; a sequence is a function of ``seed`` and of its own number.

        Args:
            count: how many sequences.
            seed: other seeds give independent ones.
            length: tokens in each.
            chunk: sequences drawn at once, which changes nothing.
        """
        points = torch.rand(count, length, dtype=torch.float64, generator=generator_for(seed, "oracle samples"))
        return torch.cat([self._drawn(part) for part in torch.split(points, chunk)])

    def _drawn(self, points: torch.Tensor) -> torch.Tensor:
        """Sequences by the inverse of each conditional's cumulative distribution, at ``(B, L)`` uniform points."""
        state, tokens = self.begin(len(points)), []
        for point in points.T:
            cumulative = self.next(state[0]).double().softmax(1).cumsum(1)
            tokens.append(torch.searchsorted(cumulative, point[:, None].contiguous(), right=True)[:, 0].clamp_max(self.vocabulary - 1))
            state = self.step(tokens[-1], state)
        return torch.stack(tokens, 1)
