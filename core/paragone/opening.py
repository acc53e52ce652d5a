"""Opening what a medium works with: data and runs that the user named, or those that come bundled. No torch here."""

from __future__ import annotations

import importlib.resources
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from .errors import DataError, RunError, UsageError
from .modality import Modality, resolve
from .run import newest

if TYPE_CHECKING:
    from .data import Dataset


def cache_folder(modality: str) -> Path:
    """Where a medium keeps its decoded data: under ``PARAGONE_CACHE``, or the user's cache folder."""
    return Path(os.environ.get("PARAGONE_CACHE") or platformdirs.user_cache_dir("paragone", appauthor=False)) / modality


def bundled(resource: str) -> Path:
    """The path of ``"package:path/inside"``."""
    package, _, inside = resource.partition(":")
    return Path(str(importlib.resources.files(package))) / inside


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


def open_data(medium: Modality, config: Any, source: Path | None, note: Callable[[str], None]) -> Dataset:
    """The data at ``source``, or the medium's starter set.

    Args:
        medium: whose data it is.
        config: an instance of its ``data_config``.
        source: folder, archive or file; ``None`` for the starter set.
        note: told what a user should know.

    Raises:
        DataError: if there is nothing to learn from.
        UsageError: if there is no starter set.
    """
    if source is None:
        if medium.starter is None:
            raise UsageError(f"{medium.name} has no starter data", where="DATA", fix=f"Name a folder: `create {medium.name} train FOLDER`.")
        source = bundled(medium.starter)
    dataset: Dataset = resolve(medium.dataset)(source, config, cache_folder(medium.name), note)
    if not len(dataset):
        raise DataError("holds no samples", where=source, fix="Put some files into it.")
    return dataset
