"""Data that is prepared once, kept in a :class:`.store.Store` and found again; the same for every medium. No torch here."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from .errors import DataError, OutputError
from .spec import SampleSpec
from .store import Entry, Store

LARGE = 2**25
"""From so many bytes on the user is told that preparing them takes a while."""


class Content(Protocol):
    """What there is to prepare."""

    @property
    def size(self) -> int:
        """How much there is: bytes, unless :attr:`Preparation.amount` knows another unit."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a user should know about the place it is in, whatever was prepared of equal content elsewhere."""
        ...

    def digest(self) -> str:
        """Hash of all of it."""
        ...


C = TypeVar("C", bound=Content)


def megabytes(size: int) -> str:
    """So many bytes in words, if preparing them takes a while; else empty."""
    return f"{size / 1e6:,.0f} MB of" if size >= LARGE else ""


@dataclass(frozen=True)
class Prepared:
    """What was prepared, now or on an earlier day.

    Attributes:
        entry: its arrays and facts.
        fingerprint: hash of content and settings, whatever ``like`` was.
        notes: of the place; see :class:`Content`.
        temporary: the folder to remove once it is not needed any more, where the cache cannot be written.
    """

    entry: Entry
    fingerprint: str
    notes: Sequence[str]
    temporary: Path | None


@dataclass(frozen=True)
class Preparation(Generic[C]):
    """How one medium prepares its data.

    Attributes:
        what: its samples in words: ``"texts"``.
        arrays: of every entry; see :class:`.store.Store`.
        signature: of a path, without reading what it holds.
        opened: the content of a path.
        fill: prepares content in an empty folder, and returns the facts.
        amount: a content's size in words, if preparing it takes a while; else empty.
        whole: whether a digest is of the question too, and so the fingerprint as it stands.
    """

    what: str
    arrays: Mapping[str, str]
    signature: Callable[[Path], str]
    opened: Callable[[Path], AbstractContextManager[C]]
    fill: Callable[[C, Path], dict[str, Any]]
    amount: Callable[[int], str] = megabytes
    whole: bool = False

    def prepared(self, path: Path, question: object, cache: Path, note: Callable[[str], None], like: SampleSpec | None = None) -> Prepared:
        """Find what ``path`` holds in the cache, or prepare it.

        Args:
            path: what the user named.
            question: settings and version; what has the same ``repr`` is prepared in the same way.
            cache: where it is kept.
            note: told when it takes a while.
            like: what else decides how it is prepared, but is no part of the fingerprint.

        Raises:
            DataError: if the content cannot be used.
            OutputError: if it can be kept neither in ``cache`` nor in a temporary folder.
        """
        path, store = Path(path), Store(Path(cache), self.arrays)
        asked = _hash(question)
        place, stamp = _hash((asked, str(path.resolve())))[:32], self.signature(path)
        temporary = None
        try:
            known = store.recall(place, stamp)
            entry = None if known is None else store.load(_key(known[0], like))
            if known is None or entry is None:
                with self.opened(path) as source:
                    digest = source.digest()
                    known = (digest if self.whole else _hash((asked, digest))), list(source.notes)
                    entry = store.load(_key(known[0], like))
                    if entry is None:
                        entry, temporary = self._build(store, source, _key(known[0], like), note, lambda: self.signature(path) == stamp)
                store.remember(place, stamp, *known)
        except DataError as error:
            if error.where is not None:
                raise
            raise DataError(error.what, where=path, fix=error.fix) from error
        return Prepared(entry, *known, temporary)

    def _build(
        self, store: Store, source: C, key: str, note: Callable[[str], None], unchanged: Callable[[], bool]
    ) -> tuple[Entry, Path | None]:
        """Prepare in the cache or, if that cannot be written, in a temporary folder, which is returned."""
        if amount := self.amount(source.size):
            note(f"Preparing {amount} {self.what}. This is done once; the next start is immediate.")

        def waiting() -> None:
            note(f"Another process is preparing the same {self.what}; waiting for it.")

        def fill(folder: Path) -> dict[str, Any]:
            facts = self.fill(source, folder)
            if not unchanged():  # else it would be found again as the content that it was when its digest was taken
                raise DataError("was changed while it was read", fix="Start again once it is complete.")
            return facts

        try:
            return store.build(key, fill, waiting), None
        except OSError as error:
            why = f"The cache {store.folder} cannot be written ({error.strerror or error})"
            note(f"{why}; using a temporary folder. Set PARAGONE_CACHE to another place.")
        temporary: Path | None = None
        try:
            temporary = Path(tempfile.mkdtemp(prefix=f"paragone-{self.what}-"))
            return Store(temporary, self.arrays).build(key, fill, waiting), temporary
        except OSError as error:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
            raise OutputError(
                f"the prepared {self.what} can be written neither here nor to a temporary folder ({error.strerror or error})",
                where=store.folder,
                fix="Free some space, or set PARAGONE_CACHE to a folder on a larger disk.",
            ) from error


def _hash(facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode("utf-8", "surrogateescape"), digest_size=32).hexdigest()


def _key(content: str, like: SampleSpec | None) -> str:
    """Where it is kept: one content can be prepared in more than one way."""
    return content if like is None else _hash((content, like.to_json()))
