"""One check of the contract: what it expects, how it looks, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ..errors import ParagoneError
from .subject import Subject


class ContractError(AssertionError):
    """A plugin that does not keep the contract: what was expected, what came, and where to look."""

    def __init__(self, expected: str, got: str, look: str) -> None:
        super().__init__(f"\n  expected: {expected}\n  got:      {got}\n  look at:  {look}")


@dataclass(frozen=True)
class Check:
    """One property that a plugin must have.

    Attributes:
        name: of the check, as ``expected_failed_checks`` takes it.
        expected: the property, as a clause.
        look: where the fault will be; ``{build}``, ``{dataset}``, ``{artefacts}`` and
            ``{module}`` stand for what the plugin declared.
        find: returns what is wrong, in words, or ``None``.
        each_preset: whether it depends on the preset.
    """

    name: str
    expected: str
    look: str
    find: Callable[[Subject], str | None]
    each_preset: bool = True

    def __call__(self, subject: Subject) -> None:
        """Look at ``subject``.

        Raises:
            ContractError: if it does not have the property, or fails on the way.
        """
        __tracebackhide__ = True  # pytest shows what was found, not how
        try:
            fault = self.find(subject)
        except Exception as error:  # a plugin may raise anything: that too is an answer, and says where to look
            if isinstance(error, ParagoneError) and error.fix is not None:  # it knows better where to look than we do
                raise ContractError(self.expected, str(error).partition("\n")[0], error.fix) from error
            self._fail(subject, f"{type(error).__name__}: {error}".rstrip(": "), error)
        if fault is not None:
            self._fail(subject, fault)

    def _fail(self, subject: Subject, got: str, cause: BaseException | None = None) -> NoReturn:
        __tracebackhide__ = True
        raise ContractError(self.expected, " ".join(got.split()), self.look.format(**subject.places)) from cause
