"""``pixels``: no network at all, for tests and tiny machines. It sees colours and places, not things."""

from __future__ import annotations

import torch
from torch.nn.functional import adaptive_avg_pool2d

from paragone.execution import Execution
from paragone.spec import SampleSpec

from .frozen import check_picture, check_shape

LARGEST = 32


class Pixels:
    """The sample's own values; a side above 32 pixels is reduced to 32 means, so that D is at most 4096.

    Averages are of premultiplied colour: what is transparent has no say.

    Args:
        spec: of a picture, ``(C, H, W)`` in [-1, 1] with C of 1, 3 or 4.

    Raises:
        ValueError: if ``spec`` is not that of a picture.
    """

    identity = "pixels-v1"

    def __init__(self, spec: SampleSpec) -> None:
        check_picture(spec)
        channels, height, width = spec.shape
        self._spec, self._small = spec, (min(height, LARGEST), min(width, LARGEST))
        self.size = channels * self._small[0] * self._small[1]

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """``(B, *spec.shape)`` in [-1, 1] → ``(B, D)`` float32 on the CPU; what is not a number stays so.

        Raises:
            ValueError: if the shape is wrong.
        """
        check_shape(samples, self._spec)
        values = samples.detach().to("cpu", torch.float32)
        if self._small != self._spec.shape[1:]:
            values = adaptive_avg_pool2d(values, self._small)
        return values.flatten(1).clone()  # never the caller's own memory


def build(spec: SampleSpec, execution: Execution) -> Pixels:
    """See :class:`Pixels`; ``execution`` is not needed.

    Raises:
        ValueError: if ``spec`` is not that of a picture.
    """
    return Pixels(spec)
