"""What sounds are compared by, and the extractors of features. No torch here."""

from __future__ import annotations

from paragone.modality import Extractor, Metric

EXTRACTORS = (
    Extractor("log-mel", "Smooth patterns of the mel spectrogram; no network.", "paragone_audio.evaluation.log_mel:build"),
    Extractor("spectral", "Levels of octaves in four stretches of time; no network.", "paragone_audio.evaluation.octaves:build"),
    Extractor(
        "aisfx",
        "A network trained on sound effects (Ma and Lerch 2022); needs the package aisfx.",
        "paragone_audio.evaluation.sound_effects:build",
    ),
)

METRICS = (
    Metric(
        "frechet",
        "Fréchet distance of the features (Heusel et al. 2017, equation 6); not FAD, whose features are a network's.",
        "paragone.evaluation.frechet:fid",
        "lower",
        title="Fréchet distance",
    ),
    Metric(
        "kid",
        "Kernel distance of the features, unbiased, times 1000 (Bińkowski et al. 2018).",
        "paragone.evaluation.kernel:kid",
        "lower",
        per_label=True,
        title="kernel distance × 1000",
    ),
    Metric(
        "density",
        "How deep sounds lie among the real ones (Naeem et al. 2020, k = 5); above the real one: only typical ones.",
        "paragone.evaluation.neighbours:density",
        "real",
    ),
    Metric(
        "coverage",
        "Share of real sounds with one like it (Naeem et al. 2020, k = 5).",
        "paragone.evaluation.neighbours:coverage",
        "higher",
        per_label=True,
    ),
    Metric(
        "variety",
        "Mean distance between two sounds, over that of real ones; near 0: always the same.",
        "paragone.evaluation.variety:variety",
        "real",
        per_label=True,
    ),
    Metric(
        "ndb",
        "Share of bins of real features that are too full or too empty (Richardson and Weiss 2018); some are by chance.",
        "paragone_audio.evaluation.bins:ndb",
        "lower",
        title="NDB/K",
    ),
    Metric(
        "jsd",
        "Jensen-Shannon divergence of how full these bins are; bits, 0 to 1.",
        "paragone_audio.evaluation.bins:jsd",
        "lower",
        title="JS of the bins",
    ),
    Metric(
        "label_accuracy",
        "Share that a linear classifier, which has learned from the real sounds, gives the label they were made for.",
        "paragone_audio.evaluation.labels:label_accuracy",
        "real",
        title="label accuracy",
    ),
    Metric(
        "copied",
        "Share whose waveform correlates above 0.95 with a training sound, at any shift; real: of training sounds, with another.",
        "paragone_audio.evaluation.copies:copied",
        "lower",
        title="copied waveforms",
    ),
    Metric(
        "correlated",
        "The largest such correlation of any of them, at least 0.8; real: of any training sound with another.",
        "paragone_audio.evaluation.copies:correlated",
        "lower",
        title="nearest waveform",
    ),
    *(
        Metric(name, f"Wasserstein-1 distance of {what}.", f"paragone_audio.evaluation.distances:{name}", "lower", title=f"{name}, {unit}")
        for name, unit, what in (
            ("centroid", "octaves", "the mean frequencies, weighted by power, in octaves"),
            ("flatness", "dB", "the flatness of the spectra, in dB"),
            ("crest", "dB", "peak over RMS in the loudest 50 ms, in dB"),
            ("attack", "ms", "the times from 10 to 90 % of the envelope's maximum, in ms"),
            ("decay", "ms", "the times from the maximum until the last 20 dB below it, in ms"),
            ("tail", "ms", "the times from the maximum until the last 40 dB below it, in ms"),
            ("loudness", "dB", "the RMS of whole sounds, in dB"),
        )
    ),
    Metric(
        "grid_buzz",
        "Lines at multiples of rate/4, /16, /64 or /256 over their neighbourhood, in dB, the median sound; real ones have about 0.",
        "paragone_audio.evaluation.buzz:grid_buzz",
        "real",
        title="grid buzz, dB",
    ),
    Metric(
        "silent",
        "Share of sounds with an RMS below -60 dBFS.",
        "paragone_audio.evaluation.faults:silent",
        "real",
        title="silent share",
    ),
    Metric(
        "clipped",
        "Share of sounds whose top is flat for half a millisecond.",
        "paragone_audio.evaluation.faults:clipped",
        "real",
        title="clipped share",
    ),
    Metric("dc", "Root mean square of the mean values, in dBFS.", "paragone_audio.evaluation.faults:dc", "real", title="DC, dBFS"),
    Metric(
        "seam",
        "Of loops: the step from the end to the beginning, over those inside; 1 is seamless.",
        "paragone_audio.evaluation.seam:seam",
        "real",
    ),
)
"""For :attr:`paragone.modality.Modality.metrics`, in the order of the table."""
