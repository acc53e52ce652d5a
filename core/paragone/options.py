"""One setting, seen from outside: its name, type, default, range and help line.

A settings dataclass declares each field with :func:`setting`; the settings
files, ``--set``, the command line's flags and the reference all read it back
through :func:`options_of`, so they cannot disagree. No torch here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import math
import typing
from collections.abc import Sequence
from typing import Any, Literal

from .errors import UsageError

LARGEST = 2**63 - 1
"""Whole numbers end here: beyond it neither torch nor a file's header can hold them."""

_NAMES: dict[type, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def setting(
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    metavar: str | None = None,
) -> Any:
    """A dataclass field with a help line and, for numbers, a closed range.

    Args:
        default: value when nobody says otherwise.
        help: one line, shown by ``--help`` and in the reference.
        minimum, maximum: smallest and largest value allowed.
        metavar: placeholder in help, such as ``"WxH"``.
    """
    return dataclasses.field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum, "metavar": metavar})


@dataclasses.dataclass(frozen=True)
class Option:
    """One field of a settings dataclass.

    Attributes:
        name: of the field.
        kind: ``int``, ``float``, ``bool`` or ``str``.
        optional: whether ``None`` is allowed.
        choices: the allowed texts, or empty for any.
        default, help, minimum, maximum, metavar: as given to :func:`setting`.
    """

    name: str
    kind: type[Any]
    optional: bool
    choices: tuple[str, ...]
    default: Any
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    metavar: str | None = None

    @property
    def range(self) -> str:
        """The closed range in words, or empty."""
        if self.minimum is None and self.maximum is None:
            return ""
        least, most = (str(limit).removesuffix(".0") for limit in (self.minimum, self.maximum))
        if self.maximum is None:
            return f"at least {least}"
        return f"at most {most}" if self.minimum is None else f"from {least} to {most}"

    def read(self, given: Any, where: object) -> Any:
        """``given`` as :attr:`kind`, checked against the range and the choices.

        Text is read as the kind's own notation, so ``--set`` and flags need no quotes.

        Raises:
            UsageError: if it is of another type, out of range or not a choice.
        """
        value: Any = given
        if self.optional and value in (None, "none", ""):
            return None
        if isinstance(value, str) and self.kind is not str:
            with contextlib.suppress(ValueError, KeyError):  # what cannot be read stays text, and is refused below
                value = {"true": True, "false": False}[value.lower()] if self.kind is bool else self.kind(value)
        if type(value) is int and abs(value) > LARGEST:
            raise UsageError("a number of more than 63 bits is out of range", where=where, fix=self.help or None)
        if self.kind is float and type(value) is int:
            value = float(value)
        # not isinstance: True is no whole number; and no setting means anything at infinity
        if type(value) is not self.kind or (self.kind is float and not math.isfinite(value)):
            raise UsageError(f"{value!r} is not {_NAMES[self.kind]}", where=where, fix=self.help or None)
        if self.choices and value not in self.choices:
            raise nearest_error("value", str(value), self.choices, where=where)
        too_small = self.minimum is not None and value < self.minimum
        if too_small or (self.maximum is not None and value > self.maximum):
            raise UsageError(f"{value} is out of range, it must be {self.range}", where=where, fix=self.help or None)
        return value


def options_of(config: type) -> dict[str, Option]:
    """The fields of a flat settings dataclass, by name.

    Raises:
        TypeError: if it is no dataclass, a field has no default, or a type is not
            one of ``int``, ``float``, ``bool``, ``str``, a ``Literal`` of texts, or
            one of these ``| None``.
    """
    if not dataclasses.is_dataclass(config):
        raise TypeError(f"{config!r} is no dataclass")
    hints = typing.get_type_hints(config)
    return {field.name: _option(config, field, hints[field.name]) for field in dataclasses.fields(config)}


def checked(options: object, config: type, where: str) -> Any:
    """``options`` with every field as its declaration wants it: what the command line refuses, the library refuses too.

    Args:
        options: an instance of ``config``; ``None`` for its defaults.
        config: the dataclass.
        where: for the error.

    Raises:
        UsageError: if it is of another class, or a field is out of range or not a choice.
    """
    if options is None:
        return config()
    if not isinstance(options, config):
        raise UsageError(f"{type(options).__name__} is no {config.__name__}", where=where, fix=f"Give an instance of {config.__name__}.")
    for name, option in options_of(config).items():
        option.read(getattr(options, name), where=f"{where}.{name}")
    return options


def _option(config: type, field: dataclasses.Field[Any], hint: Any) -> Option:
    arguments = typing.get_args(hint)
    optional = type(None) in arguments
    if optional:
        hint = next(argument for argument in arguments if argument is not type(None))
    choices: tuple[str, ...] = ()
    if typing.get_origin(hint) is Literal:
        choices, hint = typing.get_args(hint), str
    if hint not in _NAMES or not all(isinstance(choice, str) for choice in choices):
        raise TypeError(f"{config.__name__}.{field.name} has the unsupported type {field.type}")
    if field.default is dataclasses.MISSING:
        raise TypeError(f"{config.__name__}.{field.name} has no default")
    return Option(field.name, hint, optional, choices, field.default, **field.metadata)


def nearest_error(kind: str, name: str, known: Sequence[str], where: object = None) -> UsageError:
    """The error for an unknown ``name``: it names the nearest known one, and the known ones."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    listed = ", ".join(known) if len(known) <= 20 else f"{', '.join(known[:20])}, …"
    guess = f"Did you mean {near[0]!r}? " if near else ""
    return UsageError(f"unknown {kind} {name!r}", where=where, fix=f"{guess}Known: {listed or 'none'}.")
