"""Checks of the artefact writer: from a sample to bytes and back."""

from __future__ import annotations

import random
from typing import cast

import torch

from ..artefacts import PLAYED, Artefacts, Audible
from ..errors import DataError
from ..modality import resolve
from .check import Check
from .subject import Subject

FACTS = {"seed": 7, "label": 'ümlaut "quoted"', "nested": {"list": [1, 2.5, None, True]}}
CLOSE = 0.02
"""Largest error of a file's numbers, as a share of the range: 8 bits have 0.004."""


def _writer(subject: Subject) -> Artefacts:
    writer: Artefacts = resolve(subject.medium.artefacts)(subject.dataset.spec, subject.medium.sample_config())
    return writer


def artefacts_round_trip(subject: Subject) -> str | None:
    writer, spec = _writer(subject), subject.dataset.spec
    for sample in subject.samples()[0]:
        kept = sample.clone()
        decoded, facts = writer.decode(writer.encode(sample, FACTS))
        if not torch.equal(sample, kept):
            return "encode changed the sample that it was given"
        if facts != FACTS:
            return f"the provenance {FACTS} came back as {facts}"
        spec.check(decoded[None])
        error = (decoded.double() - sample.double()).abs().max().item()
        if error > CLOSE * (spec.high - spec.low):
            return f"a value came back {error:.3g} away from what was written, in a range of {spec.low:g} to {spec.high:g}"
        twice, _ = writer.decode(writer.encode(decoded, FACTS))
        if not torch.equal(twice, decoded):
            return "what was read and written again is not what was read"
    return None


def sheets_can_be_made(subject: Subject) -> str | None:
    writer, (samples, _) = _writer(subject), subject.samples()
    for name in ("extension", "sheet_extension"):
        if not str(getattr(writer, name)).startswith("."):
            return f"{name} is {getattr(writer, name)!r}, it begins with no dot"
    for count, columns, captions in ((1, 1, []), (len(samples), 4, []), (len(samples), 4, ["row"] * (-(-len(samples) // 4)))):
        sheet = writer.sheet(samples[:count], columns, captions, FACTS)
        if not isinstance(sheet, bytes) or not sheet:
            return f"a sheet of {count} samples is {type(sheet).__name__} of length {len(sheet)}"
    return _medley_fault(cast(Audible, writer), samples) if hasattr(writer, "medley") else None


def _medley_fault(writer: Audible, samples: torch.Tensor) -> str | None:
    if writer.medley_extension not in PLAYED:
        return f"medley_extension is {writer.medley_extension!r}, not one of {', '.join(PLAYED)}"
    if writer.sheet_extension in PLAYED:
        return f"a sheet is {writer.sheet_extension}: what is heard itself needs no medley"
    for count in (1, len(samples)):
        medley = writer.medley(samples[:count], FACTS)
        if not isinstance(medley, bytes) or not medley:
            return f"a medley of {count} samples is {type(medley).__name__} of length {len(medley)}"
    return None


def foreign_files_are_refused(subject: Subject) -> str | None:
    writer = _writer(subject)
    good = writer.encode(subject.samples()[0][0], FACTS)
    for what, data in (("no bytes", b""), ("noise", random.Random(0).randbytes(512)), ("half of a file", good[: len(good) // 2])):
        try:
            writer.decode(data)
        except DataError:
            continue
        except Exception as error:  # whatever else a plugin raises is what this check is there to find
            return f"for {what} it raised {type(error).__name__}: {error}"
        return f"it decoded {what}"
    return None


CHECKS = (
    Check(
        "artefacts_round_trip",
        f"a sample that is written and read is the same to {CLOSE:.0%} of the range, provenance too, and reading loses nothing twice",
        "{artefacts}, encode and decode",
        artefacts_round_trip,
        each_preset=False,
    ),
    Check(
        "sheets_can_be_made",
        "a sheet of one sample and of many, with captions and without; a medley too, if the writer makes some",
        "{artefacts}, sheet or medley",
        sheets_can_be_made,
        each_preset=False,
    ),
    Check(
        "foreign_files_are_refused",
        "decode raises DataError for a file that it did not write",
        "{artefacts}, decode",
        foreign_files_are_refused,
        each_preset=False,
    ),
)
