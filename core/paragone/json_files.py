"""The artefact writer of a medium that has none of its own: numbers as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .errors import DataError
from .spec import SampleSpec


class JsonFiles:
    """Satisfies :class:`paragone.artefacts.Artefacts`; every number comes back as it was.

    Args:
        spec: of a sample.
        config: not read; a medium without a writer of its own has no settings for one.
    """

    extension = sheet_extension = ".json"

    def __init__(self, spec: SampleSpec, config: object) -> None:
        self.spec = spec

    def encode(self, sample: torch.Tensor, provenance: Mapping[str, Any]) -> bytes:
        """See :meth:`paragone.artefacts.Artefacts.encode`."""
        return json.dumps({"sample": sample.tolist(), "provenance": dict(provenance)}, ensure_ascii=False).encode()

    def decode(self, data: bytes) -> tuple[torch.Tensor, dict[str, Any]]:
        """See :meth:`paragone.artefacts.Artefacts.decode`."""
        try:
            content = json.loads(data)
            sample = torch.tensor(content["sample"], dtype=getattr(torch, self.spec.dtype))
            self.spec.check(sample[None])
            return sample, dict(content["provenance"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"is no sample ({error})", fix="Name a file that `create` wrote.") from error

    def sheet(self, samples: torch.Tensor, columns: int, captions: Sequence[str], provenance: Mapping[str, Any]) -> bytes:
        """See :meth:`paragone.artefacts.Artefacts.sheet`."""
        content = {"samples": samples.tolist(), "columns": columns, "captions": list(captions), "provenance": dict(provenance)}
        return json.dumps(content, ensure_ascii=False).encode()
