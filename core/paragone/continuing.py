"""What may change when a training is continued, and how a launcher's next attempt finds the last one's."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import files
from .errors import UsageError
from .settings import Settings
from .world import World

MARK = ".launch"
"""Name of the file in a run folder that names the launch that made it."""

CHANGEABLE = frozenset(
    f"train.{key}"
    for key in (
        *("minutes", "samples", "device", "precision", "compile", "threads", "save_seconds", "sheet_seconds", "tensorboard"),
        *("accumulate", "keep_best", "best_every", "best_count"),
    )
)
"""Settings that a resumed training may change: all others belong to what is being trained."""


Layers = Sequence[tuple[str, Mapping[str, Any]]]


def flat(settings: Settings) -> dict[str, Any]:
    """Dotted name → value."""
    return {f"{section}.{key}": value for section, values in settings.to_dict().items() for key, value in values.items()}


def refuse_preset(before: Settings, layers: Layers) -> None:
    """Raise if a layer names another preset: that has other networks, whose settings could not even be read.

    Raises:
        UsageError: naming the layer.
    """
    for origin, values in layers:
        wanted = values.get("train.preset") or before.train.preset
        if wanted != before.train.preset:
            raise UsageError(
                f"cannot change from {before.train.preset!r} to {wanted!r} in the middle of a training",
                where=f"{origin}: train.preset",
                fix="Leave it out, or start a new run.",
            )


def refuse_changes(before: Settings, after: Settings) -> None:
    """Raise if a setting is to change that is not in :data:`CHANGEABLE`.

    Raises:
        UsageError: naming the first.
    """
    old, new = flat(before), flat(after)
    for name in new:
        if name not in CHANGEABLE and old.get(name) != new[name]:
            raise UsageError(
                f"cannot change from {old.get(name)!r} to {new[name]!r} in the middle of a training",
                where=name,
                fix=f"Leave it as it is, or start a new run. May change: {', '.join(sorted(CHANGEABLE))}.",
            )


def leave_mark(folder: Path, world: World) -> None:
    """Let the launch's next attempt, if there is one, know the folder.

    Raises:
        OutputError: if it cannot be written.
    """
    if world.launch:
        files.write(folder / MARK, world.launch.encode())


def is_marked(folder: Path, world: World) -> bool:
    """Whether an earlier attempt of this very launch made the folder."""
    with contextlib.suppress(OSError):
        return bool(world.restarts and world.launch) and (folder / MARK).read_bytes() == world.launch.encode()
    return False


def marked(world: World, root: Path = Path("runs")) -> Path | None:
    """The run directly under ``root`` that an earlier attempt of this launch made, if there is one."""
    return next((file.parent for file in sorted(root.glob(f"*/{MARK}")) if is_marked(file.parent, world)), None)
