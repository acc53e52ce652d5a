"""From what a run says of itself to its players: the medium, the settings, and networks of the right size."""

from __future__ import annotations

import threading

import torch

from .errors import PluginError, RunError, UsageError
from .instances import Instances
from .modality import TELL_THE_AUTHOR, Modality, resolve, returned, running
from .players import Players
from .registry import registry
from .run import Run
from .settings import Settings, flatten, settle
from .spec import SampleSpec
from .weights import TOGETHER

_BUILDING = threading.Lock()
"""Layers draw their weights from torch's one generator: another thread must not draw in between."""


def describe(run: Run, modality: str | None = None) -> tuple[Modality, Settings]:
    """The modality and settings that a run was trained with.

    Raises:
        RunError: if the run is of another modality, or its settings are not valid.
        PluginError: if the plugin is absent or broken.
    """
    if modality is not None and run.modality != modality:
        raise RunError(f"is a run of {run.modality}, not of {modality}", where=run.path, fix=f"Use `create {run.modality}` with it.")
    try:
        medium = registry().modality(run.modality)
    except PluginError as error:
        how = error.fix
        if error.where is None:  # there is no such plugin; else it says why the one that there is does not work
            given = "install it, or name its file (--plugin, or PARAGONE_PLUGIN_FILES)"
            how = f"It says that {run.config['plugin']} made it: if you trust that, {given}. {how}"
        raise PluginError(error.what, where=run.path if error.where is None else f"{run.path}: {error.where}", fix=how) from error
    file = run.path / "config.json"
    try:
        return medium, settle(medium, [(str(file), flatten(run.config["settings"], where=file))], complete=True)
    except UsageError as error:
        raise RunError(error.what, where=error.where, fix=error.fix or "Restore it from a copy of the run.") from error


def together(run: Run) -> str:
    """How to mend weights that the networks do not fit: the plugin's code may not be what it was."""
    then = run.config.get("plugin")
    if then is None or then == (now := registry().versions.get(run.modality, "?")):
        return TOGETHER
    return f"It was trained with {then}, and there is {now} now: bring that one back, or train anew."


def build(medium: Modality, settings: Settings, spec: SampleSpec, classes: int, seed: int, instances: Instances | None = None) -> Players:
    """The players of a preset, who can be told ``classes`` numbers, with weights drawn from ``seed``.

    torch's own generator is left as it was.

    Raises:
        UsageError: if the numbers are of ``instances``, and a player cannot be told of such.
        PluginError: if the preset's code fails.
    """
    with _BUILDING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        code = medium.preset(settings.train.preset).build
        with running(code):
            players: Players = resolve(code)(spec, classes, settings.network)
        returned(code, players, Players, "paragone.players.Players")
        size: object = getattr(players.generator, "latent_size", None)
        if type(size) is not int or size < 1:
            raise PluginError("the generator has no latent_size of at least 1", where=code, fix=TELL_THE_AUTHOR)
        if instances and not all(instances.tell(player) for player in (players.generator, players.discriminator)):
            what = f"the networks of preset {settings.train.preset} cannot be told of neighbours"
            raise UsageError(what, where="train.neighbours", fix="Set it to 0.")
    return players
