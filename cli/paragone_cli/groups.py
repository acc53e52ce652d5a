"""Commands that are listed cheaply and built only when they run.

Help, completion of names and "did you mean" need a name and one line: a stub.
The real command, with all its flags, is built when it is the one being run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from paragone.errors import ParagoneError

from .flags import OTHER, escape, keyword


@dataclass(frozen=True)
class Stub:
    """A sub-command as its group lists it.

    Attributes:
        name: the word that runs it.
        summary: one line.
        panel: heading in the help.
        build: makes the real command.
    """

    name: str
    summary: str
    panel: str
    build: Callable[[], Any]


class LazyGroup(TyperGroup):
    """A group whose sub-commands are stubs until one is run.

    Attributes:
        builders: name → what makes the real command.
        unknown: makes the error for a word that is no sub-command.
    """

    builders: Mapping[str, Callable[[], Any]]
    unknown: Callable[[str], ParagoneError]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in the stub's place, then do as every group does."""
        name = args[0]
        if name in self.builders:
            self.commands[name] = self.builders[name]()
        elif not ctx.resilient_parsing:  # completion asks about half a word: no error
            raise self.unknown(name)
        return super().resolve_command(ctx, args)


def lazy_group(
    callback: Callable[..., None], help: str, stubs: Sequence[Stub], unknown: Callable[[str], ParagoneError], completion: bool = False
) -> LazyGroup:
    """A group that runs ``callback`` and lists ``stubs``.

    Args:
        callback: run with the group's own flags, also when no sub-command is named.
        help: the text of its help page.
        stubs: the sub-commands.
        unknown: makes the error for any other word.
        completion: add the flags that install shell completion.
    """
    app = typer.Typer(
        cls=LazyGroup,
        help=escape(help),
        invoke_without_command=True,
        add_completion=completion,
        add_help_option=False,
        rich_markup_mode="rich",
        subcommand_metavar="[COMMAND]",
    )
    app.callback()(callback)
    for stub in stubs:
        app.command(stub.name, help=escape(stub.summary), rich_help_panel=stub.panel)(_nothing)
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    group.builders = {stub.name: stub.build for stub in stubs}
    group.unknown = unknown
    for parameter in group.params:
        if parameter.name in ("install_completion", "show_completion"):
            # Typer's default is None, which makes it import pydantic only to say that None is None
            parameter.default, parameter.metavar = False, ""
            vars(parameter)["rich_help_panel"] = OTHER
    return group


def single_command(callback: Callable[..., None], name: str, help: str) -> Any:
    """A command without sub-commands."""
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(name, help=escape(help), add_help_option=False)(callback)
    return typer.main.get_command(app)


def _nothing() -> None:
    """What a stub does, as it is never run."""


def _show_help(context: typer.Context, value: bool) -> None:
    if value and not context.resilient_parsing:
        text = context.get_help()  # with rich it prints by itself and returns nothing
        if text:
            print(text)
        raise typer.Exit()


HELP = keyword(
    "help",
    Annotated[
        bool,
        typer.Option(
            "--help",
            "-h",
            help="Show this page.",
            metavar="",
            is_eager=True,
            callback=_show_help,
            expose_value=False,
            rich_help_panel=OTHER,
        ),
    ],
    default=False,
)
DEBUG = keyword(
    "debug",
    Annotated[bool, typer.Option("--debug", help="Show where a fault happened.", metavar="", expose_value=False, rich_help_panel=OTHER)],
    default=False,
)
CONTEXT = keyword("context", typer.Context)
