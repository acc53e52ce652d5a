"""The metrics that any medium with a feature extractor can declare. No torch here."""

from __future__ import annotations

from ..modality import Metric

FEATURE_METRICS = (
    Metric("fid", "Fréchet distance of the features (Heusel et al. 2017).", "paragone.evaluation.frechet:fid", "lower", title="FID"),
    Metric(
        "kid",
        "Kernel distance of the features, unbiased, times 1000 (Bińkowski et al. 2018).",
        "paragone.evaluation.kernel:kid",
        "lower",
        per_label=True,
        title="KID × 1000",
    ),
    Metric(
        "precision",
        "Share of samples that look real (Kynkäänniemi et al. 2019, k = 3).",
        "paragone.evaluation.neighbours:precision",
        "higher",
    ),
    Metric(
        "recall",
        "Share of real samples that could be made (Kynkäänniemi et al. 2019, k = 3).",
        "paragone.evaluation.neighbours:recall",
        "higher",
    ),
    Metric(
        "density",
        "How deep samples lie among the real ones (Naeem et al. 2020, k = 5).",
        "paragone.evaluation.neighbours:density",
        "higher",
    ),
    Metric(
        "coverage",
        "Share of real samples with one like it (Naeem et al. 2020, k = 5).",
        "paragone.evaluation.neighbours:coverage",
        "higher",
        per_label=True,
    ),
    Metric(
        "variety",
        "Mean distance between two samples, over that of real ones; near 0: always the same.",
        "paragone.evaluation.variety:variety",
        "real",
        per_label=True,
    ),
)
"""What two sets of features are compared by, for :attr:`paragone.modality.Modality.metrics`."""
