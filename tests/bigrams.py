"""Texts made letter by letter, each from the one before: a real, tiny generator of tokens whose every probability is known.

It is a medium of its own, so that what is said of choosing texts holds for any generator of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

import paragone
from paragone import weights
from paragone.building import build
from paragone.hooks import hookimpl
from paragone.in_memory import InMemory
from paragone.modality import Modality, NoSettings, Preset
from paragone.players import Players
from paragone.run import Run
from paragone.settings import settle
from paragone.spec import Axis, SampleSpec
from paragone.tokens import closed, draw
from paragone_text import tokenizer
from paragone_text.characters import Characters
from paragone_text.config import TextSample
from paragone_text.tokenizer import Tokenizer

LENGTH = 12


def spec_of(tokens: Tokenizer, length: int = LENGTH) -> SampleSpec:
    axis = Axis("position", length, "tokens", vocabulary=tokens.vocabulary, padding=0)
    return SampleSpec((axis,), "int64", 0, tokens.vocabulary - 1, {"tokenizer": tokens.to_json()})


def rows_of(tokens: Tokenizer, texts: Iterable[str], length: int = LENGTH) -> torch.Tensor:
    encoded = [tokens.encode(text)[:length] for text in texts]
    return torch.tensor([row + [0] * (length - len(row)) for row in encoded])


class Generator(nn.Module):
    """``table[label, before, token]`` are logits; the last row of ``before`` is for the first token."""

    dropout_size = 0

    def __init__(self, spec: SampleSpec, labels: int) -> None:
        super().__init__()
        assert spec.tokens is not None
        assert spec.tokens.vocabulary is not None
        self.latent_size = spec.tokens.size
        self.table = nn.Parameter(torch.zeros(max(labels, 1), spec.tokens.vocabulary + 1, spec.tokens.vocabulary))

    def fit(self, rows: torch.Tensor, numbers: torch.Tensor | None) -> None:
        """The logarithms of how often each token follows each, and a little for what never does."""
        counts = torch.full_like(self.table, 0.01)
        labels = torch.zeros(len(rows), dtype=torch.int64) if numbers is None else numbers
        before = torch.cat([torch.full_like(rows[:, :1], self.table.shape[2]), rows[:, :-1]], 1)
        first_of_padding = (rows == 0).cumsum(1) <= 1
        place = (labels[:, None].expand_as(rows)[first_of_padding], before[first_of_padding], rows[first_of_padding])
        self.table.data = counts.index_put(place, torch.ones(len(place[0])), accumulate=True).log()

    def logits(
        self, latent: torch.Tensor, label: torch.Tensor | None, tokens: torch.Tensor, dropout: torch.Tensor | None = None
    ) -> torch.Tensor:
        before = torch.cat([torch.full_like(tokens[:, :1], self.table.shape[2]), tokens[:, :-1]], 1)
        return self.table[torch.zeros_like(before) if label is None else label[:, None].expand_as(before), before]

    def forward(self, latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return self.decode(latent, label)

    def decode(
        self, latent: torch.Tensor, label: torch.Tensor | None, temperature: float = 1.0, allowed: torch.Tensor | None = None
    ) -> torch.Tensor:
        tokens = torch.zeros(latent.shape, dtype=torch.int64)
        for position in range(latent.shape[1]):
            logits = self.logits(latent, label, tokens)[:, position]
            if allowed is not None and position < len(allowed):
                logits = logits.masked_fill(~allowed[position], -torch.inf)
            tokens[:, position] = draw(logits, latent[:, position], temperature)
        return closed(tokens, 0)


class Discriminator(nn.Module):
    """The sum of a weight for each token."""

    def __init__(self, spec: SampleSpec) -> None:
        super().__init__()
        assert spec.tokens is not None
        assert spec.tokens.vocabulary is not None
        self.weight = nn.Parameter(torch.zeros(spec.tokens.vocabulary))

    def forward(self, sample: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
        return self.weight[sample].sum(1)


@dataclass(frozen=True)
class Data:
    """Nothing to set."""


def build_players(spec: SampleSpec, labels: int, config: object) -> Players:
    return Players(Generator(spec, labels), Discriminator(spec))


def open_texts(path: Path, config: Data, cache: Path, note: Callable[[str], None]) -> InMemory:
    """A line a text, or label and text with a tab between."""
    rows = [line.rpartition("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    texts, labels = [text for _, _, text in rows], [label for label, _, _ in rows]
    tokens = Characters("".join(sorted(set("".join(texts)))))
    return InMemory(spec_of(tokens), rows_of(tokens, texts), labels if all(labels) else ())


@hookimpl
def paragone_modality() -> Modality:
    return Modality(
        name="bigrams",
        summary="Texts, letter by letter.",
        presets=(Preset("bigrams", "A table.", "bigrams:build_players", NoSettings),),
        dataset="bigrams:open_texts",
        artefacts="paragone_text.artefacts:Lines",
        data_config=Data,
        sample_config=TextSample,
        choosing="paragone_text.choosing:choose",
        lines=True,
    )


def make_run(out: Path, texts: Sequence[str], likes: str = "", kind: Tokenizer | None = None) -> Path:
    """A run that has learned ``texts``, each with a label and a tab before it or none.

    Args:
        out: where.
        texts: its training data, written beside it.
        likes: characters of which the discriminator adds 1 for each.
        kind: another tokenizer than one of characters; then there are no labels.
    """
    medium, data = paragone_modality(), out.with_suffix(".txt")
    data.write_text("\n".join(texts) + "\n", encoding="utf-8")
    dataset = open_texts(data, Data(), out, str)
    rows = dataset.samples
    if kind is not None:
        dataset.spec, rows = spec_of(kind), rows_of(kind, texts)
    settings = settle(medium)
    players = build(medium, settings, dataset.spec, len(dataset.labels), seed=0)
    assert isinstance(players.generator, Generator)
    players.generator.fit(rows, dataset.numbers)
    for token in range(1, tokenizer.of(dataset.spec).vocabulary):
        players.discriminator.weight.data[token] = float(tokenizer.of(dataset.spec).decode([token]) in tuple(likes))
    run = Run.create(
        out,
        {
            "paragone": paragone.__version__,
            "plugin": "bigrams",
            "torch": torch.__version__,
            "modality": "bigrams",
            "spec": dataset.spec.to_json(),
            "labels": list(dataset.labels),
            "data": {"path": str(data), "fingerprint": dataset.fingerprint},
            "settings": settings.to_dict(),
        },
    )
    weights.save(run.generator, players.generator.state_dict(), {})
    weights.save(run.discriminator, players.discriminator.state_dict(), {})
    return out
