"""Opening what a medium works with: data and runs that the user named, or those that come bundled. No torch here."""

from __future__ import annotations

import hashlib
import importlib.resources
import inspect
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import platformdirs

from . import files
from .errors import DataError, PluginError, RunError, UsageError
from .modality import TELL_THE_AUTHOR, Modality, require, resolve, returned, running
from .run import can_be_written, newest

if TYPE_CHECKING:
    from .data import Dataset
    from .spec import SampleSpec


def cache_folder(modality: str) -> Path:
    """Where a medium keeps its decoded data: under ``PARAGONE_CACHE``, or the user's cache folder."""
    return Path(os.environ.get("PARAGONE_CACHE") or platformdirs.user_cache_dir("paragone", appauthor=False)) / modality


def bundled(resource: str) -> Path:
    """The path of ``"package:path/inside"``."""
    package, _, inside = resource.partition(":")
    return Path(str(importlib.resources.files(package))) / inside


def starter(medium: Modality) -> Path:
    """The medium's starter data: bundled, or made by the plugin when it is first asked for.

    Raises:
        UsageError: if there is none.
        OutputError: if what the plugin makes cannot be kept.
    """
    if medium.starter is not None:
        return bundled(medium.starter)
    if medium.make_starter is None:
        raise UsageError(f"{medium.name} has no starter data", where="DATA", fix=f"Name a folder: `create {medium.name} train FOLDER`.")
    make = resolve(medium.make_starter)
    # an author changes the code and expects other data: what was made belongs to the code that made it
    code = hashlib.sha256(Path(inspect.getfile(make)).read_bytes()).hexdigest()[:12]
    folder = cache_folder(medium.name) / f"starter-{code}"
    growing = folder.with_suffix(".growing")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                shutil.rmtree(growing, ignore_errors=True)  # of a process that was killed
                growing.mkdir()
                with running(medium.make_starter):
                    make(growing)
                growing.rename(folder)
    except OSError as error:
        raise files.cannot_write(folder, error) from error
    return folder


def newest_run(medium: Modality) -> Path:
    """The newest run under ``runs/``, or the medium's bundled model where there is none.

    Raises:
        RunError: if there is neither.
    """
    try:
        return newest(medium.name)
    except RunError:
        if medium.model is None:
            raise
        return bundled(medium.model)


def open_data(medium: Modality, config: Any, source: Path | None, note: Callable[[str], None], like: SampleSpec | None = None) -> Dataset:
    """The data at ``source``, or the medium's starter set.

    Args:
        medium: whose data it is.
        config: an instance of its ``data_config``.
        source: folder, archive or file; ``None`` for the starter set.
        note: told what a user should know.
        like: the samples of a run that the data is to fit, where the medium's ``dataset`` takes that.

    Raises:
        DataError: if there is nothing to learn from.
        UsageError: if there is no starter set.
        PluginError: if the medium cannot work here.
    """
    require(medium)
    source = starter(medium) if source is None else source
    try:
        with running(medium.dataset):
            code = resolve(medium.dataset)
            fitting = {} if like is None or "like" not in inspect.signature(code).parameters else {"like": like}
            dataset: Dataset = code(source, config, cache_folder(medium.name), note, **fitting)
        _check(dataset, medium.dataset)
        if not len(dataset):
            raise DataError("holds no samples", fix="Put some files into it.")
    except DataError as error:
        if error.where is not None:
            raise
        raise DataError(error.what, where=source, fix=error.fix) from error
    return dataset


def _check(dataset: Dataset, code: str) -> None:
    """Whether a plugin has returned a data set; looked at more closely by the contract's tests."""
    absent = [name for name in ("spec", "labels", "numbers", "hashes", "fingerprint", "batch", "__len__") if not hasattr(dataset, name)]
    if absent:
        what = f"returned {type(dataset).__name__}, which is no data set: it has no {', '.join(absent)}"
        raise PluginError(what, where=code, fix=TELL_THE_AUTHOR)
    returned(code, dataset.fingerprint, str, "a hash of the content as its fingerprint")
    labels = dataset.labels
    if not isinstance(labels, tuple) or not all(isinstance(label, str) and label for label in labels) or len(set(labels)) < len(labels):
        raise PluginError(
            f"returned data with the labels {labels!r}: a tuple of different names was wanted", where=code, fix=TELL_THE_AUTHOR
        )
    if unwritten := [label for label in labels if not can_be_written(label)]:
        raise DataError(f"has a label with control characters or broken letters: {unwritten[0]!r}", fix="Give it another name.")
