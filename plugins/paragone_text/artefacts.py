"""Texts as files and as lines; ``Lines`` is what the plugin declares."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from paragone.errors import DataError
from paragone.spec import SampleSpec

from . import tokenizer
from .config import TextSample
from .lines import one_row
from .tokenizer import UnknownCharacter


class Lines:
    """Writes a sample as a small JSON file, or as a line; see :class:`paragone.artefacts.Artefacts`.

    Args:
        spec: of a text, ``(L,)`` int64, with its tokenizer.
        config: how texts are written; ``None`` for the defaults.

    Raises:
        ValueError: if ``spec`` is not that of a text.
    """

    extension = ".json"
    sheet_extension = ".txt"

    def __init__(self, spec: SampleSpec, config: TextSample | None = None) -> None:
        self.spec, self.config = spec, config or TextSample()
        self._tokenizer = tokenizer.of(spec)

    def line(self, sample: torch.Tensor) -> str:
        """The bare text of a sample ``(L,)``, on one line: control characters and line ends in it become spaces.

        Raises:
            ValueError: if it is no sample of the spec.
        """
        self.spec.check(sample[None])
        return one_row(self._tokenizer.decode(sample.tolist()))

    def encode(self, sample: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        """One JSON object: ``text``, ``provenance`` and, where the text alone does not say them, ``tokens``.

        Other tokens than the tokenizer's own may spell the same text, or bytes that are none.

        Args:
            sample: ``(L,)`` int64.
            provenance: JSON-serialisable facts.

        Raises:
            ValueError: if it is no sample of the spec.
        """
        self.spec.check(sample[None])
        text = self._tokenizer.decode(sample.tolist())
        content: dict[str, Any] = {"text": text}
        try:
            spelled = self._tokens(text)
        except UnknownCharacter:  # two characters that the tokenizer would compose to one that it does not know
            spelled = []
        if spelled != sample.tolist():
            content["tokens"] = sample.tolist()
        return json.dumps({**content, "provenance": dict(provenance)}, ensure_ascii=False).encode() + b"\n"

    def decode(self, data: bytes) -> tuple[torch.Tensor, dict[str, Any]]:
        """What :meth:`encode` wrote: ``(L,)`` int64 and the provenance.

        Raises:
            DataError: if it is no such file, or its text none that the spec can hold.
        """
        try:
            content = json.loads(data)
            tokens = content["tokens"] if "tokens" in content else self._tokens(content["text"])
            sample = torch.tensor(tokens, dtype=torch.int64)
            self.spec.check(sample[None])
            return sample, dict(content["provenance"])
        except (ValueError, KeyError, TypeError, RuntimeError, RecursionError) as error:
            raise DataError(f"is no text of this run ({error})", fix="Name a file that `create` wrote.") from error

    def sheet(self, samples: torch.Tensor, columns: int, captions: Sequence[str], provenance: Mapping[str, Any]) -> bytes:
        """Many samples to be read aloud: a line each, a heading above those of a row, the provenance as a last line.

        Args:
            samples: ``(B, L)`` int64.
            columns: samples under one heading, 1 or more.
            captions: the headings, or empty: then nothing parts the rows.
            provenance: JSON-serialisable facts, left out where there are none.

        Raises:
            ValueError: if they are no samples of the spec.
        """
        self.spec.check(samples)
        if columns < 1:
            raise ValueError(f"a sheet needs at least 1 column, not {columns}")
        lines = [self.line(sample) for sample in samples]
        blocks = [lines]
        if captions:
            rows = [lines[start : start + columns] for start in range(0, len(lines), columns)]
            blocks = [[one_row(caption), *(f"  {line}" for line in row)] for caption, row in zip(captions, rows, strict=False)]
        if provenance:
            blocks.append([json.dumps(dict(provenance), ensure_ascii=False)])
        return ("\n\n".join("\n".join(block) for block in blocks) + "\n").encode()

    def _tokens(self, text: str) -> list[int]:
        """What the tokenizer makes of ``text``, filled up to L; longer than that where it does not fit."""
        tokens = self._tokenizer.encode(text)
        return tokens + [tokenizer.END] * (self.spec.shape[0] - len(tokens))
