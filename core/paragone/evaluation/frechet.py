"""Fréchet distance of two sets of features, FID when they are Inception's.

Heusel et al. 2017, section 3, equation 6:

    d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)

The trace of the square root needs no matrix square root. With Aᵢ the centred
features over √(nᵢ − 1), so that Σᵢ = Aᵢᵀ Aᵢ, the nonzero eigenvalues of Σ₁ Σ₂ are
the squared singular values of A₁ A₂ᵀ, so the trace is the sum of these. That is
exact for fewer samples than features too, where a matrix square root breaks down.
"""

from __future__ import annotations

import torch

from .evidence import Evidence, Score, too_few

TRUSTED = 100
"""Samples under which a covariance says little, however few features there are."""


def frechet_distance(x: torch.Tensor, y: torch.Tensor) -> float:
    """d² of two sets.

    Args:
        x, y: ``(N, D)`` and ``(M, D)`` features, each of 2 rows or more.

    Returns:
        0 or more; 0 for equal means and covariances. Biased upwards for small sets.
    """
    return _apart(_moments(x), _moments(y))


def _apart(one: tuple[torch.Tensor, torch.Tensor], other: tuple[torch.Tensor, torch.Tensor]) -> float:
    (mean_x, root_x), (mean_y, root_y) = one, other
    cross = torch.linalg.svdvals(root_x @ root_y.T).sum()
    return max(float((mean_x - mean_y).square().sum() + root_x.square().sum() + root_y.square().sum() - 2 * cross), 0.0)


def fid(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """:func:`frechet_distance`; doubted when a set has no more samples than there are features."""
    if min(len(candidate), len(reference)) < 2:
        return Score(None, doubt="a covariance needs at least 2 samples")
    features = reference.features.shape[1]
    doubt = too_few(candidate, reference, max(features + 1, TRUSTED), f"a covariance of {features:,} features")
    return Score(_apart(candidate.once(_moments_of), reference.once(_moments_of)), doubt=doubt)


def _moments_of(evidence: Evidence) -> tuple[torch.Tensor, torch.Tensor]:
    return _moments(evidence.features)


def _moments(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean, and a root A of the covariance with Aᵀ A = Σ and at most D rows."""
    features = features.double()
    mean = features.mean(0)
    root = (features - mean) / (len(features) - 1) ** 0.5
    return mean, torch.linalg.qr(root, mode="r").R if len(root) > root.shape[1] else root
