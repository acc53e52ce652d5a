"""One frozen description of what a sample is, for every medium.

The dataset makes it, the networks are built from it, the run folder stores it,
the artefact writer and the contract tests read it. No torch is imported here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from .errors import RunError

if TYPE_CHECKING:
    import torch

Unit = Literal["channels", "pixels", "samples", "tokens", "features"]
DType = Literal["float32", "int64"]


@dataclass(frozen=True)
class Axis:
    """One axis of a sample.

    Attributes:
        name: what the axis counts along, such as ``"height"`` or ``"time"``.
        size: how many entries it has, at least 1.
        unit: what one entry is.
        rate_hz: entries per second, for an axis of ``samples`` in time.
        vocabulary: how many different values an entry of ``tokens`` can take.
        padding: the value that fills an axis of ``tokens`` from the end of what is written; the
            first one is part of the sample, it says that the sample ends. ``None``: always full.
    """

    name: str
    size: int
    unit: Unit
    rate_hz: float | None = None
    vocabulary: int | None = None
    padding: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.unit not in get_args(Unit):
            raise ValueError(f"axis {self.name!r} counts {self.unit!r}; known: {', '.join(get_args(Unit))}")
        if not isinstance(self.size, int) or not 1 <= self.size < 2**31:
            raise ValueError(f"axis {self.name!r} has size {self.size!r}; it must be a whole number, at least 1")
        if self.unit == "tokens" and not (isinstance(self.vocabulary, int) and self.vocabulary >= 2):
            raise ValueError(f"axis {self.name!r} of tokens has a vocabulary of {self.vocabulary!r}; it must be a whole number, at least 2")
        if self.padding is not None and not 0 <= self.padding < (self.vocabulary or 0):
            raise ValueError(f"axis {self.name!r} is padded with {self.padding!r}, which is not in its vocabulary")


@dataclass(frozen=True)
class SampleSpec:
    """Shape, dtype, value range and units of one sample (without the batch axis).

    Attributes:
        axes: the axes in storage order, for a picture ``channels, height, width``.
        dtype: ``"float32"``, or ``"int64"`` for tokens.
        low, high: the closed value range of every entry; of tokens 0 and vocabulary − 1.
        traits: plain facts that the plugin's artefact writer needs, such as
            ``{"mode": "RGBA"}``. The engine stores them and never reads them.
    """

    axes: tuple[Axis, ...]
    dtype: DType = "float32"
    low: float = -1.0
    high: float = 1.0
    traits: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.axes or self.dtype not in get_args(DType):
            raise ValueError(f"a sample needs an axis and a dtype of {', '.join(get_args(DType))}, not {self.dtype!r}")
        if not -math.inf < self.low < self.high < math.inf:  # also catches NaN
            raise ValueError(f"[{self.low}, {self.high}] is no range of values")
        if self.dtype == "int64" and (len(self.axes) != 1 or self.axes[0].unit != "tokens"):
            raise ValueError("int64 is for samples with one axis, of tokens")
        last = (self.axes[0].vocabulary or 0) - 1
        if self.dtype == "int64" and (self.low, self.high) != (0, last):
            raise ValueError(f"tokens are 0 to {last}, the whole vocabulary, and not low={self.low} to high={self.high}")
        if not all(isinstance(fact, str) for trait in self.traits.items() for fact in trait):
            raise ValueError("traits must be texts")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample, for instance ``(4, 32, 32)``."""
        return tuple(axis.size for axis in self.axes)

    @property
    def tokens(self) -> Axis | None:
        """The axis of a sample of whole numbers, each one of a vocabulary; ``None`` for samples of real numbers."""
        return self.axes[0] if self.dtype == "int64" else None

    @property
    def size(self) -> int:
        """Numbers in one sample."""
        return math.prod(self.shape)

    def fits(self, other: SampleSpec) -> bool:
        """Whether samples of ``other`` can be compared with these: of one shape and dtype, and tokens that mean the same."""
        same = self.shape == other.shape and self.dtype == other.dtype
        return same and (self.tokens is None or (self.axes, self.traits) == (other.axes, other.traits))

    def __str__(self) -> str:
        if self.tokens is not None:
            return f"up to {self.tokens.size} tokens of {self.tokens.vocabulary}"
        axes = " × ".join(f"{axis.size} {axis.name}" for axis in self.axes)
        return f"{axes}, {self.dtype} in [{self.low:g}, {self.high:g}]"

    def check(self, samples: torch.Tensor) -> None:
        """Raise unless ``samples`` is a batch that fits.

        Args:
            samples: ``(B, *shape)`` of :attr:`dtype`, values in ``[low, high]``.

        Raises:
            ValueError: naming what was expected and what came.
        """
        if tuple(samples.shape[1:]) != self.shape:
            raise ValueError(f"expected a batch of shape (B, {', '.join(map(str, self.shape))}), got {tuple(samples.shape)}")
        if str(samples.dtype) != f"torch.{self.dtype}":
            raise ValueError(f"expected {self.dtype}, got {samples.dtype}")
        if samples.numel():
            low, high = samples.min().item(), samples.max().item()
            if not (self.low <= low and high <= self.high):  # also catches NaN
                raise ValueError(f"expected values in [{self.low:g}, {self.high:g}], got [{low:g}, {high:g}]")

    def to_json(self) -> dict[str, Any]:
        """The spec as plain JSON values; :meth:`from_json` reads it back."""
        # asdict keeps the tuple, JSON has lists only: what is written must equal what is read
        return {**asdict(self), "axes": [asdict(axis) for axis in self.axes]}

    @classmethod
    def from_json(cls, value: Any, where: object = None) -> SampleSpec:
        """Read what :meth:`to_json` wrote.

        Args:
            value: plain JSON values.
            where: the file they came from, for the error.

        Raises:
            RunError: if ``value`` does not describe a sample.
        """
        try:
            axes = tuple(Axis(**axis) for axis in value["axes"])
            return cls(axes, value["dtype"], float(value["low"]), float(value["high"]), dict(value["traits"]))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            fix = "Restore it from a copy of the run."
            raise RunError(f"the sample description is not valid ({error})", where=where, fix=fix) from error
