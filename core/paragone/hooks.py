"""The hooks that a plugin can implement, and the markers to do it with.

A plugin module decorates its functions with :data:`hookimpl`. Hooks return
declarations, never live modules, so that a plugin can be listed without
running any of its heavy code.
"""

from __future__ import annotations

import pluggy

from .modality import Modality

PROJECT = "paragone"
ENTRY_POINTS = "paragone.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def paragone_modality() -> Modality:
    """Declare one medium.

    Returns:
        The declaration: names, settings, and import strings to the code.
    """
    raise AssertionError("a specification is never called")
