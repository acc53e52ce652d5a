"""``create`` itself: the media that are installed, and what is not about one medium."""

from __future__ import annotations

import difflib
from functools import partial
from typing import Annotated, Any

import typer

from paragone import __version__
from paragone.errors import ParagoneError, PluginError
from paragone.modality import Modality
from paragone.registry import registry

from .flags import OTHER, keyword, with_parameters
from .groups import CONTEXT, DEBUG, HELP, LazyGroup, Stub, lazy_group

MEDIA, MORE = "Media", "More"


def build_root() -> LazyGroup:
    """The command line, with a stub for each medium that works."""
    found = registry()
    stubs = [Stub(name, modality.summary, MEDIA, partial(_build_medium, modality)) for name, modality in found.modalities.items()]
    stubs.append(Stub("plugins", "List the installed plugins, also those that do not work.", MORE, _build_plugins))
    stubs.append(Stub("new-plugin", "Begin a plugin for another medium.", MORE, _build_new_plugin))
    help = _help_text(next(iter(found.modalities), "MEDIUM"))
    return lazy_group(with_parameters(_begin, [CONTEXT, _PLUGIN, _VERSION, DEBUG, HELP]), help, stubs, _unknown, completion=True)


def _help_text(example: str) -> str:
    return (
        "Teach a machine to make things like yours.\n\n"
        f"create {example} train FOLDER    learn from your own examples\n"
        f"create {example}                 make new ones\n"
        f"create {example} --help          see all that it can do"
    )


def _begin(values: dict[str, Any]) -> None:
    context: typer.Context = values["context"]
    if context.invoked_subcommand is None:
        text = context.get_help()
        if text:
            print(text)


def _build_medium(modality: Modality) -> Any:
    from .medium import build_medium

    return build_medium(modality)


def _build_plugins() -> Any:
    from .plugins import build_plugins

    return build_plugins()


def _build_new_plugin() -> Any:
    from .new_plugin import build_new_plugin

    return build_new_plugin()


def _unknown(name: str) -> ParagoneError:
    """Why ``create name`` does not exist: the plugin is broken, or nobody knows it."""
    belongs = any(name in (row.name, *row.modalities) for row in registry().plugins)
    near = difflib.get_close_matches(name, ["plugins", "new-plugin"], n=1, cutoff=0.7)
    if near and not belongs:
        return PluginError(f"unknown medium {name!r}", fix=f"Did you mean `create {near[0]}`?")
    try:
        registry().modality(name)
    except PluginError as error:
        return error
    raise AssertionError(f"{name} is a medium that works, so it has a stub")


def _show_version(value: bool) -> None:
    if value:
        print(f"create {__version__}")
        raise typer.Exit()


_PLUGIN = keyword(
    "plugin",
    Annotated[
        bool,  # main.py has taken it off before this is read, so here it is only for the help page; as a text Typer would import pydantic
        typer.Option("--plugin", help="Also load a plugin that is one Python file.", metavar="FILE", rich_help_panel=OTHER),
    ],
    default=False,
)
_VERSION = keyword(
    "version",
    Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version.",
            metavar="",
            is_eager=True,
            callback=_show_version,
            expose_value=False,
            rich_help_panel=OTHER,
        ),
    ],
    default=False,
)
