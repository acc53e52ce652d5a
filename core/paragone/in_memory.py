"""A dataset that is a tensor: enough for a medium whose data fits into memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch

from .errors import DataError
from .spec import SampleSpec


class InMemory:
    """Satisfies :class:`paragone.data.Dataset`.

    Args:
        spec: what one sample is.
        samples: ``(N, *spec.shape)`` of ``spec.dtype`` in ``[spec.low, spec.high]``, or N tensors ``(*spec.shape)``.
        names: the label of each sample, N texts; ``()`` for data without labels.

    Raises:
        DataError: if there is no sample, or they do not fit the spec.
    """

    def __init__(self, spec: SampleSpec, samples: torch.Tensor | Sequence[torch.Tensor], names: Sequence[str] = ()) -> None:
        if not len(samples):
            raise DataError("holds no samples", fix="Put some into it.")
        if not isinstance(samples, torch.Tensor):
            shapes = sorted({tuple(sample.shape) for sample in samples})
            if len(shapes) > 1:
                raise DataError(f"holds samples of several shapes, such as {shapes[0]} and {shapes[-1]}", fix="Give samples of one shape.")
            samples = torch.stack(list(samples))
        if len(names) not in (0, len(samples)):
            raise DataError(f"has {len(samples)} samples and {len(names)} labels", fix="Give each sample a label, or none any.")
        try:
            spec.check(samples)
        except ValueError as error:
            fix = "Give data of the kind that this medium is for."
            raise DataError(f"holds samples that do not fit their description: {error}", fix=fix) from error
        self.spec, self.samples = spec, samples.contiguous()
        self.labels = tuple(sorted(set(names)))
        place = {name: number for number, name in enumerate(self.labels)}
        self.numbers = torch.tensor([place[name] for name in names]) if names else None
        rows = [row.numpy().tobytes() for row in self.samples]
        self.hashes = torch.tensor([int.from_bytes(hashlib.blake2b(row, digest_size=8).digest(), "little", signed=True) for row in rows])
        self.fingerprint = hashlib.sha256(b"".join(rows) + "\0".join(names).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.samples)

    def batch(self, indices: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """See :meth:`paragone.data.Dataset.batch`."""
        return self.samples[indices].to(device), None if self.numbers is None else self.numbers[indices].to(device)
