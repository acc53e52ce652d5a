"""Where and how networks run: device, autocast, memory format, compilation.

The one place that knows. Everything else asks an :class:`Execution`.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from .errors import UsageError


@dataclass(frozen=True)
class Execution:
    """A device and the arithmetic used on it.

    Attributes:
        device: where parameters and samples live.
        bf16: whether networks run in bfloat16 autocast.
        compiled: whether the generator is compiled.
    """

    device: torch.device
    bf16: bool = False
    compiled: bool = False

    @property
    def precision(self) -> str:
        """``"bf16"`` or ``"fp32"``."""
        return "bf16" if self.bf16 else "fp32"

    @classmethod
    def choose(cls, device: str = "auto", precision: str = "auto", compiled: bool = False, threads: int = 0) -> Execution:
        """Pick what this machine has.

        Args:
            device: ``"auto"`` takes CUDA, then MPS, then the CPU.
            precision: ``"auto"`` takes bf16 where the hardware multiplies it faster.
            compiled: compile the generator with ``torch.compile``.
            threads: CPU threads, 0 to leave torch's choice.

        Raises:
            UsageError: if the device does not exist here.
        """
        if threads:
            torch.set_num_threads(threads)
        chosen = _device(device)
        return cls(chosen, bf16=precision == "bf16" or (precision == "auto" and _bf16_is_fast(chosen)), compiled=compiled)

    def place(self, module: nn.Module) -> nn.Module:
        """``module`` on the device; 4-D weights in channels_last, which convolutions there prefer."""
        module.to(self.device)
        if self.device.type in ("cpu", "cuda"):
            # one by one: torch's own way takes weights of five dimensions along, and fails where a network has both
            for tensor in itertools.chain(module.parameters(), module.buffers()):
                if tensor.dim() == 4:
                    tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
        return module

    def compile(self, module: nn.Module) -> nn.Module:
        """``module``, compiled if the settings ask for it."""
        return cast(nn.Module, torch.compile(module)) if self.compiled else module

    @contextlib.contextmanager
    def autocast(self, enabled: bool = True) -> Iterator[None]:
        """Networks called inside run in bf16, if that was chosen; ``enabled=False`` keeps fp32."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16 and enabled):
            yield


def in_full_precision(samples: torch.Tensor) -> contextlib.AbstractContextManager[object]:
    """No autocast inside, on the device of ``samples``: for transforms that networks contain, which bf16 has too few digits for."""
    return torch.autocast(samples.device.type, enabled=False)


def _device(name: str) -> torch.device:
    if name == "auto":
        present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        name = next((kind for kind, there in present.items() if there), "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # a device that computes nothing, such as "meta", fails here
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # what torch raises depends on the device
        reason = str(error).partition("\n")[0]
        raise UsageError(f"cannot be used here ({reason})", where=f"device {name!r}", fix="Use --device cpu, or auto.") from error
    return device


def _bf16_is_fast(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False
