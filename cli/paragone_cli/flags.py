"""Command-line flags from settings dataclasses.

One way for all of them: the engine's settings, a plugin's, and the command
line's own. A flag is taken as text and read by :meth:`paragone.options.Option.read`,
so that it means the same as in a settings file. A flag that was not given is
``None``; the help line shows the default.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from paragone import plugin_files
from paragone.errors import UsageError
from paragone.files import quoted
from paragone.options import Option, options_of

PANELS = WHAT, DATA, TRAINING, OUTPUT, MACHINE, ADVANCED, OTHER = (
    "What to make",
    "Data",
    "Training",
    "Output",
    "Machine",
    "Advanced",
    "Other",
)
"""Headings of the help, in the order in which they stand there."""

_PLACEHOLDERS: dict[type, str] = {int: "N", float: "NUMBER", bool: "", str: "TEXT"}
_LARGEST_SHOWN = 10**5


@dataclass(frozen=True)
class Flag:
    """One flag.

    Attributes:
        section: of the setting that it changes.
        option: the setting.
        panel: heading that it stands under in the help.
        declarations: its spellings, such as ``("--count", "-n")``.
        default: what the help shows as the default; empty for nothing.
    """

    section: str
    option: Option
    panel: str
    declarations: tuple[str, ...]
    default: str = ""

    @property
    def key(self) -> str:
        """Dotted name of the setting, such as ``train.batch``."""
        return f"{self.section}.{self.option.name}"

    @property
    def variable(self) -> str:
        """Name of the Python parameter that carries it."""
        return f"{self.section}__{self.option.name}"

    @property
    def help(self) -> str:
        """The help line: the setting's own, its default and its range."""
        # a bound that nobody would try to cross is left out; an error names it all the same
        shown = self.option.maximum is not None and self.option.maximum <= _LARGEST_SHOWN
        bounds = self.option.range if shown or (self.option.minimum or 0) > 1 else ""
        facts = ", ".join(fact for fact in (self.default and f"default {self.default}", bounds) if fact)
        return f"{self.option.help} ({facts})" if facts else self.option.help

    def parameter(self) -> inspect.Parameter:
        """The flag as a parameter that Typer understands."""
        option = self.option
        placeholder = option.metavar or "|".join(option.choices) or _PLACEHOLDERS[option.kind]
        declared = typer.Option(
            *self.declarations,
            help=escape(self.help),
            metavar=placeholder,
            rich_help_panel=self.panel,
            show_default=False,
            autocompletion=_completer(option.choices) if option.choices else None,
        )
        return keyword(self.variable, Annotated[bool | None if option.kind is bool else str | None, declared])

    def read(self, value: Any) -> Any:
        """``value`` as the setting's type.

        Raises:
            UsageError: if it is empty, of another type, out of range or not a choice.
        """
        name = self.declarations[0].partition("/")[0]
        if value == "":  # such as --resume "$RUN" where RUN is not set: to go on as if it were not there would be a surprise
            raise UsageError("is given no value", where=name, fix=f"Write something after {name}, or leave it out.")
        return self.option.read(value, where=name)


def flags_of(
    section: str,
    config: type,
    panel: str | Mapping[str, str],
    defaults: Mapping[str, str] | None = None,
    taken: Iterable[str] = (),
    switches: bool = False,
    short: Mapping[str, str] | None = None,
) -> list[Flag]:
    """A flag for each field of a settings dataclass.

    Args:
        section: of the settings.
        config: the flat dataclass.
        panel: one heading for all fields; or field name → heading, and only these fields.
        defaults: field name → default in words, where it is not the field's own.
        taken: spellings that are in use; a field of the same name gets the section in front.
        switches: truth values can only be switched on, there is no ``--no-…``.
        short: field name → one-letter spelling.
    """
    flags = []
    for name, option in options_of(config).items():
        if not isinstance(panel, str) and name not in panel:
            continue
        dashed = name.replace("_", "-")
        if f"--{dashed}" in taken:
            dashed = f"{section}-{dashed}"
        long = f"--{dashed}/--no-{dashed}" if option.kind is bool and not switches else f"--{dashed}"
        spellings = (long, short[name]) if short and name in short else (long,)
        default = (defaults or {}).get(name, "" if option.kind is bool and switches else in_words(option.default))
        flags.append(Flag(section, option, panel if isinstance(panel, str) else panel[name], spellings, default))
    return flags


def in_words(value: Any) -> str:
    """A default as the help shows it; empty when there is nothing to show."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def given(flags: Sequence[Flag], values: Mapping[str, Any], section: str) -> dict[str, Any]:
    """Field name → value of the flags of ``section`` that the user really gave.

    Raises:
        UsageError: for a value that cannot be read; it names the flag.
    """
    return {
        flag.option.name: flag.read(values[flag.variable])
        for flag in flags
        if flag.section == section and values[flag.variable] is not None
    }


def keyword(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    """A keyword-only parameter."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def with_parameters(function: Callable[[dict[str, Any]], None], parameters: Sequence[inspect.Parameter]) -> Callable[..., None]:
    """``function`` with a signature that Typer turns into flags; it gets their values by name."""

    def command(**values: Any) -> None:
        function(values)

    # Typer reads the signature, and a function may carry one that differs from its code
    command.__dict__["__signature__"] = inspect.Signature(list(parameters))
    return command


def command(medium: str) -> str:
    """How to call ``create MEDIUM`` again, with the plugin files that were named this time."""
    named = [f"--plugin {quoted(os.path.relpath(path))} " for path in plugin_files.named()]
    return f"create {''.join(named)}{medium}"


def escape(text: str) -> str:
    """``text`` for a help page: a word in square brackets is no markup."""
    return re.sub(r"(\\*)(\[[a-z#/@][^\[]*?\])", r"\1\1\\\2", text)


def _completer(choices: tuple[str, ...]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete
