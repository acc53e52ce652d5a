"""How varied the fakes of one label are, beside the reals: what tells a collapse."""

from __future__ import annotations

import torch


def label_diversity(real: torch.Tensor, fake: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
    """Mean distance between fakes of one label over that between reals of one label.

    The distance of samples of tokens is how many places they differ in.

    1 means as varied as the data; near 0 means one sample over and over, though
    the labels may still differ from each other.

    Args:
        real, fake: ``(B, *shape)``, both with the labels ``label``.
        label: ``(B,)`` or ``None``.

    Returns:
        A scalar; 1 if no two samples share a label, or the reals do not differ.
    """
    count = len(real)
    same = torch.ones(count, count, dtype=torch.bool, device=real.device) if label is None else label[:, None] == label[None]
    same &= ~torch.eye(count, dtype=torch.bool, device=real.device)
    if not same.any():
        return torch.ones((), device=real.device)
    spread_real, spread_fake = (_distances(x)[same].mean() for x in (real, fake))
    return torch.where(spread_real > 0, spread_fake / spread_real.clamp_min(1e-6), 1.0)


def _distances(x: torch.Tensor) -> torch.Tensor:
    if x.dtype == torch.int64:
        return (x[:, None] != x[None]).float().mean(2)
    return torch.cdist(x.float().flatten(1), x.float().flatten(1))
