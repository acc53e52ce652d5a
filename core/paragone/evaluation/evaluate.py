"""``create MEDIUM evaluate``: a run put to the test, and real data put to the same test.

A score means little by itself. Beside each stands the same score of real samples
against real samples: no generator can be expected to do better.

==============  =====================================  ===============================
reference       what generated samples are held        what real samples stand for
                against                                them in the second column
==============  =====================================  ===============================
``given``       other data, named by the user          the training data
``held-out``    the samples held out of the training   the training data
``training``    one half of the training data          the other half
==============  =====================================  ===============================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..allocator import keep_freed_memory
from ..artefacts import writer_of
from ..data import Dataset, hold_out
from ..errors import DataError, ParagoneError, UsageError
from ..modality import Metric
from ..own_data import data_like, own_data
from ..randomness import generator_for
from ..reporting import Reporter, Silent
from ..sampler import Sampler
from .evidence import Evidence, Score
from .examiner import WORTH_HALVING, Examiner, ask, labels_like
from .features import Progress
from .memorisation import Memorisation, memorisation

COUNT = 1024
"""Generated samples when nobody says how many."""

Scores = dict[str, Score]


@dataclass(frozen=True)
class Compared:
    """Generated samples, and real ones in their place, held against the same reference.

    Attributes:
        generated, real: metric name → score; ``real`` is empty where there are too few samples to split.
        counts: how many samples were generated, how many ``real`` ones stood for
            them, and how many the ``reference`` has.
    """

    generated: Scores
    real: Scores
    counts: dict[str, int]


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        sampler: the run that was put to the test.
        extractor: identity of the feature extractor.
        reference: ``"given"``, ``"held-out"`` or ``"training"``.
        seed: of the first sample, and of all that was drawn.
        metrics: what was measured, in order.
        total: over all samples.
        labels: label name → its samples alone, with the metrics that allow it.
        memorisation: ``None`` where the training data could not be opened.
        notes: what a reader must know to trust the numbers.
        generated, training: for whoever wants to show samples.
    """

    sampler: Sampler
    extractor: str
    reference: str
    seed: int
    metrics: tuple[Metric, ...]
    total: Compared
    labels: dict[str, Compared]
    memorisation: Memorisation | None
    notes: tuple[str, ...]
    generated: Evidence = field(repr=False)
    training: Evidence | None = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """All numbers as JSON values."""
        copied = self.memorisation
        return {
            "run": str(self.sampler.run.path),
            "hash": self.sampler.hash,
            "weights": self.sampler.which,
            "modality": self.sampler.modality.name,
            "extractor": self.extractor,
            "reference": self.reference,
            "seed": self.seed,
            **_compared_json(self.total),
            "labels": {label: _compared_json(compared) for label, compared in self.labels.items()},
            "memorisation": None
            if copied is None
            else {
                "ratio": copied.ratio,
                "near_copies": copied.near_copies,
                "near_copies_expected": copied.expected,
                "exact_copies": copied.exact,
                "baseline": copied.baseline,
                "doubt": copied.doubt,
            },
            "notes": list(self.notes),
        }


def evaluate(
    run: str | Path,
    data: str | Path | None = None,
    *,
    modality: str | None = None,
    count: int = COUNT,
    seed: int = 0,
    extractor: str | None = None,
    which: str = "last",
    device: str = "auto",
    reporter: Reporter | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure how good the samples of a run are.

    Args:
        run: the run folder.
        data: other data to hold them against, or where the run's own data is now.
        modality: raise if the run is of another one.
        count: samples to generate.
        seed: of the first; the others follow.
        extractor: of features, one that the medium declares; ``None`` for its default.
        which: ``"last"`` weights, or ``"best"`` where the training kept them.
        device: as for training.
        reporter: told what a user should know about the data.
        progress: told how far the long parts are.

    Raises:
        ParagoneError: of the kind that fits.
    """
    if count < 2:
        raise UsageError(f"{count} samples are too few to compare", where="count", fix="Ask for hundreds at least.")
    sampler = Sampler.load(run, device, modality, which)
    examiner = Examiner(sampler.modality, sampler.spec, sampler.execution, extractor, progress)
    if sampler.execution.device.type == "cpu":
        keep_freed_memory()  # feature maps are large and come and go
    notes: list[str] = []
    if sampler.which == "best" and data is None:
        notes.append("the best weights were chosen by a score on the same real samples, which flatters them; --data names others")
    sets = _Sets.open(sampler, None if data is None else Path(data), reporter or Silent(), notes)

    training = None if sets.training is None else examiner.real(sets.training, "training samples")
    if training is not None:
        training = replace(training, training=sets.training, trained_on=True)
    held = None if sets.held is None else examiner.real(sets.held, "held-out samples")
    given = None if sets.given is None else examiner.real(sets.given, "given samples")
    reference = given or held or training
    if reference is None:  # _Sets.open raises before that
        raise AssertionError("nothing to compare with")
    numbers = labels_like(reference, count, seed)
    if numbers is None and sampler.labels:
        numbers = torch.arange(count) % len(sampler.labels)
        numbers = numbers[torch.randperm(count, generator=generator_for(seed, "labels"))]  # any part of them holds all alike
        notes.append("the data has no labels of this run: samples of all labels alike were generated")
    made = examiner.generated(sampler.generator, range(seed, seed + count), numbers, sampler.clusters)
    generated = replace(made, training=sets.training)

    metrics = sampler.modality.metrics
    others = None if reference is training else training
    if given is not None and others is not None and sets.given is not None:
        others = _in_place_of(others, given, sets.given, count)
        notes += _absent(others, given, sampler.labels)
    total = compare(metrics, generated, reference, others, seed)
    if total.counts["real"] < count:
        few = total.counts["real"]
        notes.append(
            f"only {few:,} real samples could stand beside {count:,} generated ones: scores that depend on how many there are, "
            "such as a distance or the share of different ones, are not quite comparable"
        )
    return Evaluation(
        sampler,
        examiner.extractor.identity,
        "training" if reference is training else "held-out" if reference is held else "given",
        seed,
        metrics,
        total,
        _compare_labels(sampler, generated, reference, others, seed),
        _memorisation(sampler, generated, training, held, notes),
        tuple(notes),
        generated,
        training,
    )


def _in_place_of(training: Evidence, given: Evidence, data: Dataset, count: int) -> Evidence:
    """Training samples to stand beside the ``given`` ones: none of these themselves, and labels in their proportions."""
    if training.training is None:
        return training
    order = training.training.hashes.argsort(stable=True)[: len(training)]  # that of their features
    others = training.part((~torch.isin(training.training.hashes[order], data.hashes)).nonzero()[:, 0])
    if others.numbers is None or given.numbers is None or not len(others):
        return others
    kinds = int(max(others.numbers.max(), given.numbers.max())) + 1
    there, wanted = (torch.bincount(numbers, minlength=kinds).double() for numbers in (others.numbers, given.numbers))
    shares = wanted / wanted.sum()
    enough = (there / shares).masked_fill(there == 0, torch.inf)  # of a label that has none left, none can stand there
    of_each = (shares * min(count, float(enough.min()))).round()
    chosen = [(others.numbers == number).nonzero()[: int(of_each[number]), 0] for number in range(kinds)]
    return others.part(torch.cat(chosen).sort().values)


def _absent(others: Evidence, given: Evidence, labels: Sequence[str]) -> list[str]:
    """What to say of labels that the ``given`` samples have, and those in their place have not."""
    if others.numbers is None or given.numbers is None or not len(others):
        return []
    absent = sorted({*given.numbers.tolist()} - {*others.numbers.tolist()})
    return [f"no other real samples are {', '.join(labels[number] for number in absent)}: real scores lack them"] if absent else []


def _memorisation(
    sampler: Sampler, generated: Evidence, training: Evidence | None, held: Evidence | None, notes: list[str]
) -> Memorisation | None:
    """:func:`memorisation`, as far as there is something to say."""
    if training is None or len(training) < 2:
        return None
    if training.training is not None and len(training) < len(training.training):
        notes.append(f"copies were looked for among {len(training):,} of {len(training.training):,} training samples")
    artefacts = writer_of(sampler.modality, sampler.spec, sampler.modality.sample_config())
    return memorisation(generated, training, held, lambda sample: artefacts.encode(sample, {}))


def _compare_labels(sampler: Sampler, generated: Evidence, reference: Evidence, real: Evidence | None, seed: int) -> dict[str, Compared]:
    """:func:`compare` for each label of ``reference`` alone, with the metrics that allow it."""
    if reference.numbers is None:
        return {}
    metrics = tuple(metric for metric in sampler.modality.metrics if metric.per_label)
    found = {}
    for number in torch.unique(reference.numbers).tolist():
        others = None if real is None else real.of_label(number)
        found[sampler.labels[number]] = compare(metrics, generated.of_label(number), reference.of_label(number), others, seed)
    return found


def compare(metrics: tuple[Metric, ...], generated: Evidence, reference: Evidence, real: Evidence | None, seed: int) -> Compared:
    """Scores of ``generated`` and, for comparison, of as many real samples.

    Args:
        metrics: to ask.
        generated: to be judged.
        reference: what they are held against.
        real: real samples other than the reference's; ``None`` to hold one half of
            the reference against the other; then the generated ones are held against that half too.
        seed: of what metrics draw.
    """
    if real is None and len(reference) < WORTH_HALVING:
        real = reference.part(torch.arange(0))
    elif real is None:
        # in the order of their hashes: a random split, with equal samples on the same side
        real, reference = (reference.part(half) for half in torch.arange(len(reference)).tensor_split(2))
    # at random, for in that order all that are equal would be among them, or none
    real = real.part(torch.randperm(len(real), generator=generator_for(seed, "real"))[: len(generated)])
    scores = ask(metrics, real, reference, seed) if len(real) else {}
    counts = {"generated": len(generated), "reference": len(reference), "real": len(real)}
    return Compared(ask(metrics, generated, reference, seed), scores, counts)


@dataclass(frozen=True)
class _Sets:
    """The data that an evaluation needs, as far as it is there."""

    training: Dataset | None
    held: Dataset | None
    given: Dataset | None

    @classmethod
    def open(cls, sampler: Sampler, data: Path | None, reporter: Reporter, notes: list[str]) -> _Sets:
        """Open the run's own data, and ``data`` where it is other data."""
        given = None if data is None else data_like(sampler, data, lambda text: reporter.note(f"given data: {text}"))
        if given is not None and given.fingerprint == sampler.run.config["data"]["fingerprint"]:
            own: Dataset | None = given
            given = None
        else:
            note = reporter.note if given is None else lambda text: reporter.note(f"training data: {text}")
            own = _own(sampler, note, notes, needed=given is None)
        training, held = (None, None) if own is None else hold_out(own, sampler.settings.train.hold_out)
        if given is not None:
            if own is None:
                notes.append("without the training data nothing can be said about copies, nor whether the data given was trained on")
            elif training is not None and (known := int(torch.isin(given.hashes, training.hashes).sum())):
                share = f"{known:,} of the {len(given):,} samples given were trained on"
                notes.append(f"{share}: copying them would score well (they are left out of the real ones)")
            return cls(training, held, given)
        if held is None:
            notes.append(
                "compared with the very samples it was trained on: copying them would score well. "
                "Train with --set train.hold_out=0.15, or give other data with --data."
            )
        return cls(training, held, None)


def _own(sampler: Sampler, note: Callable[[str], None], notes: list[str], needed: bool) -> Dataset | None:
    """The data that the run was trained on, if it is still there and still the same."""
    try:
        return own_data(sampler, note)
    except ParagoneError as error:
        if needed:
            fix = "Restore it, or name data to compare with: --data DATA."
            raise DataError(error.what, where=error.where, fix=fix) from error
        notes.append(f"the training data is left out ({error.what})")
        return None


def _compared_json(compared: Compared) -> dict[str, Any]:
    real = {name: asdict(score) for name, score in compared.real.items()}
    return {
        "counts": compared.counts,
        "scores": {name: {**asdict(score), "real": real.get(name)} for name, score in compared.generated.items()},
    }
