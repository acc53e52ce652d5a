"""What texts are compared by, and the extractors of features. No torch here."""

from __future__ import annotations

from paragone.modality import Extractor, Metric

EXTRACTORS = (
    Extractor(
        "reference-lm",
        "States of a small language model of place names, bundled.",
        "paragone_text.evaluation.reference_lm:build",
    ),
    Extractor("ngrams", "Hashed counts of one to three characters; no network.", "paragone_text.evaluation.hashed:build"),
)

METRICS = (
    Metric(
        "frechet",
        "Fréchet distance of the features (Heusel et al. 2017, equation 6); neither FID nor FED.",
        "paragone.evaluation.frechet:fid",
        "lower",
        title="Fréchet distance",
    ),
    Metric(
        "kid",
        "Kernel distance of the features, unbiased, times 1000 (Bińkowski et al. 2018).",
        "paragone.evaluation.kernel:kid",
        "lower",
        title="kernel distance × 1000",
    ),
    Metric(
        "density",
        "How deep texts lie among the real ones (Naeem et al. 2020, k = 5); above the real one: only typical ones.",
        "paragone.evaluation.neighbours:density",
        "real",
    ),
    Metric(
        "coverage",
        "Share of real texts with one like it (Naeem et al. 2020, k = 5).",
        "paragone.evaluation.neighbours:coverage",
        "higher",
        per_label=True,
    ),
    Metric(
        "variety",
        "Mean distance between two texts, over that of real ones; near 0: always the same.",
        "paragone.evaluation.variety:variety",
        "real",
        per_label=True,
    ),
    *(
        Metric(
            f"bleu_{order}",
            f"Mean BLEU-{order} against the real texts, in words, or characters where these are learned; above the real one: too safe.",
            f"paragone_text.evaluation.bleu:bleu_{order}",
            "real",
            title=f"BLEU-{order}",
        )
        for order in (2, 3, 4, 5)
    ),
    Metric(
        "self_bleu_4",
        "Mean BLEU-4 of one half of the texts against the other (after Zhu et al. 2018); above the real one: they repeat each other.",
        "paragone_text.evaluation.bleu:self_bleu_4",
        "real",
        title="self-BLEU-4",
    ),
    Metric(
        "unique",
        "Different texts, over all of them.",
        "paragone_text.evaluation.shares:unique",
        "real",
        per_label=True,
        title="unique share",
    ),
    Metric(
        "novel",
        "Share that the training set does not hold; the real one: how often a new real text would be new to it.",
        "paragone_text.evaluation.shares:novel",
        "real",
        title="novel share",
    ),
    *(
        Metric(
            f"js_{length}",
            f"Jensen-Shannon divergence of the {length}-grams, of words, or characters where these are learned; bits, 0 to 1.",
            f"paragone_text.evaluation.divergence:js_{length}",
            "lower",
            per_label=length == 2,
            title=f"JS of {length}-grams",
        )
        for length in (1, 2, 3, 4)
    ),
    Metric(
        "edges",
        "Jensen-Shannon divergence of the first characters and of the last, the mean of both; bits, 0 to 1.",
        "paragone_text.evaluation.divergence:edges",
        "lower",
        title="JS of first and last",
    ),
    Metric(
        "length",
        "Wasserstein-1 distance of the lengths, in characters.",
        "paragone_text.evaluation.lengths:lengths",
        "lower",
        title="distance of lengths",
    ),
    Metric(
        "label_accuracy",
        "Share that naive Bayes, which has learned from the real texts, gives the label they were made for.",
        "paragone_text.evaluation.labels:label_accuracy",
        "real",
        title="label accuracy",
    ),
)
"""For :attr:`paragone.modality.Modality.metrics`, in the order of the table."""
