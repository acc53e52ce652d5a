"""Does a sound have its label? A classifier that has learned from the references' features says so.

Linear discriminant analysis (Hastie, Tibshirani and Friedman 2009, section 4.3) with every label
equally likely: of the labels c it takes the one with the smallest

    (x − μ_c)ᵀ Σ⁻¹ (x − μ_c)

μ_c is the mean of a label and Σ the covariance within labels, shrunk by 0.1 towards a multiple of
the unit matrix, so that it has an inverse for fewer sounds than features. Nothing is drawn and
nothing converges: the same references give the same classifier.

It is no expert. What it reaches on real sounds that it has not learned from, which stand beside
the generated ones, is the most that can be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from paragone.evaluation.evidence import Evidence, Score, share_of

SHRINKAGE = 0.1
TRUSTED = 10
"""References of a label under which its mean says little."""
FEWEST = 20
"""Sounds judged under which a share says little."""


@dataclass(frozen=True)
class Classifier:
    """See the module.

    Attributes:
        labels: ``(K,)`` int64, those that occur.
        means: ``(K, D)`` float64, in the space where Σ is the unit matrix.
        whiten: ``(D, D)`` float64 into that space.
    """

    labels: torch.Tensor
    means: torch.Tensor
    whiten: torch.Tensor

    @classmethod
    def learn(cls, features: torch.Tensor, numbers: torch.Tensor) -> Classifier:
        """From ``(N, D)`` float64 features and their ``(N,)`` labels, at least one."""
        labels, which = torch.unique(numbers, return_inverse=True)
        counts = torch.bincount(which)[:, None]
        means = torch.zeros(len(labels), features.shape[1], dtype=torch.float64).index_add_(0, which, features) / counts
        inside = features - means[which]
        covariance = inside.T @ inside / max(1, len(features) - len(labels))
        mean = float(covariance.diagonal().mean()) or 1.0  # every label's sounds are the same
        shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * mean * torch.eye(len(covariance), dtype=torch.float64)
        values, vectors = torch.linalg.eigh(shrunk)
        whiten = vectors * values.rsqrt()
        return cls(labels, means @ whiten, whiten)

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """``(N, D)`` → ``(N,)`` int64 labels."""
        return self.labels[torch.cdist(features @ self.whiten, self.means).argmin(1)]


def label_accuracy(candidate: Evidence, reference: Evidence, seed: int = 0) -> Score:
    """Share of candidates that a :class:`Classifier` of the references gives the label that they have."""
    if candidate.numbers is None or reference.numbers is None or not len(candidate) or not len(reference):
        return Score(None, doubt="there are no labels")
    counts = torch.bincount(reference.numbers)
    fewest = int(counts[counts > 0].min())
    if fewest == len(reference):
        return Score(None, doubt="there is one label only")
    right = int((reference.once(_learn)(candidate.features) == candidate.numbers).sum())
    doubt = f"{fewest} references of one label, the classifier wants at least {TRUSTED}" if fewest < TRUSTED else ""
    few = f"{len(candidate)} samples" if len(candidate) < FEWEST else ""
    return share_of(right, len(candidate), doubt or few)


def _learn(evidence: Evidence) -> Classifier:
    if evidence.numbers is None:
        raise ValueError("there are no labels")
    return Classifier.learn(evidence.features, evidence.numbers)
