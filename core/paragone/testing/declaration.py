"""Checks of what a plugin declares, before any network is built."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

from ..modality import resolve
from ..opening import bundled
from ..sampler import Sampler
from ..settings import flatten, settle
from .check import Check
from .subject import Subject

IMPORT_SECONDS = 0.05
TRIES = 5

_IMPORT = """
import importlib, json, sys, time
import paragone.evaluation.metrics, paragone.hooks, paragone.modality, paragone.options  # what every declaration imports
start = time.process_time()
importlib.import_module(sys.argv[1])
print(json.dumps([time.process_time() - start, "torch" in sys.modules]))
"""

_MAKE = """
import pathlib, sys
from paragone.modality import resolve
from paragone.registry import registry
registry()  # a plugin that is one file is found by it
resolve(sys.argv[1])(pathlib.Path(sys.argv[2]))
"""


def import_is_light(subject: Subject) -> str | None:
    """In a fresh process, the best of a few: what else runs on the machine is no fault of the plugin."""
    module = subject.row.module
    if not module:
        return None  # a plugin that is one file: it is loaded only by who names it
    tries = []
    for _ in range(TRIES):
        done = subprocess.run([sys.executable, "-c", _IMPORT, module], capture_output=True, text=True)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
        seconds, torch = json.loads(done.stdout.splitlines()[-1])
        if torch:
            return f"importing {module} imports torch"
        tries.append(seconds)
        if seconds < IMPORT_SECONDS:
            return None
    return f"the import took {min(tries):.3f} s of processor time, the best of {TRIES}"


def what_is_declared_is_there(subject: Subject) -> str | None:
    medium = subject.medium
    strings = [medium.dataset, medium.artefacts, *(preset.build for preset in medium.presets)]
    strings += [extractor.build for extractor in medium.extractors] + [metric.measure for metric in medium.metrics]
    strings += [string for string in (medium.make_starter, medium.choosing, medium.collecting, medium.check) if string]
    wrong = [string for string in strings if not callable(resolve(string))]
    if wrong:
        return f"{wrong[0]} is not callable"
    if medium.lines and not callable(getattr(resolve(medium.artefacts), "line", None)):
        return f"its samples are lines, and {medium.artefacts} has no method `line`"
    if medium.starter and not bundled(medium.starter).exists():
        return f"there is no starter data at {medium.starter}"
    if medium.model:
        Sampler.load(bundled(medium.model), device="cpu", modality=medium.name).sample([0])
    return None


def starter_is_always_the_same(subject: Subject) -> str | None:
    """Two processes make it: random numbers without a seed, and the order of a set, differ between them."""
    if subject.medium.make_starter is None:
        return None
    made = []
    for name in ("one", "two"):
        folder = subject.path(name)
        folder.mkdir()
        done = subprocess.run([sys.executable, "-c", _MAKE, subject.medium.make_starter, str(folder)], capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no word"])[-1]
        made.append({str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()})
    if not made[0]:
        return "it made no file"
    differ = [name for name in made[0] | made[1] if made[0].get(name) != made[1].get(name)]
    return f"made twice, {differ[0]} is not the same" if differ else None


def config_round_trips(subject: Subject) -> str | None:
    before = subject.settled
    for way, values in (("TOML", tomllib.loads(before.to_toml())), ("JSON", json.loads(json.dumps(before.to_dict())))):
        after = settle(subject.medium, [(way, flatten(values, where=way))])
        if after != before:
            return f"{way} gave back {after} for {before}"
    return None


CHECKS = (
    Check(
        "import_is_light",
        f"importing the declaration imports no torch and takes under {IMPORT_SECONDS * 1000:.0f} ms",
        "the imports at the top of {module}; what is heavy belongs into modules that import strings name",
        import_is_light,
        each_preset=False,
    ),
    Check(
        "what_is_declared_is_there",
        "every import string names something that can be called, starter data exists, and a bundled model makes samples",
        "the declaration in {module}",
        what_is_declared_is_there,
        each_preset=False,
    ),
    Check(
        "starter_is_always_the_same",
        "starter data that the plugin makes itself is the same each time: a training resumed elsewhere goes on with it",
        "make_starter in {module}: random numbers without a seed, a date, or the order of a set",
        starter_is_always_the_same,
        each_preset=False,
    ),
    Check(
        "config_round_trips",
        "settings written as TOML or JSON and read back are the same settings",
        "the settings dataclasses in {module}",
        config_round_trips,
    ),
)
