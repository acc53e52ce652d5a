from __future__ import annotations

import pytest
import torch

from paragone.diversity import label_diversity


def test_label_diversity() -> None:
    torch.manual_seed(0)
    real = torch.randn(64, 3, 4)
    label = torch.arange(64) % 4
    assert label_diversity(real, real, label).item() == pytest.approx(1.0)
    assert label_diversity(real, real * 0.5, None).item() == pytest.approx(0.5)
    one_each = torch.randn(4, 3, 4)[label]  # labels differ, but each has a single sample
    assert label_diversity(real, one_each, label).item() == pytest.approx(0.0, abs=1e-3)
    assert label_diversity(real, one_each, None).item() > 0.5
    assert label_diversity(real[:4], real[:4], torch.arange(4)).item() == 1.0  # no pair to compare
    assert label_diversity(torch.ones(4, 3), real[:4, :, 0], None).item() == 1.0  # reals that do not differ
