"""All checks of a plugin, and the pytest decorator that runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PluginError, UsageError
from ..options import nearest_error
from ..registry import registry
from . import artefacts, command, data, declaration, evaluation, players, training
from .check import Check
from .subject import Subject

if TYPE_CHECKING:
    import pytest

CHECKS: tuple[Check, ...] = (
    *declaration.CHECKS,
    *data.CHECKS,
    *players.CHECKS,
    *training.CHECKS,
    *artefacts.CHECKS,
    *evaluation.CHECKS,
    *command.CHECKS,
)

Presets = Mapping[str, Mapping[str, Any]] | Sequence[str]


def checks(
    modality: str, *, presets: Presets | None = None, settings: Mapping[str, Any] | None = None, data: str | Path | None = None
) -> list[tuple[str, Check, Subject]]:
    """Every check of a plugin, for those who use no pytest: ``for name, check, subject in checks("acme"): check(subject)``.

    Args:
        modality: name of an installed medium.
        presets: names of the presets to look at, all if not given; or name → settings of that preset.
        settings: dotted name → value for all of them, to make networks and data small.
        data: to learn from; the starter data if not given.

    Returns:
        Name, check and what to look at. The name of a check that depends on the preset ends in ``[preset]``.

    Raises:
        PluginError: if the plugin is absent or does not work.
        UsageError: for an unknown preset or setting, or if there is nothing to learn from.
    """
    try:
        medium = registry().modality(modality)
    except PluginError as error:
        raise PluginError(
            error.what,
            where=error.where,
            fix=f"{error.fix} Is it installed here? `pip install -e .` does that; PARAGONE_PLUGIN_FILES names one that is a file.",
        ) from error
    if isinstance(presets, str) or (presets is not None and not presets):
        raise UsageError(f"{presets!r} names no presets", where="presets", fix="Give a list of names, or name → settings; or leave it out.")
    if data is None and not medium.has_starter:
        raise UsageError(f"{modality} has no starter data", where="data", fix="Give data=..., a path that the tests can learn from.")
    names = [preset.name for preset in medium.presets] if presets is None else list(presets)
    own = presets if isinstance(presets, Mapping) else {}
    source = None if data is None else Path(data)
    subjects = [Subject(modality, medium.preset(name).name, {**(settings or {}), **own.get(name, {})}, source) for name in names]
    for subject in subjects:
        _ = subject.settled  # a slip in the settings is told at once
    return [
        (f"{check.name}[{subject.preset}]" if check.each_preset else check.name, check, subject)
        for check in CHECKS
        for subject in (subjects if check.each_preset else subjects[:1])
    ]


def parametrize_with_checks(
    modality: str,
    *,
    presets: Presets | None = None,
    settings: Mapping[str, Any] | None = None,
    data: str | Path | None = None,
    expected_failed_checks: Mapping[str, str] | None = None,
) -> pytest.MarkDecorator:
    """Run a test once for every check; the test takes ``check`` and calls it.

    Args:
        modality, presets, settings, data: as for :func:`checks`.
        expected_failed_checks: check → reason why the plugin does not keep it: all presets, or as ``"name[preset]"``
            one. The day it does, the test fails until the entry is taken away.

    Raises:
        UsageError: for an unknown check, naming the nearest.
    """
    import pytest

    if not isinstance(expected_failed_checks or {}, Mapping):
        raise UsageError("is no mapping", where="expected_failed_checks", fix="Give each check its reason: {'name': 'why'}.")
    excused = dict(expected_failed_checks or {})
    found = checks(modality, presets=presets, settings=settings, data=data)
    known = list(dict.fromkeys([check.name for _, check, _ in found] + [name for name, _, _ in found]))
    for name in excused:
        if name not in known:
            raise nearest_error("check", name, known)
    parameters = []
    for name, check, subject in found:
        reason = excused.get(name, excused.get(check.name))
        marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
        parameters.append(pytest.param(partial(check, subject), id=name, marks=marks))
    return pytest.mark.parametrize("check", parameters)
