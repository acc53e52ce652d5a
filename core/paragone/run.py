"""A run: the folder that holds all there is to know about one training.

=============================  ====================================================
``config.json``                what was trained on what, with which settings
``generator.safetensors``      the generator's moving average: all that sampling needs
``state.safetensors``          both players, optimisers and counters: all that resuming needs
``discriminator.safetensors``  the discriminator alone, in a run that is to be small and has no state
``clusters.safetensors``       where the clusters are, if there are some: what resuming needs too
``stats.jsonl``                one line of statistics every so often
``best.safetensors``           the average when it scored best, if `train.keep_best` is set
``scores.jsonl``               what it scored each time
``samples/``                   sheets of the same seeds, as training went on; of sounds, some of them to hear too
``real.*``                     a sheet of what it learns from, as it is learned
=============================  ====================================================

No file holds code or a pickle. Each is replaced whole, so that whatever happens
the last good state is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import filelock

from . import files, weights
from .clusters import Clusters
from .errors import RunError, TakenError, UsageError, one_line
from .instances import Instances
from .options import nearest_error
from .spec import SampleSpec

FORMAT = 1
"""Version of the folder's layout. It rises when older programs cannot read it."""

WEIGHTS = ("last", "best")

LOCK = ".lock"
"""Name of the file that is locked while a training writes here."""

RESTORE = "Restore it from a copy of the run."

TOO_MANY = 100_000
"""Instances, or numbers that describe one: no training writes so many, and networks would not fit the memory."""


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _are_labels(value: object) -> bool:
    """Different texts that can be written and shown."""
    return (
        isinstance(value, list)
        and all(isinstance(label, str) and can_be_written(label) for label in value)
        and len(set(value)) == len(value)
    )


def can_be_written(label: str) -> bool:
    """Whether a label is a text without control characters, which every file can hold."""
    return bool(label) and one_line(label) == label and label.encode("utf-8", "replace").decode() == label


def _is_data(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("fingerprint"), str) and isinstance(value.get("path"), str | None)


def _are_numbers(value: object, least: int) -> TypeGuard[list[int]]:
    return isinstance(value, list) and bool(value) and all(type(number) is int and number >= least for number in value)


def _are_clusters(value: object) -> bool:
    if not isinstance(value, dict):
        return value is None
    labels, sizes = value.get("labels"), value.get("sizes")
    if not (_are_numbers(labels, 0) and _are_numbers(sizes, 1) and len(labels) == len(sizes)):
        return False
    if "instances" in value or "codes" in value:
        counts = value.get("instances")
        if not (_are_numbers(counts, 1) and len(counts) == len(labels) and _are_numbers([value.get("codes")], 1)):
            return False
        if sum(counts) > TOO_MANY or value["codes"] > TOO_MANY:
            return False
    return labels == sorted(labels) and len(set(labels)) == labels[-1] + 1


_VALID: dict[str, Callable[[object], bool]] = {
    "paragone": _is(str),
    "plugin": _is(str),
    "torch": _is(str),
    "modality": _is(str),
    "spec": _is(dict),
    "labels": _are_labels,
    "clusters": _are_clusters,
    "data": _is_data,
    "settings": _is(dict),
}
"""What ``config.json`` must hold besides its format: anyone may have edited it."""


@dataclass(frozen=True)
class Run:
    """A run folder.

    Attributes:
        path: of the folder.
        config: the content of ``config.json``.
    """

    path: Path
    config: dict[str, Any]

    @property
    def generator(self) -> Path:
        """The file that sampling needs."""
        return self.path / "generator.safetensors"

    @property
    def state(self) -> Path:
        """The file that resuming needs."""
        return self.path / "state.safetensors"

    @property
    def centres(self) -> Path:
        """The file of the clusters' centres."""
        return self.path / "clusters.safetensors"

    @property
    def clusters(self) -> Clusters | None:
        """The clusters that the players know, ``None`` if they know labels only, or nothing."""
        return Clusters.from_json(self.config.get("clusters"))

    @property
    def classes(self) -> int:
        """How many numbers the players can be told: clusters, or else labels."""
        return len(self.clusters or self.config["labels"])

    @property
    def instances(self) -> Instances | None:
        """What networks have to know of the instances, codes aside, ``None`` without."""
        return self.clusters.instances if self.clusters else None

    @property
    def discriminator(self) -> Path:
        """The discriminator alone, where somebody put it: no training writes it, its state has it."""
        return self.path / "discriminator.safetensors"

    @property
    def stats(self) -> Path:
        """The statistics, a JSON object a line."""
        return self.path / "stats.jsonl"

    @property
    def best(self) -> Path:
        """The generator that scored best, where the training looked for it."""
        return self.path / "best.safetensors"

    @property
    def scores(self) -> Path:
        """What the training found when it looked, a JSON object a line."""
        return self.path / "scores.jsonl"

    @property
    def samples(self) -> Path:
        """The folder of sample sheets."""
        return self.path / "samples"

    @property
    def modality(self) -> str:
        """Name of the medium."""
        return str(self.config["modality"])

    @classmethod
    def create(cls, path: Path, config: dict[str, Any]) -> Run:
        """Make a new run folder.

        Raises:
            OutputError: if ``path`` holds anything already, or cannot be written.
        """
        run = cls(path, {"format": FORMAT, **config})
        refuse_busy(path)  # before the lock: a folder that is not ours gets not even that
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise files.cannot_write(path, error) from error
        with run.lock():  # of two trainings that begin here at once, one finds the other's config.json
            refuse_busy(path)
            run.write_config()
        return run

    @property
    def begun(self) -> bool:
        """Whether a state was ever saved; a training that was killed before that begins anew.

        The generator is saved before it, so one that has seen nothing tells of no state; one that has, of a state that is lost.

        Raises:
            RunError: if there is only a generator, and it cannot be read.
        """
        return self.state.exists() or self.trained

    @property
    def trained(self) -> bool:
        """Whether there is a generator that has seen anything.

        Raises:
            RunError: if it cannot be read.
        """
        return self.generator.exists() and weights.facts(self.generator).get("samples") != 0

    def write_config(self) -> None:
        """Write ``config.json``."""
        text = json.dumps(self.config, indent=2, ensure_ascii=False)
        # a path need not be text: half a surrogate becomes \\udc.., which is how JSON writes it
        files.write(self.path / "config.json", text.encode("utf-8", "backslashreplace"))

    @classmethod
    def open(cls, path: Path) -> Run:
        """Open an existing run folder.

        Raises:
            RunError: if it is none, or its ``config.json`` cannot be used.
        """
        file = path / "config.json"
        try:
            config = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RunError("is no run folder: it has no config.json", where=path, fix="Name a folder that `train` made.") from error
        except (OSError, ValueError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise RunError(f"cannot be read ({reason})", where=file, fix=RESTORE) from error
        if not isinstance(config, dict) or type(config.get("format")) is not int or config["format"] < 1:
            raise RunError("was not written by Paragone", where=file, fix="Name a folder that `train` made.")
        if config["format"] > FORMAT:
            raise RunError(
                f"has format {config['format']}, this Paragone reads up to {FORMAT}",
                where=file,
                fix="Upgrade it: pip install --upgrade paragone",
            )
        for key, valid in _VALID.items():
            if not valid(config.get(key)):
                raise RunError(f"has no valid {key!r}", where=file, fix=RESTORE)
        SampleSpec.from_json(config["spec"], where=file)
        run = cls(path, config)
        if run.clusters and run.clusters.labels[-1] + 1 != max(1, len(config["labels"])):
            raise RunError("has clusters of other labels than its own", where=file, fix=RESTORE)
        return run

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other trainings out of the folder, and clear away what a killed one left half written.

        Raises:
            OutputError: if one is at work there.
        """
        lock = filelock.FileLock(self.path / LOCK, timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise TakenError("another training is writing here", where=self.path, fix="Wait for its end, or use another folder.") from error
        except OSError as error:
            raise files.cannot_write(self.path, error) from error
        try:
            files.sweep(self.path)
            if not self.samples.is_symlink():  # a run from elsewhere may point anywhere
                files.sweep(self.samples)
            yield
        finally:
            lock.release()

    def weights(self, which: str = "last") -> Path:
        """The file of the ``"last"`` or the ``"best"`` weights.

        Raises:
            UsageError: if there are no best ones.
        """
        if which not in WEIGHTS:
            raise nearest_error("weights", which, WEIGHTS)
        if which == "best" and not self.best.exists():
            raise UsageError("has kept no best weights", where=self.path, fix="Use the last ones, or train with --keep-best.")
        return self.best if which == "best" else self.generator

    def hash(self, which: str = "last") -> str:
        """The first 16 hexadecimal digits of the SHA-256 of :meth:`weights`.

        Raises:
            RunError: if they are missing.
        """
        path = self.weights(which)
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()[:16]
        except OSError as error:
            raise RunError(f"cannot be read ({error.strerror})", where=path, fix="Train longer, or restore it from a copy.") from error


def refuse_busy(path: Path) -> None:
    """Raise if a new run cannot be put there.

    Raises:
        OutputError: if ``path`` holds anything already, or cannot be looked at.
    """
    try:
        busy = path.is_file() or (path.is_dir() and any(entry.name != LOCK for entry in path.iterdir()))
    except OSError as error:
        raise files.cannot_write(path, error) from error
    if busy:
        training = (path / "config.json").exists()
        fix = "Choose another --out" + (f", or continue that training with --resume {files.quoted(path)}." if training else ".")
        raise TakenError("is not empty, and nothing is ever overwritten", where=path, fix=fix)


def newest(modality: str, root: Path = Path("runs")) -> Path:
    """The run of ``modality`` directly under ``root`` whose generator was saved last, once it had seen anything.

    Raises:
        RunError: if there is none.
    """
    candidates = []
    for file in root.glob("*/generator.safetensors"):
        try:
            run = Run.open(file.parent)
            if run.modality == modality and run.trained:
                candidates.append((file.stat().st_mtime_ns, file.parent))
        except RunError:
            continue  # someone else's folder, or a damaged one: it is named when asked for by name
    if not candidates:
        raise RunError(
            f"there is no trained {modality} run here",
            where=root.resolve(),
            fix=f"Train one with `create {modality} train`, or name one with --run.",
        )
    return max(candidates)[1]


def free_name(modality: str, root: Path = Path("runs")) -> Path:
    """The first of ``runs/image-1``, ``runs/image-2``, … that does not exist."""
    number = 1
    while (root / f"{modality}-{number}").exists():
        number += 1
    return root / f"{modality}-{number}"
