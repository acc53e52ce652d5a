"""A run: the folder that holds all there is to know about one training.

=========================  ====================================================
``config.json``            what was trained on what, with which settings
``generator.safetensors``  the generator's moving average: all that sampling needs
``state.safetensors``      both players, optimisers and counters: all that resuming needs
``stats.jsonl``            one line of statistics every so often
``samples/``               sheets of the same seeds, as training went on
=========================  ====================================================

No file holds code or a pickle. Each is replaced whole, so that whatever happens
the last good state is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from . import files
from .errors import OutputError, RunError

FORMAT = 1
"""Version of the folder's layout. It rises when older programs cannot read it."""

_KEYS: dict[str, type | tuple[type, ...]] = {
    "format": int,
    "paragone": str,
    "plugin": str,
    "torch": str,
    "modality": str,
    "spec": dict,
    "labels": list,
    "data": dict,
    "settings": dict,
}


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
    def stats(self) -> Path:
        """The statistics, a JSON object a line."""
        return self.path / "stats.jsonl"

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
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise OutputError(
                "is not empty, and nothing is ever overwritten",
                where=path,
                fix=f"Choose another --out, or continue that training with --resume {path}.",
            )
        run = cls(path, {"format": FORMAT, **config})
        run.write_config()
        return run

    def write_config(self) -> None:
        """Write ``config.json``."""
        files.write(self.path / "config.json", json.dumps(self.config, indent=2, ensure_ascii=False).encode())

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
        except (OSError, ValueError) as error:
            raise RunError(f"cannot be read ({error})", where=file, fix="Restore it from a copy of the run.") from error
        if not isinstance(config, dict) or not isinstance(config.get("format"), int):
            raise RunError("was not written by Paragone", where=file, fix="Name a folder that `train` made.")
        if config["format"] > FORMAT:
            raise RunError(
                f"has format {config['format']}, this Paragone reads up to {FORMAT}",
                where=file,
                fix="Upgrade it: pip install --upgrade paragone",
            )
        for key, kind in _KEYS.items():
            if not isinstance(config.get(key), kind):
                raise RunError(f"has no valid {key!r}", where=file, fix="Restore it from a copy of the run.")
        return cls(path, config)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other trainings out of the folder.

        Raises:
            OutputError: if one is at work there.
        """
        lock = filelock.FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise OutputError("another training is writing here", where=self.path, fix="Wait for it, or choose another --out.") from error
        except OSError as error:
            raise files.cannot_write(self.path, error) from error
        try:
            yield
        finally:
            lock.release()

    def hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of ``generator.safetensors``.

        Raises:
            RunError: if it is missing.
        """
        try:
            with self.generator.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()[:16]
        except OSError as error:
            raise RunError(
                f"cannot be read ({error.strerror})", where=self.generator, fix="Train longer, or restore it from a copy."
            ) from error


def newest(modality: str, root: Path = Path("runs")) -> Path:
    """The run of ``modality`` directly under ``root`` whose generator was saved last.

    Raises:
        RunError: if there is none.
    """
    candidates = []
    for file in root.glob("*/generator.safetensors"):
        try:
            if Run.open(file.parent).modality == modality:
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
