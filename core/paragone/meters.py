"""Running means that stay on the device until someone asks for them."""

from __future__ import annotations

import torch

from .ranks import Ranks


class Meters:
    """Named means since the last :meth:`take`.

    Sums are kept as tensors, so that adding to one never waits for a GPU. They
    are part of a training's state: a resumed run writes the same statistics.
    With several processes a mean is over all of them.
    """

    def __init__(self, device: torch.device, ranks: Ranks | None = None) -> None:
        self._device, self._ranks = device, ranks or Ranks()
        self._dtype = torch.float32 if device.type == "mps" else torch.float64  # Apple's GPUs have no float64
        self._sums: dict[str, torch.Tensor] = {}

    def add(self, name: str, value: torch.Tensor | float, weight: float = 1.0) -> None:
        """Count ``value`` (a scalar) into the mean called ``name``."""
        row = self._sums.setdefault(name, torch.zeros(2, dtype=self._dtype, device=self._device))
        value = value.detach().to(self._dtype) if isinstance(value, torch.Tensor) else value
        row[0] += weight * value
        row[1] += weight

    def take(self) -> dict[str, float]:
        """The means, and start again from nothing."""
        sums, self._sums = self._ranks.pool(self._sums), {}
        return {name: (row[0] / row[1]).item() for name, row in sums.items()}

    def state(self) -> dict[str, torch.Tensor]:
        """What :meth:`restore` takes back: name → ``(2,)`` sum and weight, means over all processes, float64 where the device has it."""
        return self._ranks.pool(self._sums)

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Continue from :meth:`state`."""
        self._sums = {name: row.to(self._device, self._dtype, copy=True) for name, row in state.items()}
