"""``create plugins``: every plugin that was found, also those that do not work."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from paragone.errors import one_line
from paragone.options import setting
from paragone.registry import PluginStatus, registry

from .faults import say
from .flags import OUTPUT, Flag, flags_of, given, with_parameters
from .groups import DEBUG, HELP, single_command

_COLUMNS = ("plugin", "state", "api", "media", "package", "version")


@dataclass(frozen=True)
class PluginFlags:
    """Flags of ``create plugins``."""

    json: bool = setting(False, "Print a JSON array with everything that is known.")
    verbose: bool = setting(False, "Show where a broken plugin fails.")


def build_plugins() -> Any:
    """The command ``create plugins``."""
    flags = flags_of("cli", PluginFlags, OUTPUT, switches=True)
    parameters = [*(flag.parameter() for flag in flags), DEBUG, HELP]
    help = "List the installed plugins, also those that do not work, with the reason and the fix."
    return single_command(with_parameters(partial(run, flags), parameters), "plugins", help)


def run(flags: Sequence[Flag], values: dict[str, Any]) -> None:
    """Print the list on stdout."""
    asked = PluginFlags(**given(flags, values, "cli"))
    plugins = registry().checked()
    if asked.json:
        print(json.dumps([plugin.to_json() for plugin in plugins]))
    elif sys.stdout.isatty():
        _print_table(plugins)
    else:
        _print_plain(plugins)
    if registry().slips:
        say(f"note: PARAGONE_PLUGINS or PARAGONE_BLOCK_PLUGINS names {', '.join(registry().slips)}, which no plugin is called")
    if asked.verbose and not asked.json:
        for plugin in plugins:
            if plugin.traceback:
                print(f"\n{plugin.name}\n{plugin.traceback.rstrip()}")


def _cells(plugin: PluginStatus) -> tuple[str, ...]:
    api, media = plugin.api_version, ", ".join(plugin.modalities)
    return plugin.name, plugin.state, "-" if api is None else str(api), media or "-", plugin.distribution, plugin.version


def _print_plain(plugins: Sequence[PluginStatus]) -> None:
    rows = [_COLUMNS, *map(_cells, plugins)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for index, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if index and plugins[index - 1].reason:
            print(f"  {one_line(plugins[index - 1].reason)}\n  {one_line(plugins[index - 1].fix)}")


def _print_table(plugins: Sequence[PluginStatus]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*_COLUMNS, "reason and fix")
    for plugin in plugins:
        name, state, *others = _cells(plugin)
        cells = [Text(name), Text(state, style="green" if state == "ok" else "red"), *map(Text, others)]
        table.add_row(*cells, Text("\n".join(filter(None, (plugin.reason, plugin.fix)))))
    Console().print(table)
