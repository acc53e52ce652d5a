"""Checks of the dataset: samples that fit, labels, hashes, and words for what cannot be read."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import torch

from ..errors import DataError, UsageError
from ..modality import resolve
from ..opening import open_data, starter
from .check import Check
from .subject import Subject

CPU = torch.device("cpu")
SHOWN = 64


def data_fits_its_spec(subject: Subject) -> str | None:
    dataset = subject.open()
    indices = torch.arange(min(len(dataset), SHOWN))
    samples, labels = dataset.batch(indices, CPU)
    dataset.spec.check(samples)
    back, _ = dataset.batch(indices.flip(0), CPU)
    if not torch.equal(back.flip(0), samples):
        return "batch([2, 1, 0]) does not give the samples of batch([0, 1, 2]) in the order asked for"
    if (labels is None) != (not dataset.labels) or (dataset.numbers is None) != (not dataset.labels):
        return f"labels are {dataset.labels}, numbers {dataset.numbers}, and a batch brings {labels}"
    if labels is not None and dataset.numbers is not None:
        if labels.dtype != torch.int64 or dataset.numbers.dtype != torch.int64:
            return f"labels are {labels.dtype} and numbers {dataset.numbers.dtype}; torch.int64 was wanted"
        if not torch.equal(labels, dataset.numbers[indices]):
            return f"a batch brings the labels {labels.tolist()[:8]} …, numbers says {dataset.numbers[indices].tolist()[:8]} …"
        if not 0 <= int(dataset.numbers.min()) <= int(dataset.numbers.max()) < len(dataset.labels):
            return f"label numbers from {int(dataset.numbers.min())} to {int(dataset.numbers.max())} for {len(dataset.labels)} labels"
    return None


def hashes_follow_content(subject: Subject) -> str | None:
    dataset, again = subject.open(), subject.open()
    if dataset.hashes.shape != (len(dataset),) or dataset.hashes.dtype != torch.int64:
        return f"hashes of shape {tuple(dataset.hashes.shape)} and {dataset.hashes.dtype} for {len(dataset)} samples"
    if dataset.fingerprint != again.fingerprint or not torch.equal(dataset.hashes, again.hashes):
        return "opened twice, the same data has other hashes or another fingerprint"
    if not re.fullmatch(r"[0-9a-f]{8,}", dataset.fingerprint):
        return f"the fingerprint is {dataset.fingerprint!r}, no hexadecimal hash"
    elsewhere = open_data(subject.medium, subject.settled.data, _copied(subject), lambda text: None)
    if elsewhere.fingerprint != dataset.fingerprint or not torch.equal(elsewhere.hashes, dataset.hashes):
        return "a copy of the data in another folder has other hashes or another fingerprint: what is held out would depend on the place"
    count = min(len(dataset), SHOWN)
    samples = dataset.batch(torch.arange(count), CPU)[0].flatten(1)
    same_content = torch.stack([(samples == sample).all(1) for sample in samples])  # row by row: a film is large
    same_hash = dataset.hashes[:count, None] == dataset.hashes[None, :count]
    if not torch.equal(same_content, same_hash):
        first, second = (same_content != same_hash).nonzero()[0].tolist()
        return f"samples {first} and {second} are {'equal' if same_content[first, second] else 'different'}, their hashes are not"
    # good hashes are spread evenly over all 64 bits: of those below zero half, give or take four deviations. Positions are not
    different = torch.unique(dataset.hashes)
    below = int((different < 0).sum())
    if abs(below - len(different) / 2) > 2 * len(different) ** 0.5:
        return f"{below} of {len(different)} different hashes are below zero, about half was wanted: they decide what is held out"
    return None


def _copied(subject: Subject) -> Path:
    """A copy of the data, under the same name in another folder."""
    source = subject.data or starter(subject.medium)
    path = subject.path("elsewhere") / source.name
    path.parent.mkdir()
    return Path(shutil.copytree(source, path) if source.is_dir() else shutil.copy2(source, path))


def bad_data_is_refused_in_words(subject: Subject) -> str | None:
    hopeless, doubtful = _bad_data(subject.path("bad-data"))
    for path in hopeless + doubtful:
        try:
            dataset = open_data(subject.medium, subject.settled.data, path, lambda text: None)
        except (DataError, UsageError) as error:
            if error.fix is None:
                return f"for {path.name} it says {str(error)!r}, not how to mend it"
            continue
        except Exception as error:  # whatever else a plugin raises is what this check is there to find
            return f"for {path.name} it raised {type(error).__name__}: {error}"
        if path in hopeless:
            return f"it made {len(dataset)} samples out of {path.name}"
        dataset.spec.check(dataset.batch(torch.arange(min(len(dataset), SHOWN)), CPU)[0])
    return None


def likeness_is_of_the_sample_alone(subject: Subject) -> str | None:
    if subject.medium.embedding is None:
        return None
    dataset = subject.open()
    embed = resolve(subject.medium.embedding)
    samples = dataset.batch(torch.arange(min(len(dataset), SHOWN)), CPU)[0]
    kept = samples.clone()
    rows = embed(samples, dataset.spec)
    if rows.dim() != 2 or len(rows) != len(samples) or not rows.is_floating_point() or not bool(rows.isfinite().all()):
        return f"{len(samples)} samples gave {tuple(rows.shape)} {rows.dtype}; ({len(samples)}, D) finite floats were wanted"
    if not torch.equal(samples, kept):
        return "the samples were changed"
    alone, scale = embed(samples[:1], dataset.spec), rows.abs().max()
    if not torch.allclose(alone, rows[:1], atol=1e-3 * float(scale)):
        return f"a sample alone has another row than among others: they differ by {(alone - rows[:1]).abs().max():.3g}"
    return None


def _bad_data(folder: Path) -> tuple[list[Path], list[Path]]:
    """What nothing can be learned from, and what some media might make something of."""
    (folder / "an-empty-folder").mkdir(parents=True, exist_ok=True)
    (folder / "an-empty-file").write_bytes(b"")
    (folder / "noise.bin").write_bytes(random.Random(0).randbytes(4096))
    (folder / "words.txt").write_text("no,data\nof any,kind\n", encoding="utf-8")
    (folder / "a-folder-of-noise").mkdir(exist_ok=True)
    (folder / "a-folder-of-noise" / "noise.bin").write_bytes(random.Random(1).randbytes(64))
    hopeless = ["nothing-there", "an-empty-folder", "an-empty-file"]
    return [folder / name for name in hopeless], [folder / name for name in ("noise.bin", "words.txt", "a-folder-of-noise")]


CHECKS = (
    Check(
        "data_fits_its_spec",
        "a batch of the data has the shape, dtype and range of its SampleSpec, in the order asked for, with the labels that numbers says",
        "{dataset}",
        data_fits_its_spec,
        each_preset=False,
    ),
    Check(
        "hashes_follow_content",
        "equal samples have equal hashes, different ones different ones, and the same data always the same, wherever it lies",
        "{dataset}, its hashes and fingerprint",
        hashes_follow_content,
        each_preset=False,
    ),
    Check(
        "likeness_is_of_the_sample_alone",
        "the embedding, if there is one, gives one finite row a sample, which does not depend on the others",
        "the embedding that {module} declares",
        likeness_is_of_the_sample_alone,
        each_preset=False,
    ),
    Check(
        "bad_data_is_refused_in_words",
        "data that is missing, empty or of another kind raises DataError with what, where and how to mend it",
        "{dataset}",
        bad_data_is_refused_in_words,
        each_preset=False,
    ),
)
