"""Which text a seed gives, where not just any text will do; ``choose`` is what the plugin declares.

Each seed has attempts, numbered from 0, each with a latent of its own. The first that
keep the conditions are its candidates: one, or as many as the discriminator is to
choose from. So a text still depends on nothing but the weights, the seed and the settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import regex
import torch

from paragone.choosing import Chosen
from paragone.errors import DataError, NothingFound, UsageError
from paragone.generating import CHUNK, in_chunks
from paragone.players import latent_size
from paragone.request import Request
from paragone.sampler import Sampler

from . import critic, tokenizer
from .config import TextSample
from .prefix import allowed_tokens, tokens_of
from .training_texts import TrainingTexts

AT_ONCE = 4 * CHUNK
"""Most attempts at one text at a time: when one of them will do, the rest were for nothing."""


def choose(sampler: Sampler, options: TextSample) -> TextChooser | None:
    """See :class:`paragone.choosing.OpenChooser`."""
    if options == TextSample(effort=options.effort):
        return None
    return TextChooser(sampler, options)


PATIENCE = 2.0
"""Seconds that a pattern may take on one text: some take longer than the universe."""


@dataclass(frozen=True)
class Candidate:
    """A text that will do.

    Attributes:
        attempt: whose latent it was made of.
        sample: ``(L,)`` int64.
        text: of it.
    """

    attempt: int
    sample: torch.Tensor
    text: str


@dataclass
class Search:
    """What has been tried for one request.

    Attributes:
        request: the one.
        tried: attempts so far.
        copies: of these, texts that would do if they did not stand in the training data.
        found: what will do.
    """

    request: Request
    tried: int = 0
    copies: int = 0
    found: list[Candidate] = field(default_factory=list)


class TextChooser:
    """Chooses texts; see :class:`paragone.choosing.Chooser`.

    Args:
        sampler: its generator has ``decode(latent, label, temperature, allowed)``.
        options: what is asked for.

    Raises:
        UsageError: if no text of this run could have that prefix or suffix.
        RunError: if there is no discriminator to choose by.
        DataError: if the training data is gone, so that nobody can say what is new.
    """

    def __init__(self, sampler: Sampler, options: TextSample) -> None:
        self.sampler, self.options = sampler, options
        self.tokenizer, (length,) = tokenizer.of(sampler.spec), sampler.spec.shape
        self.prefix, self.suffix = tokenizer.normal(options.prefix), tokenizer.normal(options.suffix)
        self.pattern = regex.compile(tokenizer.normal(options.pattern))
        device = sampler.execution.device
        self.allowed = allowed_tokens(self.tokenizer, self.prefix, length).to(device) if self.prefix else None
        tokens_of(self.tokenizer, self.suffix, "suffix")
        if options.critic > 1:
            game = sampler.settings.train.objective
            if game not in critic.GAMES:
                what = f"the discriminator of the game {game} does not say how much likelier a text is"
                fix = f"Train with train.objective {' or '.join(critic.GAMES)}, or leave it at 1."
                raise UsageError(what, where="critic", fix=fix)
            sampler.discriminator()
        self.training = _training(sampler) if options.novel else None
        self.most = max(options.effort, options.critic)
        self.copies, self.fitting, self.distances = 0, 0, Counter[int]()

    def choose(self, requests: Sequence[Request]) -> Chosen:
        """See :meth:`paragone.choosing.Chooser.choose`."""
        searches = [Search(request) for request in requests]
        while unfinished := list(self._unfinished(searches)):
            self._try(unfinished)
        done = list(takewhile(lambda search: search.found, searches))
        for search in searches[: len(done) + 1]:
            self.copies += search.copies
            self.fitting += search.copies + len(search.found)
        error = None if len(done) == len(searches) else self._nothing(searches[len(done)])
        if not done:
            return Chosen(torch.empty(0, *self.sampler.spec.shape, dtype=torch.int64), [], error)
        picked = self._pick(done)
        return Chosen(torch.stack([candidate.sample for candidate, _ in picked]), [facts for _, facts in picked], error)

    def notes(self) -> Sequence[str]:
        """See :meth:`paragone.choosing.Chooser.notes`."""
        if not (self.training and self.fitting):
            return []
        share = f"{self.copies:,} of {self.fitting:,} texts ({self.copies / self.fitting:.1%})"
        copies = f"copies: {share} stand in the training data and were dropped"
        if not self.distances:
            return [copies]
        median = sorted(self.distances.elements())[self.distances.total() // 2]
        return [f"{copies}; of the others, half are {median} edits or more from the nearest training text"]

    def _unfinished(self, searches: Sequence[Search]) -> Iterator[Search]:
        """Those that want more attempts, up to one that has failed: what comes after it is not going to be asked for."""
        for search in searches:
            if len(search.found) < self.options.critic and search.tried < self.most:
                yield search
            elif not search.found:
                return

    def _try(self, searches: Sequence[Search]) -> None:
        """Some attempts for each; as many as a call of the generator has room for, where few are left.

        The first gets as many again as it has had: if it is in vain, the others need not be tried as long.
        """
        tries: list[tuple[Search, int]] = []
        for search in searches:
            again = min(search.tried, AT_ONCE) if search is searches[0] else 0
            wanted = max(self.options.critic - len(search.found), CHUNK // len(searches), again)
            tries += [(search, attempt) for attempt in range(search.tried, min(search.tried + wanted, self.most))]
        for (search, attempt), sample in zip(tries, self._decode(tries), strict=True):
            if len(search.found) < self.options.critic:  # else it is not looked at: how many are made at once must not matter
                self._look(search, attempt, sample)

    def _decode(self, tries: Sequence[tuple[Search, int]]) -> torch.Tensor:
        """A sample for each attempt, ``(len(tries), L)`` int64."""
        generator: Any = self.sampler.generator
        latent = torch.stack([search.request.latent(latent_size(generator), attempt) for search, attempt in tries])
        numbers = self.sampler.numbers([search.request for search, _ in tries])

        def decode(latent: torch.Tensor, label: torch.Tensor | None) -> torch.Tensor:
            return generator.decode(latent, label, self.options.temperature, self.allowed)

        return in_chunks(decode, latent, numbers, self.sampler.execution.device)

    def _look(self, search: Search, attempt: int, sample: torch.Tensor) -> None:
        """Keep ``sample`` if it will do."""
        search.tried = attempt + 1
        text = self.tokenizer.decode(sample.tolist())
        if not text:  # nothing is no text
            return
        if not (text.startswith(self.prefix) and text.endswith(self.suffix) and self._matches(text)):
            return
        if self.training is not None and text in self.training:
            search.copies += 1
            return
        search.found.append(Candidate(attempt, sample, text))

    def _matches(self, text: str) -> bool:
        try:
            return self.pattern.search(text, timeout=PATIENCE) is not None
        except TimeoutError as error:
            what = f"takes more than {PATIENCE:g} seconds on {text!r}"
            raise UsageError(what, where="pattern", fix="Write it without a repeat inside a repeat, such as (a+)+.") from error

    def _pick(self, searches: Sequence[Search]) -> list[tuple[Candidate, dict[str, Any]]]:
        """One candidate of each search, and what is to be said of it."""
        picked = []
        for search, (place, scored) in zip(searches, self._criticise(searches), strict=True):
            candidate = search.found[place]
            facts: dict[str, Any] = {"attempt": candidate.attempt, "attempts": search.tried, **scored}
            if self.training is not None:
                near, distance = self.training.nearest(candidate.text)
                self.distances[distance] += 1
                facts |= {"copies": search.copies, "nearest": near, "distance": distance}
            picked.append((candidate, facts))
        return picked

    def _criticise(self, searches: Sequence[Search]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Which candidate of each search, and what the discriminator says of it."""
        if self.options.critic == 1:
            yield from ((0, {}) for _ in searches)
            return
        everyone = [(search.request, candidate.sample) for search in searches for candidate in search.found]
        logits = self.sampler.judge(torch.stack([sample for _, sample in everyone]), [request for request, _ in everyone])
        for search, mine in zip(searches, torch.split(logits, [len(search.found) for search in searches]), strict=True):
            seed = search.request.nearest_seed
            chances = torch.tensor([critic.chance(seed, candidate.attempt) for candidate in search.found], dtype=torch.float64)
            place = critic.choose(mine, chances)
            yield place, {"candidates": len(search.found), "score": float(mine[place])}

    def _nothing(self, search: Search) -> NothingFound:
        """The error where a seed has no text that will do."""
        conditions = {
            f"begins with {self.prefix!r}": self.prefix,
            f"ends with {self.suffix!r}": self.suffix,
            f"matches {self.options.pattern!r}": self.options.pattern,
            "is new": self.training,
        }
        asked = " and ".join(words for words, wanted in conditions.items() if wanted)
        copies = f"; {search.copies:,} stand in the training data" if search.copies else ""
        fix = f"Ask for less, or try harder: --effort {10 * self.most} (now {self.most})."
        return NothingFound(f"none of {search.tried:,} texts {asked}{copies}", where=f"seed {search.request.seed}", fix=fix)


def _training(sampler: Sampler) -> TrainingTexts:
    try:
        return TrainingTexts(sampler.training_data())
    except DataError as error:
        raise DataError(error.what, where=error.where, fix=f"{error.fix or ''} Or leave out --novel, which asks for it.".strip()) from error
