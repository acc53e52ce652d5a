"""Settings of texts: how they are read, and which are made. No torch here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from paragone.errors import UsageError
from paragone.options import setting

_LITERAL = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""An escaped character, or a set of characters: a brace in these is one."""

_NO_REPETITION = re.compile(r"\{(?!\d+(?:,\d*)?\}|,\d*\})")


@dataclass(frozen=True)
class TextData:
    """``[data]``: from files to tokens."""

    tokenizer: Literal["auto", "characters", "bpe", "words"] = setting(
        "auto", "What a token is; auto: a character where texts are short and characters few, else bpe, a part of a word."
    )
    vocabulary: int = setting(
        0,
        "Most different tokens, the end of a text too; 0: 1024 characters, 8192 words, 512 to 2048 of bpe.",
        minimum=0,
        maximum=65536,
    )
    length: int = setting(0, "Most tokens in a text; 0: enough for nearly all texts, up to 64.", minimum=0, maximum=4096)
    longer: Literal["auto", "skip", "cut"] = setting(
        "auto", "What becomes of a longer text; auto: a few are skipped, but many are cut to the length."
    )
    most: int = setting(2_000_000, "Texts that are learned from; of more than that so many are chosen, as good as at random.", minimum=2)
    max_bad: float = setting(
        0.01, "Share of unreadable lines that is still tolerated; they are skipped, and the first of them named.", minimum=0.0, maximum=1.0
    )


@dataclass(frozen=True)
class TextSample:
    """Which texts are made.

    Raises:
        UsageError: if the pattern is no regular expression.
    """

    temperature: float = setting(1.0, "Below 1: likelier texts, less varied; above 1: stranger ones.", minimum=0.01, maximum=100.0)
    prefix: str = setting("", "What each text begins with.", metavar="TEXT")
    suffix: str = setting("", "What each text ends with.", metavar="TEXT")
    pattern: str = setting("", "Regular expression (of Python) that matches somewhere in each text; ^ and $ are its ends.", metavar="REGEX")
    novel: bool = setting(False, "Make nothing that stands in the training data, and tell how near the rest comes to it.")
    critic: int = setting(1, "Make so many for each, one of which the discriminator chooses.", minimum=1, maximum=10_000)
    effort: int = setting(1000, "Most texts that are tried for each one, where not every text will do.", minimum=1, maximum=10_000_000)

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
            # what chooses the texts is the package regex, which can match half a text, and for which {e} means errors
            if _NO_REPETITION.search(_LITERAL.sub("", self.pattern)):
                raise UsageError(f"{self.pattern!r} has a {{ that is no repetition", where="pattern", fix="Put a backslash before it: \\{.")
        except re.error as error:
            place = "" if error.pos is None else f" at position {error.pos}, before {self.pattern[error.pos : error.pos + 10]!r}"
            fix = "Put a backslash before a character that means itself, such as \\( for a bracket."
            raise UsageError(f"{self.pattern!r} is no regular expression: {error.msg}{place}", where="pattern", fix=fix) from error
        except (RecursionError, OverflowError) as error:
            raise UsageError("is too large a regular expression", where="pattern", fix="Write a simpler one.") from error
