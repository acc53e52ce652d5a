"""A text's beginning, forced upon the generator token by token."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import torch

from paragone.errors import UsageError

from .tokenizer import END, Tokenizer, UnknownCharacter, normal

NEAR = 6
"""Most characters that are named instead of an unknown one."""


def tokens_of(tokenizer: Tokenizer, text: str, where: str) -> list[int]:
    """The tokens of what a user wrote.

    Args:
        tokenizer: of the run.
        text: any.
        where: the setting that it is given to.

    Raises:
        UsageError: if the run knows no token for a character; it names that, and known ones near it.
    """
    try:
        return tokenizer.encode(text)
    except UnknownCharacter as error:
        fix = f"The run was trained on texts without it. Near it, they have: {' '.join(_near(tokenizer, error.character)) or 'nothing'}"
        raise UsageError(str(error), where=where, fix=fix) from error


def allowed_tokens(tokenizer: Tokenizer, prefix: str, length: int) -> torch.Tensor:
    """Which tokens may stand at the first positions of a text that begins with ``prefix``.

    A prefix may end inside a token: who asks for "Lon" wants "London" too, which the
    generator has learned to write as one token. So what comes before the token in which
    the prefix ends is forced, and there any token may stand that goes on with the rest of
    the prefix, beyond it or not as far. A text that is none the less no continuation has
    to be thrown away: token healing, with all ways to write the rest instead of one.

    Args:
        tokenizer: of the run.
        prefix: not empty.
        length: L, most tokens of a text.

    Returns:
        ``(P, V)`` truth values, P at most L, at least one a row.

    Raises:
        UsageError: if the prefix has an unknown character or more than L tokens.
    """
    prefix = normal(prefix)
    tokens = tokens_of(tokenizer, prefix, "prefix")
    if len(tokens) > length:
        fix = f"Give a shorter one: at most {length} tokens, which are {_kind(tokenizer)}."
        raise UsageError(f"is longer than a text of this run can be: {len(tokens)} tokens", where="prefix", fix=fix)
    for forced in range(len(tokens)):  # ends at the last token at the latest: that reaches to the prefix's end
        texts = [tokenizer.decode([*tokens[:forced], token]) for token in range(tokenizer.vocabulary)]
        if any(text.startswith(prefix) for text in texts):
            break
    before = tokenizer.decode(tokens[:forced])
    allowed = torch.zeros(forced + 1, tokenizer.vocabulary, dtype=torch.bool)
    allowed[torch.arange(forced + 1), tokens[: forced + 1]] = True
    allowed[forced] |= torch.tensor([text.startswith(prefix) or (text != before and prefix.startswith(text)) for text in texts])
    allowed[forced, END] = False
    return allowed


def _kind(tokenizer: Tokenizer) -> str:
    return {"characters": "characters", "bpe": "parts of words"}.get(tokenizer.kind, tokenizer.kind)


def _near(tokenizer: Tokenizer, character: str) -> Sequence[str]:
    """Known characters with the same base letter, or else those that stand nearest to it in Unicode."""
    known = sorted({each for token in range(1, tokenizer.vocabulary) for each in tokenizer.decode([token])} - {" "})
    alike = [each for each in known if _base(each) == _base(character)]
    return sorted(alike or known, key=lambda each: abs(ord(each) - ord(character)))[:NEAR]


def _base(character: str) -> str:
    return unicodedata.normalize("NFKD", character.casefold())[:1]
