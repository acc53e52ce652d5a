"""From samples to files: encoded and written while the generator makes the next ones."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from . import files
from .artefacts import writer_of
from .beside import beside
from .cores import core_left_over
from .errors import OutputError, UsageError
from .modality import returned, running
from .options import checked
from .request import Request

if TYPE_CHECKING:
    from .batch import Batch
    from .sampler import Sampler

SHEET_LIMIT = 64
"""Most samples on the contact sheet of a sampling."""


def save_all(
    sampler: Sampler,
    seeds: Sequence[int],
    out: str | Path,
    label: str | None = None,
    truncation: float = 1.0,
    options: object = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
    like: int | None = None,
) -> list[Path]:
    """:meth:`Sampler.sample` and :meth:`Batch.save` for any number of seeds.

    Args:
        sampler, seeds, label, truncation, out, options, overwrite, like: as there.
        progress: called with the number of files written so far.
    """
    if len(set(seeds)) < len(seeds):
        raise UsageError("a seed is given twice", where="seeds", fix="Each seed makes one file; name each once.")
    return write(sampler, sampler.stream(seeds, label, truncation, options, like=like), Path(out), options, overwrite, progress)


def write(
    sampler: Sampler,
    batches: Iterator[Batch],
    out: Path,
    options: object = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
    name: Callable[[Request], str] = lambda request: request.name,
) -> list[Path]:
    """Write every sample of ``batches`` and a sheet of the first ones. See :meth:`Batch.save`.

    The files are encoded and written on one other thread, in the order of the
    samples; a few batches are in memory at a time, however many there are. When
    this returns or raises, that thread has ended, and what it wrote is whole.

    Args:
        progress: called on this thread with the number of files written so far.
        name: of a sample's file, without the extension; no two may have the same.
    """
    options = checked(options, sampler.modality.sample_config, "options")
    code = sampler.modality.artefacts
    artefacts = writer_of(sampler.modality, sampler.spec, options)

    def write_batch(batch: Batch) -> Iterator[Path]:
        for index, request in enumerate(batch.requests):
            path = out / f"{name(request)}{artefacts.extension}"
            with running(code):
                data = artefacts.encode(batch.samples[index], batch.provenance(index))
            returned(code, data, bytes, "the bytes of a file")
            _write_new(path, data, overwrite)
            yield path

    paths: list[Path] = []
    first: list[Batch] = []
    quiet = contextlib.nullcontext() if sampler.in_parallel else core_left_over()
    with quiet, contextlib.closing(beside(write_batch, _keep_first(batches, first))) as written:
        for some in written:
            paths += some
            if progress:
                progress(len(paths))
    if len(paths) > 1:
        shown = torch.cat([batch.samples for batch in first])[:SHEET_LIMIT]
        each = [batch.provenance(index) for batch in first for index in range(len(batch))][:SHEET_LIMIT]
        columns = max(1, min(8, round(len(shown) ** 0.5)))
        with running(code):
            sheet = artefacts.sheet(shown, columns, (), _of_all(each))
        returned(code, sheet, bytes, "the bytes of a sheet")
        paths.append(_free_sheet(out, artefacts.sheet_extension, sheet, overwrite))
        files.write(paths[-1], sheet, sync=False)  # as for the samples
    return paths


def distinct_names(requests: Sequence[Request]) -> Callable[[Request], str]:
    """What their files are called: as always, or with the label before it where several labels have the same seed.

    Of labels that differ in punctuation only, as ``a b`` and ``a_b``, the second has a number too.

    Raises:
        UsageError: if two are the same even so.
    """
    plain = {label: re.sub(r"[^\w-]", "_", label)[:60].lstrip("-") for label in dict.fromkeys(request.label or "" for request in requests)}
    alike: dict[str, list[str]] = {}
    for label, stem in plain.items():
        alike.setdefault(stem.lower(), []).append(label)

    def with_label(request: Request) -> str:
        label = request.label or ""
        others = alike[plain[label].lower()].index(label)
        stem = plain[label] + (f"-{others + 1}" if others else "")
        return f"{stem}-{request.name}" if stem else request.name

    names: tuple[Callable[[Request], str], ...] = (lambda request: request.name, with_label)
    for name in names:
        if len({name(request).lower() for request in requests}) == len(requests):
            return name
    raise UsageError("two samples have the same seed and label", where="save", fix="Save them into different folders.")


def _of_all(each: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What several samples have in common, and as a list what they have not; seeds are always one."""
    values = {key: [facts.get(key) for facts in each] for key in dict.fromkeys(key for facts in each for key in facts)}
    return {key: found if key == "seed" or any(value != found[0] for value in found) else found[0] for key, found in values.items()}


def write_together(content: Mapping[Path, bytes], overwrite: bool = False) -> list[Path]:
    """Write files that belong together: none of them, if one is in the way.

    Args:
        content: of each file; one that is there already with the very same bytes is no conflict.
        overwrite: replace what else is there.

    Raises:
        OutputError: if another file of that name is there, or one cannot be written.
    """
    for path, data in content.items():
        if _taken(path, data, overwrite):
            raise OutputError("is there already, with other content", where=path, fix="Choose another name, or give --overwrite.")
    for path, data in content.items():
        files.write(path, data, sync=False)  # as for the samples
    return list(content)


def _keep_first(batches: Iterator[Batch], kept: list[Batch]) -> Iterator[Batch]:
    """``batches``; those that the sheet will show are put into ``kept``."""
    for batch in batches:
        if sum(map(len, kept)) < SHEET_LIMIT:
            kept.append(batch)
        yield batch


def _write_new(path: Path, data: bytes, overwrite: bool) -> None:
    """Write, unless something else is there already; the very same bytes are no conflict."""
    if _taken(path, data, overwrite):
        raise OutputError("is there already, with other content", where=path, fix="Choose another --out or seed, or give --overwrite.")
    # not synced: that takes ten times as long as making the sample, and what a power cut costs its seed brings back
    files.write(path, data, sync=False)


def _taken(path: Path, data: bytes, overwrite: bool) -> bool:
    """Whether a file is there that must not be replaced by ``data``.

    Raises:
        OutputError: if it cannot be read, or is a folder.
    """
    try:
        if path.is_dir():  # --overwrite would not help
            raise OutputError("is a folder where a file would be written", where=path, fix="Choose another name.")
        return path.exists() and not overwrite and path.read_bytes() != data
    except OSError as error:
        raise files.cannot_write(path, error) from error


def _free_sheet(out: Path, extension: str, data: bytes, overwrite: bool) -> Path:
    """``sheet.png``, or ``sheet-2.png`` and so on where there is one of another sampling."""
    names = itertools.chain([f"sheet{extension}"], (f"sheet-{number}{extension}" for number in itertools.count(2)))
    return next(out / name for name in names if not _taken(out / name, data, overwrite))
